"""What is said of accounts that send what is not their owners', in English."""

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
}
