"""One host tries many ports of another.

What it flags
    TCP conversations in which the host says nothing, most of them refused or unanswered, to many ports of one other,
    without a long pause between them.
Why it matters
    It is how an attacker finds what to attack; the ports that answered are what the next phase goes to.
What it can get wrong
    A monitoring host checks many ports, too, and a scan slower than the pause falls apart into single attempts.
Evidence
    Rows of `flows`.
"""

from __future__ import annotations

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.runs import extent, in_runs

PORTS_LEAST = 15
"""Distinct ports of one host from which on it is a scan."""

REFUSED_SHARE = 0.5
"""Share of attempts that were refused or never answered."""

PAUSE_SECONDS = 600
"""A longer pause between two attempts ends a scan; scans made to go unnoticed wait up to five minutes."""

EDGE_SECONDS = 2
"""A connection that was taken belongs to the scan when it is this close to one that was refused."""


def vertical_scans(flows: Table) -> Table:
    """Scans of one host: orig_addr, resp_addr, ports tried, open ports (`answered`), and from which packet to which."""
    pairs = flows.filter(_.proto == "tcp").group_by(["orig_addr", "resp_addr"]).agg(ports=_.resp_port.nunique())
    suspects = pairs.filter(_.ports >= PORTS_LEAST).select("orig_addr", "resp_addr")
    touched = _touched(flows).semi_join(suspects, ["orig_addr", "resp_addr"])
    runs = _without_stragglers(in_runs(touched, ["orig_addr", "resp_addr"], PAUSE_SECONDS), ["orig_addr", "resp_addr"])
    found = runs.group_by(["orig_addr", "resp_addr", "run"]).agg(
        ports=_.resp_port.nunique(),
        attempts=_.count(),
        refused=_.is_refused.sum(),
        answered=_.resp_port.collect(where=~_.is_refused, distinct=True),
        **extent(),
    )
    return found.filter(_.ports >= PORTS_LEAST, _.refused >= REFUSED_SHARE * _.attempts)


def _touched(flows: Table) -> Table:
    """Attempts in which nothing was asked, if only a greeting came; refused are those without a handshake."""
    empty = flows.filter(
        _.proto == "tcp",
        _.oriented_by.isin(["syn", "syn-ack"]),
        _.orig_payload_bytes == 0,
    )
    is_open = _.handshake.isin(["full", "syn-ack"]) & (_.resp_packets > 0)
    return empty.select(
        "flow_id", "capture", "first_packet", "last_capture", "last_packet", "start", "end",
        "orig_addr", "resp_addr", "resp_port", is_refused=~is_open,
    )  # fmt: skip


def _without_stragglers(runs: Table, keys: list[str]) -> Table:
    """Without empty connections that were taken before or after the scan proper, by some other tool."""
    of_run = ibis.window(group_by=[*keys, "run"])
    edges = runs.mutate(
        first_refused=_.start.min(where=_.is_refused).over(of_run),
        last_refused=_.start.max(where=_.is_refused).over(of_run),
    )
    edge = ibis.interval(seconds=EDGE_SECONDS)
    return edges.filter(_.start >= edges.first_refused - edge, _.start <= edges.last_refused + edge)
