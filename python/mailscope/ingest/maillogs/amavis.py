"""Lines of amavis (`Passed CLEAN`, `Blocked INFECTED (name)`): one a mail, with the queue id before and after."""

from __future__ import annotations

import re

from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.values import address, kept, mailbox, mailboxes, number, span

_WORD = re.compile(
    r"(?:\([0-9A-Za-z-]{1,30}\) )?(?P<what>Passed|Blocked|Not-Delivered) (?P<verdict>[A-Z0-9-]{2,30})"
    r"(?: \((?P<names>[^)]{0,500})\))?(?: \{(?P<done>[^}]{0,200})\})?"
)
_ENVELOPE = re.compile(r"(<[^<>\s]{0,500}>) -> ((?:<[^<>\s]{0,500}>,?){1,1000})")
_ADDRESS = re.compile(r"\[([0-9A-Fa-f:.]{2,45}|IPv6:[0-9A-Fa-f:.]{2,45})\]")
_FIELD = re.compile(r", (Queue-ID|Message-ID|Hits|size|queued_as|quarantine): ([^\s,]{1,500})")
_TIME = re.compile(r", (\d{1,9}) ms")


def is_amavis(program: str) -> bool:
    """Whether lines of that program are read here."""
    return program.rpartition("/")[2].startswith("amavis")


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    word = _WORD.match(message)
    if word is None:
        return None
    rest = message[word.end() :]
    envelope = _ENVELOPE.search(rest)
    client = _ADDRESS.search(rest[: envelope.start()] if envelope else rest[:200])
    after = rest[envelope.end() - 1 :] if envelope else rest
    told = {field[1]: field[2] for field in _FIELD.finditer(after.removeprefix(">"))}
    took = _TIME.search(rest[-200:])
    is_blocked = word["what"] != "Passed"
    return Row(
        "rejected" if is_blocked else "scanned",
        queue_id=kept(told.get("Queue-ID")),
        client_addr=address(client[1]) if client else None,
        mail_from=mailbox(envelope[1]) if envelope else None,
        rcpt_to=mailboxes(envelope[2]) if envelope else (),
        size_bytes=number(told.get("size")),
        message_id=mailbox(told.get("Message-ID")),
        status_text=kept(word[0].partition(") ")[2] if word[0].startswith("(") else word[0]),
        delay_s=span(f"{took[1]}ms") if took else None,
        verdict=_verdict(word["verdict"], word["names"]),
        next_queue_id=kept(told.get("queued_as")),
    )


def _verdict(category: str, names: str | None) -> str:
    if category == "INFECTED":
        return f"virus {kept(names) or ''}".strip()
    return {"SPAMMY": "spam", "SPAM": "spam", "CLEAN": "clean"}.get(category, category.lower())
