"""What sending is like for ordinary hosts of this network, in this window: one row that verdicts compare with.

Peers are hosts of the same kind. A host that takes no mail in is compared with other such hosts, and those above the
field case's fixed threshold do not define what is ordinary: on a badly infected network they would.
Medians are used throughout, so that up to half of the peers may be infected before the baseline moves.
"""

from __future__ import annotations

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, FloatingValue, NumericColumn, Table

FEWEST_SERVERS = 10
"""Ordinary hosts stay at or below it: 94.78 % of 143,492 sending hosts had at most 10 mail flows a day (F39)."""

CASE_LOW, CASE_HIGH = 30, 100
"""The fixed thresholds of the field case in flows: 98.62 % and 99.73 % of the hosts were below (F38)."""

TIMES_TYPICAL = 3.0
"""A host is compared with so many times the distinct servers of its median peer."""

FEWEST_PEERS = 10
"""Fewer peers than this say nothing: the floor stands alone."""

RECEIVING_SOURCES = 3
"""A host that answered mail from so many outside hosts receives mail: strangers know it as an MX."""


def baseline(figures: Table) -> Table:
    """One row: peers, median_destinations, servers (hosts that receive), server_destinations, bytes_per_flow."""
    receives = figures.in_sources >= RECEIVING_SOURCES
    is_peer = ~receives & (figures.flows <= CASE_HIGH)
    has_sizes = figures.bytes.notnull() & (figures.flows > figures.failed)
    per_flow = (figures.bytes / (figures.flows - figures.failed)).cast("float64")
    return figures.aggregate(
        hosts=figures.count(),
        peers=is_peer.cast("int64").sum().fill_null(0),
        peer_destinations=_median(figures.destinations, is_peer).cast("float64").fill_null(0.0),
        servers=receives.cast("int64").sum().fill_null(0),
        server_destinations=_median(figures.destinations, receives).cast("float64").fill_null(0.0),
        bytes_per_flow=_median(per_flow, has_sizes).fill_null(0.0),
    )


def _median(values: NumericColumn, is_counted: BooleanValue) -> FloatingValue:
    """Not `median(where=...)`, of which Ibis makes what Spark refuses."""
    return is_counted.ifelse(values, ibis.null(values.type())).median()


def with_baseline(figures: Table, line: Table) -> Table:
    """The figures with `fence`: the number of distinct servers from which on a host of its kind stands out."""
    joined = figures.cross_join(line.rename({f"base_{name}": name for name in line.columns}))
    return joined.mutate(
        receives=(_.in_sources >= RECEIVING_SOURCES),
        fence=ibis.cases(
            (
                _.in_sources >= RECEIVING_SOURCES,
                _clamped(_.base_servers, _.base_server_destinations, CASE_LOW, 10 * CASE_LOW),
            ),
            else_=_clamped(_.base_peers, _.base_peer_destinations, FEWEST_SERVERS, CASE_HIGH),
        ),
    )


def _clamped(peers: FloatingValue, median: FloatingValue, low: float, high: float) -> FloatingValue:
    scaled = ibis.greatest(ibis.least(median * TIMES_TYPICAL, float(high)), float(low))
    return ibis.ifelse(peers >= FEWEST_PEERS, scaled, float(low))
