"""What is said of mail logs."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "maillog.title": "What mail logs say",
    "maillog.none": "The logs name no mail of this host at the time of its flows.",
    "maillog.handed-in": "Mails it handed to the logging servers: {counts}.",
    "maillog.was-handed": "Mails the logging servers handed to it: {counts}.",
    "maillog.verdicts": "What filters said of them: {counts}.",
    "maillog.outside": "{count} more mails of this host lie outside the time of the flow records.",
    "maillog.of-sender": "Mail logs: {mails} mails with a queue id; lines: {received} received, {rejected} rejected, {flagged} flagged by filters.",
}
