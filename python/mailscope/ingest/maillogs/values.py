"""Values as log lines write them: mailboxes, names with addresses, numbers, spans of time; bounded and linear."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from mailscope.ingest.maillogs.row import RECIPIENTS_LIMIT, TEXT_LIMIT

DIGITS_LIMIT = 15
"""Digits of a number at most: a longer one is no size and no count."""

_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]{2,45}|IPv6:[0-9A-Fa-f:.]{2,45})\]")
_SPAN = re.compile(r"(?:(\d{1,5})\+)?(\d{1,5}):(\d\d):(\d\d)")
_UNITS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[smhdw])?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "": 1.0}
_DSN = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Peer(NamedTuple):
    """The other end of a connection: its name, its address in the shortest form, and whether the name is doubted."""

    name: str | None
    addr: str | None
    is_forged: bool = False


def kept(text: str | None) -> str | None:
    """The text without outer space, cut at the limit; None where nothing is left."""
    text = (text or "").strip()[:TEXT_LIMIT]
    return text or None


def mailbox(text: str | None) -> str | None:
    """`<a@b>` → `a@b`; the null sender `<>` stays `<>`."""
    text = (text or "").strip().rstrip(",;")
    if text == "<>":
        return text
    if text.startswith("<"):
        text = text[1:].partition(">")[0]
    return kept(text)


def mailboxes(text: str | None) -> tuple[str, ...]:
    """The mailboxes of a list with commas, in order, each once."""
    found = (mailbox(part) for part in (text or "").split(",", RECIPIENTS_LIMIT)[:RECIPIENTS_LIMIT])
    return tuple(dict.fromkeys(part for part in found if part))


def address(text: str | None) -> str | None:
    """An IP address in its shortest form, or None; IPv4 written as IPv6 is IPv4."""
    text = (text or "").strip().removeprefix("IPv6:").partition("%")[0]
    if not 2 <= len(text) <= 45:
        return None
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def peer(text: str | None) -> Peer:
    """`name [addr] (may be forged)`, `name[addr]:port`, `[addr]`, `name`: the forms of sendmail and Postfix."""
    text = (text or "").strip()[:TEXT_LIMIT]
    is_forged = "may be forged" in text
    addr = None
    name = text
    for found in _BRACKETED.finditer(text):
        addr = address(found[1])
        if addr:
            name = text[: found.start()]
            break
    if addr is None:
        name = name.partition(" ")[0]
        addr = address(name) or address(name.rpartition(":")[0])
    name = name.strip().rstrip(".")
    return Peer(kept(name) if name not in ("unknown", "none", "") else None, addr, is_forged)


def number(text: str | None) -> int | None:
    """A count or a size."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_LIMIT else None


def span(text: str | None) -> float | None:
    """Seconds of `1+02:03:04` (sendmail), `0.19` (Postfix), `1m2s` or `0.123s` (Exim), `12.3ms` (rspamd)."""
    text = (text or "").strip()[:40]
    clock = _SPAN.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(days * 86400 + hours * 3600 + minutes * 60 + seconds)
    total, end = 0.0, 0
    for part in _UNITS.finditer(text):
        if part.start() != end:
            return None
        total, end = total + float(part[1]) * _SECONDS[part[2] or ""], part.end()
    return round(total, 6) if text and end == len(text) else None


def enhanced_code(text: str | None) -> str | None:
    """The first enhanced status code (RFC 3463) of the text."""
    found = _DSN.search((text or "")[:TEXT_LIMIT])
    return found[0] if found else None


def status_of_code(code: str | None) -> str | None:
    """What an enhanced status code or a reply code says of an attempt: its first digit (RFC 3463 section 3.1)."""
    return {"2": "sent", "4": "deferred", "5": "bounced"}.get((code or "")[:1])
