"""Lines of rspamd: the one that its task writes of each mail (`rspamd_task_write_log`)."""

from __future__ import annotations

import re

from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.values import address, kept, mailbox, mailboxes, number, span

_ACTION = re.compile(
    r"\((?P<metric>[^:()\s]{1,60}): (?P<flag>[A-Z]) \((?P<action>[^()]{1,40})\): (?P<score>\[[-0-9./]{1,40}\])"
)
_HEAD = re.compile(
    r"(?:^|, )(id|qid|ip|user|from|smtp_from|len|time|rcpts|smtp_rcpts): (<[^<>\s]{0,1000}>|[^\s,]{1,1000})"
)
_LISTED = re.compile(r", (?:smtp_)?rcpts: ((?:<[^<>\s]{0,500}>,?){1,1000})")
_VIRUS = re.compile(r"\b[A-Z0-9_]{0,30}VIRUS[A-Z0-9_]{0,30}\([-0-9.]{1,12}\)\{([^:;}]{1,200})")
_REFUSED = {"reject": "rejected", "soft reject": "deferred", "greylist": "deferred", "discard": "rejected"}


def is_rspamd(program: str) -> bool:
    """Whether lines of that program are read here."""
    return program.startswith("rspamd")


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    _task, is_word, rest = message.partition("rspamd_task_write_log: ")
    if not is_word:
        return None
    action = _ACTION.search(rest)
    # The symbols between hold words of the mail: fields are read before and after them.
    before = rest[: action.start()] if action else rest
    _symbols, is_after, after = rest[action.end() :].rpartition("), len: ") if action else ("", "", "")
    told = {field[1]: field[2] for field in _HEAD.finditer(before)}
    tail = f", len: {after}" if is_after else ""
    for field in _HEAD.finditer(tail):
        told.setdefault(field[1], field[2])
    recipients = _LISTED.search(tail) or _LISTED.search(before)
    name = action["action"] if action else "no action"
    virus = _VIRUS.search(_symbols)
    return Row(
        _REFUSED.get(name, "scanned"),
        queue_id=None if told.get("qid", "<>") == "<>" else mailbox(told.get("qid")),
        client_addr=address(told.get("ip")),
        mail_from=mailbox(told.get("from") or told.get("smtp_from")),
        rcpt_to=mailboxes(recipients[1]) if recipients else (),
        size_bytes=number(told.get("len")),
        message_id=mailbox(told.get("id")),
        status_text=kept(f"{name} {action['score']}" if action else name),
        delay_s=span(told.get("time")),
        verdict=f"virus {virus[1]}" if virus else _verdict(name),
    )


def _verdict(action: str) -> str:
    if action == "no action":
        return "clean"
    return "spam" if action in ("reject", "add header", "rewrite subject") else action
