"""Lines of Postfix: `client=`, `from=`, `to= ... status=`, `reject:` and notices, by the daemon that wrote them."""

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

# Short ids are hexadecimal, long ones (enable_long_queue_ids) of 52 letters and digits without vowels.
_ID = re.compile(r"(NOQUEUE|[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,25}): ")
_FIELD = re.compile(
    r"(?:^|, |; | )(from|to|orig_to|relay|conn_use|delay|delays|dsn|status|size|nrcpt|proto|helo|client)="
)
_ACTION = re.compile(
    r"(milter-reject|milter-discard|milter-hold|reject_warning|reject|discard|hold|warn|redirect|filter): "
    r"(\S{1,40}) from (\S{1,400}?[^:\s]|\S{0,300}\[[^\]\s]{1,60}\](?::\d{1,5})?): (.*)",
    re.DOTALL,
)
_CONTENT = re.compile(
    r"(reject|discard|warning|prepend|replace|info|strip|hold|redirect|filter|bcc|delay): (?:(?:mime |nested )?header|body) (.*)"
    r" from (\S{1,300}\[[^\]\s]{1,60}\](?::\d{1,5})?|local); ",
    re.DOTALL,
)
_PROXY = re.compile(r"proxy-(?:accept|reject): END-OF-MESSAGE: (.*); from=(.*)", re.DOTALL)
_SASL = re.compile(
    r"warning: (\S{0,300}\[[^\]\s]{1,60}\])(?::\d{1,5})?: SASL ([A-Za-z0-9-]{1,30}) authentication failed"
)
_NOTICE = re.compile(r"(?:sender|postmaster) (non-delivery|delay|delivery status) notification: ([0-9A-Za-z]{5,25})")
_TROUBLE = re.compile(
    r"(?:connect to|host|conversation with|lost connection with) (\S{1,300}\[[^\]\s]{1,60}\])(?::\d{1,5})?:?"
    r"( said: | refused to talk to me: | while | timed out | )(.{0,1000})",
    re.DOTALL,
)
_DROPPED = re.compile(
    r"(?:too many errors after \S{1,40}|COMMAND [A-Z]{4,8} LIMIT|warning: [A-Za-z ]{1,60} limit exceeded: \d{1,9})"
    r" from (\S{0,300}\[[^\]\s]{1,60}\])"
)
_LOGGED_OUT = re.compile(
    r"disconnect from (\S{0,300}\[[^\]\s]{1,60}\])(?::\d{1,5})?(?: [a-z]{1,12}=\d[\d/]{0,18}){0,20}? auth=(\d{1,9})/(\d{1,9}) "
)
_QUEUED_AS = re.compile(r"queued as ([A-Za-z0-9.-]{5,40})")
_CLIENT = re.compile(r"client=(\S{0,300}\[[^\]\s]{1,60}\])")
_ORIGIN = re.compile(r"orig_client=(\S{0,300}\[[^\]\s]{1,60}\])")


def is_postfix(program: str) -> bool:
    """Whether lines of that program are read here: `postfix/smtpd`, `postfix-in/submission/smtpd`."""
    return program.startswith("postfix") and not program.startswith(("postfix-policyd", "postfixadmin"))


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    queue_id = _ID.match(message)
    rest = message[queue_id.end() :] if queue_id else message
    found = _of_mail(rest) if queue_id else _of_session(rest)
    if found is not None and queue_id and queue_id[1] != "NOQUEUE":
        found.queue_id = queue_id[1]
    return found


def _of_mail(rest: str) -> Row | None:
    if rest.startswith("to="):
        return _attempt(rest)
    if rest.startswith("from=<"):
        return _from(rest)
    if rest.startswith("client="):
        return _client(rest)
    if rest.startswith(("message-id=", "resent-message-id=")):
        return Row("queued", message_id=mailbox(rest.partition("=")[2]))
    if rest.startswith("uid="):
        sender = mailbox(rest.partition(" from=")[2])
        return Row("received", mail_from=sender, client_name="localhost")
    if rest in ("removed", "requeued"):
        return Row("removed" if rest == "removed" else "queued")
    notice = _NOTICE.match(rest)
    if notice:
        status = {"non-delivery": "bounced", "delay": "deferred"}.get(notice[1], "queued")
        return Row(status, notice_queue_id=notice[2], status_text=kept(rest))
    return _rejection(rest) or _content(rest) or _trouble(rest)


def _of_session(rest: str) -> Row | None:
    sasl = _SASL.match(rest)
    if sasl:
        # What follows may be the client's answer to a challenge: it is not kept.
        client = peer(sasl[1])
        text = f"SASL {sasl[2]} authentication failed"
        return Row("rejected", client_name=client.name, client_addr=client.addr, status_text=text)
    dropped = _DROPPED.match(rest)
    logged_out = _LOGGED_OUT.match(rest)
    if logged_out and int(logged_out[2]) < int(logged_out[3]):
        dropped = logged_out
    if dropped:
        client = peer(dropped[1])
        return Row("rejected", client_name=client.name, client_addr=client.addr, status_text=kept(rest))
    return _proxied(rest) or _trouble(rest)


