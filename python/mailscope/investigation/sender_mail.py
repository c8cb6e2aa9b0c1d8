"""What the mail logs of a store say of the hosts in the queue: mails they handed in, and what became of them (F47)."""

from __future__ import annotations

from collections.abc import Sequence

from ibis import _
from ibis.expr.types import Table

from mailscope.investigation.mail_of_host import MARGIN
from mailscope.investigation.sender_queue import Queue
from mailscope.store.engine import plain_rows

NAMES = ("mails", "received", "rejected", "flagged")


def with_mail_logs(queue: Queue, logs: Sequence[Table]) -> Queue:
    """The same queue; each sender has `mail_log`: mails (queue ids), lines received, rejected, flagged."""
    if queue.window is None:
        return queue
    start, end = queue.window.start - MARGIN, queue.window.end + MARGIN
    counts: dict[str, dict[str, int]] = {}
    for log in logs:
        for row in plain_rows(_by_client(log.filter(_.time >= start, _.time <= end))):
            known = counts.setdefault(row["client_addr"], dict.fromkeys(NAMES, 0))
            for name in NAMES:
                known[name] += int(row[name] or 0)
    for sender in queue.senders:
        sender.mail_log = counts.get(sender.subject, dict.fromkeys(NAMES, 0))
    return queue


def _by_client(log: Table) -> Table:
    is_flagged = (_.verdict.startswith("virus") | _.verdict.startswith("spam")).fill_null(False)
    return (
        log.filter(_.client_addr.notnull())
        .group_by("client_addr")
        .agg(
            mails=_.queue_id.nunique(),
            received=(_.status == "received").cast("int64").sum(),
            rejected=(_.status == "rejected").cast("int64").sum(),
            flagged=is_flagged.cast("int64").sum(),
        )
    )
