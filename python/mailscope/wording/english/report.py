"""What Mailscope says in English: the pages over all findings."""

UNITS: dict[str, tuple[str, str]] = {}

TEMPLATES: dict[str, str] = {
    "report.graph": "Who did what to whom",
    "report.all-events": "What happened when",
    "report.events-table": "The same as a table",
    "report.persons": "The people",
    "report.links": "Links and attachments of these mails",
    "report.link-text": "Text shown",
    "report.attachments": "Attachments",
    "report.type": "Type",
    "report.bytes": "Bytes",
    "report.lane-attack": "Attack",
    "report.lane-relay": "Through own hosts",
    "report.lane-mail": "Mail",
    "report.lane-person": "People",
    "report.event-phase": "{name}: {what}",
    "report.event-fetched": "fetched the mail ({how}, {client})",
    "report.event-looked-up": "looked the lure's host up ({client})",
    "report.event-opened": "opened the lure ({how}, {client})",
    "report.event-submitted": "typed a password into the lure's page ({client})",
    "report.event-account-used": "the account was used from {client} ({how})",
    "report.answer-weakness": "{what} ({cwe})",
    "report.edge-broke-in": "broke in",
    "report.edge-mail": "mail",
    "report.edge-password": "password",
    "report.edge-commands": "commands",
    "report.delivered-accepted": "accepted",
    "report.delivered-rejected": "rejected",
    "report.delivered-unknown": "unknown",
}
