"""Figures of each sending host over one window: one row a client, from its conversations with mail servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import Prefix
from mailscope.detect.senders.conversations import MAIL_PORTS
from mailscope.detect.senders.ownership import is_in

SLOTS = 200
"""About so many parts a window is cut into, to tell a burst from steady sending."""

SLOT_SECONDS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 86400)

RELAY_PORTS = (25, 2525)


@dataclass(frozen=True, slots=True)
class Window:
    """The time looked at; `start` is included, `end` is that of the newest record."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Length, at least one second."""
        return max((self.end - self.start).total_seconds(), 1.0)

    @property
    def slot_seconds(self) -> int:
        """Length of a slot: the shortest of SLOT_SECONDS that cuts the window into at most SLOTS."""
        return next((size for size in SLOT_SECONDS if self.seconds / size <= SLOTS), SLOT_SECONDS[-1])


def sending_figures(conversations: Table, window: Window, own: Sequence[Prefix]) -> Table:
    """One row an own client: what it sent in the window and what it received.

    Columns besides `subject`: flows, destinations, failed, packets, bytes, sampled_packets, sampling, repeat_flows
    (to servers contacted more than once), most_flows (to one server), flows_PORT, first, last, active_slots,
    slots, busiest_slot (flows), hours_active, in_flows, in_failed, in_sources and in_own_sources (answered ones).
    """
    inside = conversations.filter(_.start >= ibis.literal(window.start), _.start <= ibis.literal(window.end))
    sent = inside.filter(is_in(inside.client, own))
    figures = _per_client(_per_pair(sent))
    joined = figures.left_join(_over_time(sent, window), "subject").drop("subject_right")
    received = _received(inside.filter(is_in(inside.server, own)), own)
    joined = joined.left_join(received, "subject").drop("subject_right")
    zero = {name: joined[name].fill_null(0) for name in ("in_flows", "in_failed", "in_sources", "in_own_sources")}
    return joined.mutate(**zero)


def _per_pair(sent: Table) -> Table:
    by_port = {f"flows_{port}": (_.server_port == port).ifelse(_.flows, 0).sum() for port in MAIL_PORTS}
    return sent.group_by(["client", "server"]).agg(
        pair_flows=_.flows.sum(),
        pair_failed=_.failed.sum(),
        packets=_.packets.sum(),
        bytes=_.bytes.sum(),
        sampled_packets=_.sampled_packets.sum(),
        sampling=_.sampling.max(),
        first=_.start.min(),
        last=_.end.max(),
        **by_port,
    )


def _per_client(pairs: Table) -> Table:
    by_port = {f"flows_{port}": pairs[f"flows_{port}"].sum() for port in MAIL_PORTS}
    return pairs.group_by(subject=_.client).agg(
        flows=_.pair_flows.sum(),
        destinations=_.count(),
        failed=_.pair_failed.sum(),
        unanswered_destinations=(_.pair_failed >= _.pair_flows).cast("int64").sum(),
        repeat_flows=(_.pair_flows > 1).ifelse(_.pair_flows, 0).sum(),
        most_flows=_.pair_flows.max(),
        least_flows=_.pair_flows.min(),
        packets=_.packets.sum(),
        bytes=_.bytes.sum(),
        sampled_packets=_.sampled_packets.sum(),
        sampling=_.sampling.max(),
        first=_.first.min(),
        last=_.last.max(),
        **by_port,
    )


def _over_time(sent: Table, window: Window) -> Table:
    """How a client's flows lie in the window: slots and hours in which it began any, and its busiest slot."""
    size = window.slot_seconds
    since = sent.start.epoch_seconds() - int(window.start.timestamp())
    if size <= 3600:  # an hour is of whole slots
        by_slot = sent.group_by(subject=sent.client, slot=(since / size).floor().cast("int64")).agg(flows=_.flows.sum())
        by_slot = by_slot.mutate(hour=(_.slot * size / 3600).floor().cast("int64"))
    else:
        slot, hour = ((since / seconds).floor().cast("int64") for seconds in (size, 3600))
        by_slot = sent.group_by(subject=sent.client, slot=slot, hour=hour).agg(flows=_.flows.sum())
    by_hour = by_slot.group_by(["subject", "hour"]).agg(slots=_.count(), busiest_slot=_.flows.max())
    return by_hour.group_by("subject").agg(
        hours_active=_.count(), active_slots=_.slots.sum(), busiest_slot=_.busiest_slot.max()
    )


def _received(inside: Table, own: Sequence[Prefix]) -> Table:
    """What a host took as a mail server, and from how many sources, outside and own, that it answered."""
    by_source = inside.group_by(subject=inside.server, source=inside.client).agg(
        flows=_.flows.sum(), failed=_.failed.sum()
    )
    is_answered = by_source.failed < by_source.flows
    is_own = is_in(by_source.source, own) if own else ibis.literal(False)
    marked = by_source.mutate(
        answered_outside=(is_answered & ~is_own).cast("int64"), answered_own=(is_answered & is_own).cast("int64")
    )
    return marked.group_by("subject").agg(
        in_flows=_.flows.sum(),
        in_failed=_.failed.sum(),
        in_sources=_.answered_outside.sum(),
        in_own_sources=_.answered_own.sum(),
    )
