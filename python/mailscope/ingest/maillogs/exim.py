"""Lines of Exim's main and reject log (Exim specification, chapter 53): `<=`, `=>`, `**`, `==`, `rejected`."""

from __future__ import annotations

import re

from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.values import address, enhanced_code, kept, mailbox, mailboxes, number, span

# 6-6-2 letters and digits; 6-11-4 since Exim 4.97.
_ID = re.compile(r"([0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}) ")
_PID = re.compile(r"\[\d{1,10}\] ")
_HOST = re.compile(
    r"(?:^| )H=(?P<name>[^\s()\[]{1,300})? ?(?:\((?P<helo>[^\s)]{1,300})\) )?\[(?P<addr>[0-9A-Fa-f:.]{2,45})\]"
)
_FIELD = re.compile(r' (P|S|id|R|T|C|F|U|A|QT|DT|X)=("(?:[^"\\]|\\.){0,1000}"|\S{1,1000})')
_REJECTED = re.compile(r"(?:temporarily )?rejected (?P<what>[A-Za-z]{2,12}|connection|after DATA)\b")
_RECIPIENT = re.compile(r"rejected RCPT (<[^>\s]{0,500}>|[^\s:]{1,500})")
_SENDER = re.compile(r" F=(<[^>\s]{0,500}>)")
_FAILED = re.compile(
    r"(?P<mech>[A-Za-z0-9_-]{1,40}) authenticator failed for (?:(?P<name>[^\s()\[]{1,300}) )?"
    r"(?:\((?P<helo>[^\s)]{1,300})\) )?\[(?P<addr>[0-9A-Fa-f:.]{2,45})\]"
)
_CALL = re.compile(
    r"SMTP (?:call|connection|protocol \S{1,20} error|syntax error|command timeout)[^\[]{0,300}?from [^\[]{0,300}\[([0-9A-Fa-f:.]{2,45})\]"
)
_ARROWS = {"=>": "sent", "->": "sent", ">>": "sent", "*>": "sent", "**": "bounced", "==": "deferred"}


def is_exim(program: str) -> bool:
    """Whether lines of that program are read here."""
    return program.startswith("exim")


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    pid = _PID.match(message)
    rest = message[pid.end() :] if pid else message
    queue_id = _ID.match(rest)
    rest = rest[queue_id.end() :] if queue_id else rest
    found = (_arrow(rest) if queue_id else None) or _refusal(rest)
    if found is not None and queue_id:
        found.queue_id = queue_id[1]
    return found


def _arrow(rest: str) -> Row | None:
    if rest.startswith("<= "):
        return _reception(rest[3:])
    status = _ARROWS.get(rest[:2])
    if status and rest[2:3] == " ":
        return _attempt(status, rest[3:])
    if rest.startswith("Completed"):
        return Row("removed", delay_s=span(_fields(rest).get("QT")))
    if rest.startswith("cancelled by timeout_frozen_after") or "retry timeout exceeded" in rest[:500]:
        return Row("expired", status_text=kept(rest))
    return None


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in _FIELD.finditer(text):
        found.setdefault(field[1], field[2].strip('"'))
    return found


def _reception(rest: str) -> Row:
    sender, _space, more = rest.partition(" ")
    # The subject is the client's text: fields are read before it, recipients after it.
    head, _subject, tail = more.partition(' T="')
    told = _fields(f" {head}")
    if not _subject:
        tail = head
    _before, is_listed, recipients = tail.rpartition(" for ")
    host = _HOST.search(f" {head}")
    bounce_of = re.search(r"(?:^| )R=([0-9A-Za-z-]{16,24})", head[:500])
    return Row(
        "received",
        mail_from="<>" if sender == "<>" else mailbox(sender),
        rcpt_to=mailboxes(",".join(recipients.split())) if is_listed else (),
        size_bytes=number(told.get("S")),
        nrcpts=len(recipients.split()) if is_listed else None,
        message_id=mailbox(told.get("id")),
        client_name=kept(host["name"]) if host else None,
        client_addr=address(host["addr"]) if host else None,
        helo=kept(host["helo"]) if host else None,
        status_text=f"notice of {bounce_of[1]}" if bounce_of else None,
    )


def _attempt(status: str, rest: str) -> Row:
    recipient, _space, more = rest.partition(" ")
    told = _fields(f" {more}")
    host = _HOST.search(f" {more}")
    text = told.get("C") or (more.rpartition(": ")[2] if status != "sent" else None)
    if status == "bounced" and "retry timeout exceeded" in more:
        status = "expired"
    accepted = re.search(r"(?:id=|queued as )([0-9A-Za-z-]{5,40})", (told.get("C") or "")[:500])
    name = kept(host["name"]) if host else None
    return Row(
        status,
        rcpt_to=mailboxes(recipient),
        relay=name or told.get("T"),
        relay_addr=address(host["addr"]) if host else None,
        dsn=enhanced_code(text),
        status_text=kept(text),
        delay_s=span(told.get("QT")),
        next_queue_id=accepted[1] if accepted else None,
    )


def _refusal(rest: str) -> Row | None:
    failed = _FAILED.match(rest)
    if failed:
        text = f"{failed['mech']} authenticator failed"
        return Row(
            "rejected",
            client_name=kept(failed["name"]),
            client_addr=address(failed["addr"]),
            helo=kept(failed["helo"]),
            status_text=text,
        )
    rejected = _REJECTED.search(rest) or ("sender verify fail" in rest)
    host = _HOST.search(rest[:2000])
    if rejected and host:
        head = rest[: rejected.start()] if isinstance(rejected, re.Match) else rest
        sender, recipient = _SENDER.search(head), _RECIPIENT.search(rest)
        text = rest[rejected.start() :] if isinstance(rejected, re.Match) else rest[host.end() :]
        return Row(
            "rejected",
            client_name=kept(host["name"]),
            client_addr=address(host["addr"]),
            helo=kept(host["helo"]),
            mail_from=mailbox(sender[1]) if sender else None,
            rcpt_to=mailboxes(recipient[1]) if recipient else (),
            dsn=enhanced_code(text),
            status_text=kept(text.lstrip("0123456789: ")),
        )
    dropped = _CALL.match(rest)
    return Row("rejected", client_addr=address(dropped[1]), status_text=kept(rest)) if dropped else None
