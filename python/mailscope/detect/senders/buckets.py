"""How sending hosts are distributed over the number of their mail flows: table 2 of the field case (F39)."""

from __future__ import annotations

import ibis
from ibis import _
from ibis.expr.types import Table

BOUNDS = (10, 30, 70, 100, 200, 1000)
"""Upper ends of the buckets; the last has none."""

LABELS = ("1-10", "11-30", "31-70", "71-100", "101-200", "201-1000", ">1000")


def buckets(figures: Table) -> Table:
    """One row a bucket that has hosts: bucket (0..6), hosts, flows, bytes. Each host stands in exactly one."""
    place = ibis.cases(*((_.flows <= bound, index) for index, bound in enumerate(BOUNDS)), else_=len(BOUNDS))
    return (
        figures.mutate(bucket=place)
        .group_by("bucket")
        .agg(hosts=_.count(), flows=_.flows.sum(), bytes=_.bytes.sum().fill_null(0))
        .order_by("bucket")
    )
