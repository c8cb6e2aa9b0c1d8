"""Lines of MailScanner: viruses found by its engines, spam, messages queued again under another id."""

from __future__ import annotations

import re

from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.values import address, kept, mailbox

_ID = r"([A-Za-z0-9]{5,25}(?:-[A-Za-z0-9]{6,11}-[A-Za-z0-9]{2,4})?(?:\.[A-Za-z0-9]{1,6})?)"
# Sophos, ClamAV and the clamavmodule, F-Prot and others: a name of the virus and a path whose folder is the queue id.
_FOUND = (
    re.compile(rf"(?:>>> )?Virus '(?P<name>[^']{{1,200}})' found in file (?:\./|/\S{{0,200}}/)?{_ID}/"),
    re.compile(rf"\S{{0,40}}? ?\S{{0,40}}?INFECTED:: ?(?P<name>[^:]{{1,200}}):: ?\./{_ID}/"),
    re.compile(rf"(?:/\S{{0,200}}/|\./){_ID}/[^:]{{0,300}}: (?P<name>\S{{1,200}}) FOUND"),
    re.compile(rf"(?:/\S{{0,200}}/|\./){_ID}/[^:]{{0,300}}:? {{1,4}}[Ii]nfect(?:ed with|ion:) (?P<name>.{{1,200}})"),
)
_SPAM = re.compile(
    rf"Message {_ID} from (?P<addr>[0-9A-Fa-f:.]{{2,45}}) \((?P<sender>[^)\s]{{0,500}})\) "
    r"to (?P<to>\S{1,500}) is (?P<not>not )?spam(?P<why>.{0,1000})"
)
_CAME = re.compile(rf"Infected message {_ID} came from (?P<addr>[0-9A-Fa-f:.]{{2,45}})")
_ACTIONS = re.compile(
    rf"(?:Spam Actions: message|Virus and Content Scanning: message|Content Checks: .{{0,200}} in) {_ID}(?P<what>.{{0,500}})"
)
_REQUEUE = re.compile(rf"Requeue: {_ID} to {_ID}")


def is_mailscanner(program: str) -> bool:
    """Whether lines of that program are read here."""
    return program.lower().startswith(("mailscanner", "sophossavi", "sophos"))


def row(message: str) -> Row | None:
    """What the line tells of a mail, or None."""
    for pattern in _FOUND:
        found = pattern.match(message)
        if found:
            queue_id = found[2] if found.re is not _FOUND[2] and found.re is not _FOUND[3] else found[1]
            name = found["name"].strip()
            return Row("scanned", queue_id=plain_id(queue_id), verdict=f"virus {name}", status_text=kept(message))
    spam = _SPAM.match(message)
    if spam:
        return Row(
            "scanned",
            queue_id=plain_id(spam[1]),
            client_addr=address(spam["addr"]),
            mail_from=mailbox(spam["sender"]),
            verdict="clean" if spam["not"] else "spam",
            status_text=kept(spam["why"].lstrip(", ")),
        )
    came = _CAME.match(message)
    if came:
        return Row("scanned", queue_id=plain_id(came[1]), client_addr=address(came["addr"]), verdict="virus")
    requeue = _REQUEUE.match(message)
    if requeue:
        return Row(
            "queued", queue_id=plain_id(requeue[1]), next_queue_id=plain_id(requeue[2]), status_text="queued again"
        )
    actions = _ACTIONS.match(message)
    return Row("scanned", queue_id=plain_id(actions[1]), status_text=kept(message)) if actions else None


def plain_id(queue_id: str) -> str:
    """Postfix's id without what MailScanner adds to make it unique (`8C2D3531.A1B2C`)."""
    return queue_id.partition(".")[0]
