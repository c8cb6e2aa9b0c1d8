"""Many ports of one host tried, from flow records: a vertical scan.

What it flags
    A host that tries many TCP ports of one other, most of which do not open.
Why it matters
    It is how an attacker finds what to attack.
What it can get wrong
    An inventory or monitoring host of the owner scans as well. File sharing has one or two ports at each peer.
Evidence
    Rows of `flow_records` whose source is the subject. Captures show more: `port_scan`.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import Prefix
from mailscope.detect.port_profile import TCP, asked_hours, failed_ports, over_targets
from mailscope.store.engine import plain_rows
from mailscope.store.flow_hours import FlowHours, among

KIND = "port-scan"
PORTS_LEAST = 30
"""As many as the targets of a scan of one port; FTP and telephony try a few one after the other, which answer."""

UNOPENED_SHARE = 0.8
"""Of the ports tried; a host serves a few."""

LOOKED_AT = 1000
"""Sources at most that are looked at, those that failed at most ports first."""


def vertical_scans(
    flow_records: Table | FlowHours, own: Sequence[Prefix], since_hour: int = 0, failed: Table | None = None
) -> Table:
    """One row a subject, `port` null, with the columns of `port_profile.matches`.

    `failed` is what `port_profile.failed_ports` tells, where that was asked already.
    """
    hours = FlowHours.of(flow_records)
    tried = failed_ports(hours, own, since_hour) if failed is None else failed
    by_source = tried.group_by("src_addr").agg(ports=_.count())
    most = by_source.filter(_.ports >= PORTS_LEAST).order_by(ibis.desc("ports"), "src_addr").limit(LOOKED_AT)
    sources = sorted(row["src_addr"] for row in plain_rows(most))
    asked = hours.sums("asked", asked_hours, lambda rows: among(rows.filter(rows.proto == TCP), "src_addr", sources))
    by_port = asked.filter(_.hour >= since_hour).group_by(["src_addr", "dst_addr", "dst_port"]).agg(
        flows=_.flows.max(), failed=_.failed.max(), packets=_.packets.max(), bytes=_.bytes.max(),
        first=asked["first"].min(), last=asked["last"].max(),
    )  # fmt: skip
    is_failed = (by_port.failed >= by_port.flows).cast("int64")
    pairs = by_port.mutate(is_failed=is_failed).group_by(["src_addr", "dst_addr"]).agg(
        ports=_.count(), unopened=_.is_failed.sum(), flows=_.flows.sum(), failed=_.failed.sum(),
        packets=_.packets.sum(), bytes=_.bytes.sum(), first=_.first.min(), last=_.last.max(),
    )  # fmt: skip
    scanned = pairs.filter(_.unopened >= PORTS_LEAST, _.unopened >= UNOPENED_SHARE * _.ports)
    found = scanned.group_by(subject=_.src_addr).agg(
        **over_targets(scanned),
        most_flows=_.ports.max(),
        seconds=(_.last.epoch_seconds().max() - _.first.epoch_seconds().min()).cast("float64"),
    )
    return found.mutate(kind=ibis.literal(KIND), failed_targets=0, port=ibis.null("int32"))
