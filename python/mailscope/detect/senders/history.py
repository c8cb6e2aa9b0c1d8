"""What a host did on the days before the window: its own baseline.

Only days on which it sent at all count, so that weekends and holidays do not lower what is usual for it; a host seen
on fewer than three days has no baseline of its own and is compared with its peers alone. Being usual clears nobody by
itself, or a spammer would be cleared by going on: its servers must be those that it knew.
"""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.senders.figures import Window

LOOK_BACK = timedelta(days=28)
"""Four weeks hold each weekday four times."""

FEWEST_DAYS = 3
"""Active days from which on a median of them says what is usual."""

TIMES_USUAL = 3.0
"""Up to so many times its busiest day a host is still itself."""

KNOWN_SHARE = 0.5
"""Share of flows to servers it contacted on earlier days, from which on a host's correspondents come back."""


def with_history(figures: Table, conversations: Table, window: Window) -> Table:
    """The figures with days_seen, usual_destinations (median), peak_destinations and known_share."""
    start = ibis.literal(window.start)
    before = conversations.filter(_.start < start, _.start >= ibis.literal(window.start - LOOK_BACK))
    days = _days(before, window)
    known = _known(conversations.filter(_.start >= start), before)
    joined = figures.left_join(days, "subject").drop("subject_right")
    joined = joined.left_join(known, "subject").drop("subject_right")
    return joined.mutate(
        days_seen=_.days_seen.fill_null(0),
        known_share=(_.known_flows.fill_null(0) / _.flows).cast("float64"),
    ).drop("known_flows")


def without_history(figures: Table) -> Table:
    """The same columns where there is nothing older than the window."""
    return figures.mutate(
        days_seen=ibis.literal(0),
        usual_destinations=ibis.null("float64"),
        peak_destinations=ibis.null("int64"),
        known_share=ibis.literal(0.0),
    )


def _days(before: Table, window: Window) -> Table:
    """Active days are counted backward from the window's start, so that they are as long as it looks back from."""
    age = int(window.start.timestamp()) - before.start.epoch_seconds()
    by_day = (
        before.mutate(day=(age / 86400).floor().cast("int64"))
        .group_by(["client", "day"])
        .agg(destinations=_.server.nunique())
    )
    return by_day.group_by(subject=_.client).agg(
        days_seen=_.count(),
        usual_destinations=_.destinations.median().cast("float64"),
        peak_destinations=_.destinations.max().cast("int64"),
    )


def _known(now: Table, before: Table) -> Table:
    """Flows of now to servers that the same client contacted before."""
    pairs = now.group_by(["client", "server"]).agg(flows=_.flows.sum())
    old = before.select("client", "server").distinct()
    return pairs.semi_join(old, ["client", "server"]).group_by(subject=_.client).agg(known_flows=_.flows.sum())