def fields(text: str) -> dict[str, str]:
    """`key=value` with commas or spaces between; the first of each key counts."""
    found: dict[str, str] = {}
    # A mailbox in angle brackets may hold what looks like a field.
    after = text.find(">") if text.startswith(("from=<", "to=<")) else -1
    starts = [start for start in _FIELD.finditer(text) if start.start() == 0 or start.start() > after]
    for index, start in enumerate(starts):
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        found.setdefault(start[1], text[start.end() : end].rstrip(", "))
    return found


def _attempt(rest: str) -> Row:
    head, _status, words = rest.partition(", status=")
    told = fields(head)
    status, _space, text = words.partition(" ")
    text = text.removeprefix("(").removesuffix(")")
    dsn = enhanced_code(told.get("dsn"))
    relay = peer(told.get("relay"))
    known = {"sent": "sent", "deferred": "deferred", "bounced": "bounced", "expired": "expired", "deliverable": "sent"}
    accepted = _QUEUED_AS.search(text) if status == "sent" else None
    return Row(
        known.get(status) or status_of_code(dsn) or "bounced",
        rcpt_to=mailboxes(told.get("to")),
        relay=relay.name or relay.addr,
        relay_addr=relay.addr,
        dsn=dsn,
        status_text=kept(text),
        delay_s=span(told.get("delay")),
        next_queue_id=accepted[1] if accepted else None,
    )


def _from(rest: str) -> Row:
    told = fields(rest)
    status = told.get("status", "")
    text = status or (rest.rpartition(" (")[2].rstrip(")") if rest.endswith(")") else None)
    return Row(
        "expired" if status.startswith(("expired", "force-expired")) else "queued",
        mail_from=mailbox(told.get("from")),
        size_bytes=number(told.get("size")),
        nrcpts=number(told.get("nrcpt", "").partition(" ")[0]),
        status_text=kept(text),
    )


def _client(rest: str) -> Row:
    # Behind a content filter the first client is told as the origin (smtpd_authorized_xforward_hosts).
    told = _ORIGIN.search(rest) or _CLIENT.match(rest)
    client = peer(told[1] if told else rest[7:].partition(",")[0])
    origin = re.search(r"orig_queue_id=([0-9A-Za-z]{5,25})", rest[:2000])
    return Row(
        "received", client_name=client.name, client_addr=client.addr, next_queue_id=origin[1] if origin else None
    )


def _rejection(rest: str) -> Row | None:
    action = _ACTION.match(rest)
    if action is None:
        return _proxied(rest)
    kind, _stage, client_text, words = action.groups()
    # The reason may quote the client's words; what Postfix adds of the envelope is the last `; from=` or `; proto=`.
    reason, _semicolon, envelope = words.rpartition("; from=")
    if reason:
        envelope = f"from={envelope}"
    else:
        reason, _semicolon, envelope = words.rpartition("; proto=")
        reason, envelope = (reason, f"proto={envelope}") if reason else (words, "")
    return _refused(kind, client_text, reason, envelope)


def _proxied(rest: str) -> Row | None:
    """A mail that a filter before the queue took or refused (SMTPD_PROXY_README)."""
    proxied = _PROXY.match(rest)
    if proxied is None:
        return None
    told = fields(f"from={proxied[2]}")
    accepted = _QUEUED_AS.search(proxied[1])
    return Row(
        "sent" if rest.startswith("proxy-accept") else "rejected",
        helo=mailbox(told.get("helo")),
        mail_from=mailbox(told.get("from")),
        rcpt_to=mailboxes(told.get("to")),
        dsn=enhanced_code(proxied[1][:40]),
        status_text=kept(proxied[1]),
        next_queue_id=accepted[1] if accepted else None,
    )


def _content(rest: str) -> Row | None:
    content = _CONTENT.match(rest)
    if content is None:
        return None
    kind, _header, client = content.groups()
    envelope, _colon, reason = rest[content.end() :].partition(": ")
    return _refused(kind, client, reason, envelope)


def _refused(kind: str, client_text: str, reason: str, envelope: str) -> Row:
    client = peer(client_text)
    told = fields(envelope)
    is_refused = kind in ("reject", "milter-reject", "discard", "milter-discard")
    return Row(
        "rejected" if is_refused else "queued",
        client_name=client.name,
        client_addr=client.addr,
        helo=mailbox(told.get("helo")),
        mail_from=mailbox(told.get("from")),
        rcpt_to=mailboxes(told.get("to")),
        dsn=enhanced_code(reason[:40]),
        status_text=kept(reason if is_refused else f"{kind}: {reason}"),
        verdict=None if is_refused else kind.replace("reject_", ""),
    )


def _trouble(rest: str) -> Row | None:
    trouble = _TROUBLE.match(rest)
    if trouble is None:
        return None
    relay = peer(trouble[1])
    text = f"{trouble[2]}{trouble[3]}"
    return Row(
        "deferred",
        relay=relay.name or relay.addr,
        relay_addr=relay.addr,
        dsn=enhanced_code(text[:60]),
        status_text=kept(text),
    )
