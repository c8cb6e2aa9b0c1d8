"""Whether the messages of a host are of nearly one size, as one text sent to many is, or as uneven as people's.

Asked only of hosts that this could make suspect, which are few: sizes of all conversations would cost every queue.
"""

from __future__ import annotations

import ibis
import pyarrow as pa
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.senders.baseline import CASE_HIGH, FEWEST_SERVERS
from mailscope.detect.senders.figures import Window
from mailscope.store.engine import add_arrow, plain_rows

MANY_MESSAGES = CASE_HIGH

NO_MESSAGE_BYTES = 1500
"""Below it no message was handed over: greeting, commands and acknowledgements come to about 1 KB with headers."""

ORDINARY_PACKET = 500
"""Mean bytes a packet of messages longer than some 8 KB: full segments outweigh commands and acknowledgements."""

ORDINARY_MESSAGE = 8000
"""The same in bytes a conversation."""

LOOKED_AT = 1000
"""Hosts at most that are looked at, those with most flows first."""

_SCHEMA = pa.schema(
    [("subject", pa.string()), ("messages", pa.int64()), ("size_mean", pa.float64()), ("size_spread", pa.float64())]
)


def with_sizes(figures: Table, conversations: Table, window: Window) -> Table:
    """The figures with messages (handed over), size_mean (bytes) and size_spread (standard deviation by mean).

    Null for hosts that are not looked at: with few messages, or large ones as newsletters are, of which less than half
    went to servers contacted again, to whom somebody writes, that were sampled, or that hand mail to a few relays
    without a login.
    """
    asked = figures.filter(
        _.flows - _.failed >= MANY_MESSAGES,
        _.in_sources + _.in_own_sources == 0,
        2 * _.repeat_flows >= _.flows,
        _.sampling == 1,
        _.bytes < ORDINARY_PACKET * _.packets,
        (_.destinations >= FEWEST_SERVERS) | (2 * (_.flows_587 + _.flows_465) >= _.flows),
    )
    ranked = asked.order_by(_.flows.desc(), "subject").limit(LOOKED_AT)
    subjects = sorted(row["subject"] for row in plain_rows(ranked.select("subject", "flows")))
    if not subjects:
        return without_sizes(figures)
    sent = conversations.filter(
        _.client.isin(subjects),
        _.start >= ibis.literal(window.start),
        _.start <= ibis.literal(window.end),
        _.failed == 0,
        _.bytes >= NO_MESSAGE_BYTES,
    )
    size = sent.bytes.cast("float64")
    sizes = sent.group_by(subject=sent.client).agg(
        messages=sent.count().cast("int64"), size_mean=size.mean(), size_spread=size.std(how="pop") / size.mean()
    )
    told = add_arrow(figures.get_backend(), "sender_sizes", pa.Table.from_pylist(plain_rows(sizes), _SCHEMA))
    return figures.left_join(told, "subject").drop("subject_right")


def without_sizes(figures: Table) -> Table:
    """The same columns where nothing is asked."""
    none = ibis.null("float64")
    return figures.mutate(messages=ibis.null("int64"), size_mean=none, size_spread=none)
