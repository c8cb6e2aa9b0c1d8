"""What Mailscope says, in English: one file a subject, no key in two of them."""

from mailscope.wording.english import (
    alerts,
    cases,
    collect,
    desk,
    inputs,
    intrusion,
    investigation,
    maillog,
    misused_hosts,
    notices,
    pages,
    phishing,
    report,
    rules,
    senders,
    sense,
)

_PARTS = (
    misused_hosts,
    alerts,
    cases,
    collect,
    desk,
    inputs,
    intrusion,
    investigation,
    maillog,
    notices,
    pages,
    phishing,
    report,
    rules,
    senders,
    sense,
)

UNITS = {key: words for part in _PARTS for key, words in part.UNITS.items()}
TEMPLATES = {key: text for part in _PARTS for key, text in part.TEMPLATES.items()}
