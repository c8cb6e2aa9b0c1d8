"""What is said of accounts and hosts that others send through, in English."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "account.summary": "{commander} used the account {user} of the mail server {server} to send {mails} to recipients outside since {since}; {accepted} accepted.",
    "account.foreign": "the senders do not belong to the owner's domains ({domains})",
    "account.guessed": "the same client failed to log in before: {logins}",
    "account.refused": "the server refused {count}",
    "account.clients": "{count} used the account",
    "evidence.account": "mail from {sender} to {recipients}, handed in as {user}",
    "could-be.list-software": "list or shop software of a customer that sends for several domains: give these with --own-domain",
    "advice.account-lock": "Lock the account, change its password, and delete what still waits in the mail server's queue.",
    "advice.account-limits": "Let accounts send under their own addresses only, limit mails by account and hour, and slow down failed logins.",
    "report.kind-account-abuse": "An account is used to send foreign mail",
    "hypothesis.malware-carried": "{hosts} sent mail, but {clients} outside had an encrypted connection to it all the while that can have brought it",
    "not-proven.carrier": "That {host} is the origin: {clients} had an encrypted connection ({apps}) to it during all of the sending, with more bytes than the mail; what it carried is not visible.",
    "could-be.carrier": "somebody at {clients} who sends through {host} inside that encrypted connection (such as ssh -D): look at the logins there",
    "evidence.carrier": "encrypted connection ({app}) from {client} to {server}, open during all of the sending",
    "direct.summary-carried": "{host} is no mail server and sent {mails} to {victims} since {since}; {accepted} accepted. All the while {clients} outside had an encrypted connection to it, which can have brought them.",
}
