"""What Mailscope says in English: cases, notices, blocks."""

UNITS: dict[str, tuple[str, str]] = {}

TEMPLATES: dict[str, str] = {
    "cases.seen-nothing": "our sensors covered the time and saw nothing of this address",
    "cases.not-covered": "our sensors have no record of that time",
    "cases.seen-finding": "{kind}: {summary}",
    "cases.seen-traffic": "{connections} to mail ports of {servers}, with {mails} seen in them",
}
