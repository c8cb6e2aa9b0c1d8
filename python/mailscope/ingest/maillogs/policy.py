"""Lines of what Postfix asks about a client: postgrey, policyd-spf, and SpamAssassin's spamd."""

from __future__ import annotations

import re

from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.values import address, kept, mailbox, mailboxes, number, span

_SPF = re.compile(
    r"(?:.{0,200}?Received-SPF: )?(?P<word>[A-Z][A-Za-z]{2,10})(?:;| \([^()]{1,100}\)) identity=", re.DOTALL
)
_SPF_FIELD = re.compile(r"(client-ip|helo|envelope-from)=([^;\s]{0,500})")
_GREY = re.compile(r"(?:(?P<id>[0-9A-Za-z]{5,25}): )?action=")
_GREY_FIELD = re.compile(r"(?:^|, )(action|reason|client_name|client_address|sender|recipient)=([^,]{0,500})")
_RESULT = re.compile(r"(?:spamd: )?result: (?P<word>[Y.]) (?P<score>-?\d{1,5}) - ")
_RESULT_FIELD = re.compile(r"(?:^|[ ,])(scantime|size|mid)=(<[^<>\s]{0,998}>|[^,\s]{0,500})")


def is_policy(program: str) -> bool:
    """Whether lines of that program are read here."""
    return program in ("postgrey", "policyd-spf", "spamd")


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    result = _RESULT.match(message)
    if result:
        return _spamd(result, message)
    grey = _GREY.match(message)
    if grey:
        found = _postgrey(message[grey.end("id") + 2 if grey["id"] else 0 :])
        found.queue_id = grey["id"]
        return found
    spf = _SPF.match(message)
    return _spf(spf, message) if spf else None


def _spamd(result: re.Match[str], message: str) -> Row:
    told = {field[1]: field[2] for field in _RESULT_FIELD.finditer(message)}
    return Row(
        "scanned",
        size_bytes=number(told.get("size")),
        message_id=None if told.get("mid") == "(unknown)" else mailbox(told.get("mid")),
        delay_s=span(told.get("scantime")),
        verdict="spam" if result["word"] == "Y" else "clean",
        status_text=kept(f"score {result['score']}"),
    )


def _postgrey(message: str) -> Row:
    told = {field[1]: field[2] for field in _GREY_FIELD.finditer(message)}
    is_kept_waiting = told.get("action") == "greylist"
    return Row(
        "deferred" if is_kept_waiting else "scanned",
        client_name=kept(told.get("client_name")),
        client_addr=address(told.get("client_address", "").partition("/")[0]),
        mail_from=mailbox(told.get("sender") or "<>"),
        rcpt_to=mailboxes(told.get("recipient")),
        verdict="greylisted" if is_kept_waiting else None,
        status_text=kept(told.get("reason")),
    )


def _spf(spf: re.Match[str], message: str) -> Row:
    told = {field[1]: field[2] for field in _SPF_FIELD.finditer(message, spf.start("word"))}
    return Row(
        "scanned",
        client_addr=address(told.get("client-ip")),
        helo=kept(told.get("helo")),
        mail_from=mailbox(told.get("envelope-from") or "<>"),
        verdict=f"spf-{spf['word'].lower()}",
    )
