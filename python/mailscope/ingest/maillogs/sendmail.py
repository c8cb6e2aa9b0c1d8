"""Lines of sendmail: `from=` of a reception, `to=` of an attempt, `reject=`, notices (Operations Guide, 2.1)."""

from __future__ import annotations

import re

from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.values import (
    enhanced_code,
    kept,
    mailbox,
    mailboxes,
    number,
    peer,
    span,
    status_of_code,
)

PROGRAMS = ("sendmail", "sm-mta", "sm-msp-queue", "sm-acceptingconnections", "sm-msp", "sm-queue", "sm-client")

_ID = re.compile(r"([A-Za-z0-9]{8,20}): ")
# Only these begin a field: a value may hold commas and equals signs of its own.
_FIELD = re.compile(
    r"(?:^|, )(from|to|ctladdr|size|class|nrcpts|msgid|bodytype|proto|daemon|tls_verify|auth|mech|relay|delay|xdelay"
    r"|mailer|pri|dsn|reply|stat|ruleset|arg1|arg2|reject|intvl|quarantine)="
)
_REFUSED = re.compile(r"(?:(<[^>\s]{0,500}>)\.\.\. )(.{1,1000})")
_COMMANDS = re.compile(r"rejecting commands from (.{0,500}?) due to ")
_PROBED = re.compile(r"(.{0,300}?): (?:EXPN|VRFY|expn|vrfy) .{0,500}\[rejected\]")
_NOTICE = re.compile(
    r"([A-Za-z0-9]{8,20}): (DSN|return to sender|sender notify|postmaster notify|clone)\b:? ?(.{0,1000})"
)
_LATE = ("could not be delivered for", "Cannot send message for", "Cannot send message within")


def is_sendmail(program: str) -> bool:
    """Whether lines of that program are read here."""
    return program in PROGRAMS or program.startswith(("sendmail", "sm-"))


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    queue_id = _ID.match(message)
    rest = message[queue_id.end() :] if queue_id else message
    found = _fields_row(rest) if "=" in rest else None
    found = found or _words_row(rest)
    if found is not None and queue_id:
        found.queue_id = queue_id[1]
    return found


def fields(text: str) -> dict[str, str]:
    """`key=value, key=value`; the first of each key counts, as what follows a reply may be another's words."""
    found: dict[str, str] = {}
    # A mailbox in angle brackets may hold what looks like a field.
    after = text.find(">, ") if text.startswith(("from=<", "to=<")) else -1
    starts = [start for start in _FIELD.finditer(text) if start.start() == 0 or start.start() > after]
    for index, start in enumerate(starts):
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        found.setdefault(start[1], text[start.end() : end])
    return found


def _fields_row(rest: str) -> Row | None:
    if not rest.startswith(("from=", "to=", "ruleset=", "Milter: ")):
        return None
    # A reply and what follows it were written by the other server.
    head, reply, tail = rest.partition(", reply=")
    told = fields(head)
    if reply:
        told.setdefault("stat", tail.rpartition(", stat=")[2])
    if "reject" in told or rest.startswith("Milter: "):
        return _rejection(rest, told)
    if rest.startswith("to="):
        return _attempt(told)
    return _reception(told) if rest.startswith("from=") else None


def _reception(told: dict[str, str]) -> Row:
    client = peer(told.get("relay"))
    nrcpts = number(told.get("nrcpts"))
    return Row(
        "rejected" if nrcpts == 0 else "received",
        mail_from=mailbox(told.get("from")),
        size_bytes=number(told.get("size")),
        nrcpts=nrcpts,
        message_id=mailbox(told.get("msgid")),
        client_name=client.name,
        client_addr=client.addr,
        is_forged=client.is_forged,
        status_text="no recipient was taken" if nrcpts == 0 else None,
    )


def _attempt(told: dict[str, str]) -> Row:
    relay = peer(told.get("relay"))
    text = told.get("stat", "")
    dsn = enhanced_code(told.get("dsn"))
    status = status_of_code(dsn) or _status_of_words(text)
    if status != "sent" and text.startswith(_LATE):
        status = "expired"
    if dsn is None and text.startswith("queued"):
        status = "queued"
    return Row(
        status,
        rcpt_to=mailboxes(told.get("to")),
        relay=relay.name or relay.addr,
        relay_addr=relay.addr,
        dsn=dsn,
        status_text=kept(text),
        delay_s=span(told.get("delay")),
        next_queue_id=_accepted_as(text) if status == "sent" else None,
    )


def _status_of_words(text: str) -> str:
    words = text.lower()
    if words.startswith("sent"):
        return "sent"
    if words.startswith(("deferred", "queued")):
        return words.partition(":")[0].split()[0].rstrip(",")
    return "bounced"


def _accepted_as(text: str) -> str | None:
    """`Sent (hA3CP8k1016181 Message accepted for delivery)`, `Sent (Ok: queued as 9FFCB76)`."""
    found = re.search(r"\(([A-Za-z0-9]{8,20}) Message accepted|queued as ([A-Za-z0-9.]{5,40})", text[:500])
    return (found[1] or found[2]) if found else None


def _rejection(rest: str, told: dict[str, str]) -> Row | None:
    reject = told.get("reject")
    if reject is None and "reject" not in rest[:400]:
        return None
    client = peer(told.get("relay"))
    is_sender = "from" in told or told.get("ruleset") == "check_mail"
    box = mailbox(told.get("from") or told.get("to") or told.get("arg1"))
    is_connection = told.get("ruleset") == "check_relay"
    return Row(
        "rejected",
        mail_from=box if is_sender and not is_connection else None,
        rcpt_to=(box,) if box and not is_sender and not is_connection else (),
        client_name=client.name,
        client_addr=client.addr,
        is_forged=client.is_forged,
        dsn=enhanced_code(reject),
        status_text=kept(reject or rest),
    )


def _words_row(rest: str) -> Row | None:
    notice = _NOTICE.match(rest)
    if notice:
        return _notice(notice)
    refused = _REFUSED.match(rest)
    if refused and refused[2].startswith(
        ("User unknown", "No such user", "Relaying denied", "Rejected", "Access denied")
    ):
        return Row("rejected", rcpt_to=mailboxes(refused[1]), status_text=kept(refused[2]))
    probed = _COMMANDS.match(rest) or _PROBED.match(rest)
    if probed:
        client = peer(probed[1])
        text = kept(rest)
        return Row("rejected", client_name=client.name, client_addr=client.addr, status_text=text)
    return None


def _notice(notice: re.Match[str]) -> Row:
    other, kind, text = notice.groups()
    if kind == "clone":
        return Row("queued", next_queue_id=other, status_text=kept(f"clone {text}"))
    status = "deferred" if "Warning" in text else "expired" if text.startswith(_LATE) else "bounced"
    return Row(status, notice_queue_id=other, status_text=kept(f"{kind}: {text}"))
