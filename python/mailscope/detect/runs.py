"""Rows in runs: what one host did without a long pause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table


def in_runs(table: Table, keys: list[str], pause_seconds: int) -> Table:
    """The table with a column `run`, 0 from the first row of each key; it grows where a pause is longer."""
    ordered = ibis.window(group_by=keys, order_by=["start", "first_packet"])
    so_far = ibis.window(group_by=keys, order_by=["start", "first_packet"], preceding=None, following=0)
    pause = _.start - _.start.lag().over(ordered)
    marked = table.mutate(_breaks=(pause > ibis.interval(seconds=pause_seconds)).fill_null(False).cast("int64"))
    return marked.mutate(run=_._breaks.sum().over(so_far)).drop("_breaks")


def extent() -> dict[str, Any]:
    """Aggregations: from which packet of which capture to which, and when."""
    return {
        "start": _.start.min(),
        "end": _.end.max(),
        "capture": _.capture.argmin(_.start),
        "first_packet": _.first_packet.argmin(_.start),
        "last_capture": _.last_capture.argmax(_.end),
        "last_packet": _.last_packet.argmax(_.end),
        "flow_id": _.flow_id.argmin(_.start),
    }


EVIDENCE = ("start", "flow_id", "capture", "first_packet", "last_capture", "last_packet")
"""What names a row as evidence."""


def first_row(where: Any, prefix: str = "at_", besides: Sequence[str] = ()) -> dict[str, Any]:
    """Aggregations: the earliest row for which `where` holds, as far as evidence needs it; null for none."""
    return {f"{prefix}{name}": getattr(_, name).argmin(_.start, where=where) for name in (*EVIDENCE, *besides)}


def as_row(found: Mapping[str, Any], prefix: str = "at_") -> dict[str, Any] | None:
    """What `first_row` found as a row of its own; None for none."""
    if found.get(f"{prefix}flow_id") is None:
        return None
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}


def program_of(user_agent: Any) -> Any:
    """A User-Agent without numbers and second brackets, where scanners name their tests; empty for none."""
    return user_agent.fill_null("").re_replace(r"\)\s*\(.*$", ")").re_replace(r"\d+", "#")


def path_of(uri: Any) -> Any:
    """The path of a request target, without query, scheme and host; null for none."""
    return uri.re_extract(r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)?([^?#]*)", 1)
