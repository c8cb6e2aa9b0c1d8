"""What a mail system says of a notice's delivery: failed, later, or delivered (RFC 3464), or in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass

SAID_LIMIT = 500
"""Characters of the mail system's words that are kept."""
RECIPIENTS_LIMIT = 100
"""Recipients of one report that are looked at."""

_KINDS = {"failed": "bounce", "delayed": "delayed", "delivered": "delivered", "relayed": "delivered",
          "expanded": "delivered"}  # fmt: skip
"""The `Action` of a report (RFC 3464, section 2.3.3) and what it means for a notice."""
_PART = re.compile(r"(?im)^content-type:[ \t]*message/(?:global-)?delivery-status\b")
_FIELD = re.compile(r"(?im)^(final-recipient|action|status|diagnostic-code):[ \t]*(.*(?:\n[ \t]+\S.*)*)$")
_WORDS = re.compile(r"(?m)^.{0,200}\b([45]\d\d)[ -](?:([45]\.\d{1,3}\.\d{1,3})\b)?.{0,300}$")
_LATER = re.compile(
    r"delay(?:ed)?\b|not yet been|will (?:be retried|keep trying|continue)|still being retried|warning message", re.I
)
_READ = re.compile(r"(?im)^content-type:[ \t]*message/disposition-notification\b")


@dataclass(frozen=True, slots=True)
class Delivery:
    """`kind` is `bounce`, `delayed` or `delivered`; `status` is RFC 3463's code, `said` the mail system's words."""

    kind: str
    recipient: str
    status: str
    said: str


def delivery(mail: bytes, recipient: str) -> Delivery:
    """What a report says of `recipient`: its own block of the report, or the first where none names it.

    A report without the fields for machines is read by its words: it is a bounce unless it says that the mail
    system goes on trying.
    """
    text = mail.decode("utf-8", "replace").replace("\r\n", "\n")
    part = _PART.search(text)
    blocks = _blocks(text[part.end() :]) if part else []
    if not blocks:
        return _of_words(text, recipient)
    wanted = next((block for block in blocks if recipient.lower() in block.get("final-recipient", "").lower()), None)
    block = wanted or blocks[0]
    kind = _KINDS.get(block.get("action", "").split()[0].lower() if block.get("action") else "", "bounce")
    who = block.get("final-recipient", "").rpartition(";")[2].strip()
    said = re.sub(r"^\s*[\w-]+\s*;\s*", "", block.get("diagnostic-code", ""))
    return Delivery(kind, who[:254], block.get("status", "").split(" ")[0][:12], said[:SAID_LIMIT])


def _blocks(text: str) -> list[dict[str, str]]:
    """The fields of each recipient; the block of the whole message has no recipient and falls away."""
    found: list[dict[str, str]] = []
    for match in _FIELD.finditer(text):
        name, value = match[1].lower(), " ".join(match[2].split())
        if name == "final-recipient":
            if len(found) >= RECIPIENTS_LIMIT:
                break
            found.append({})
        if found:
            found[-1].setdefault(name, value)
    return found


def _of_words(text: str, recipient: str) -> Delivery:
    if _READ.search(text):
        return Delivery("delivered", recipient, "", "")
    beginning = text[:20_000]
    code = _WORDS.search(beginning)
    is_later = _LATER.search(beginning) is not None and (code is None or code[1].startswith("4"))
    said = " ".join(code[0].split())[:SAID_LIMIT] if code else ""
    return Delivery("delayed" if is_later else "bounce", recipient, (code[2] or "") if code else "", said)
