"""What Mailscope says, in Chinese: one file a subject, no key in two of them."""

from mailscope.wording.chinese import cases, desk, investigation, senders

_PARTS = (cases, investigation, senders, desk)

UNITS = {key: words for part in _PARTS for key, words in part.UNITS.items()}
TEMPLATES = {key: text for part in _PARTS for key, text in part.TEMPLATES.items()}
