"""Sums of one key as one row: how they add up, where they are added up already, and how a day of them is laid out.

A fold leaves a row for every key that it met, so a key of one hour has as many rows as folds met it. Compaction adds
them up and lays a day in the order of its keys: then questions read little of it, and need not add it up again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from mailscope.store.delta_log import NewFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis
    import pyarrow as pa

EARLIEST, LATEST = ("first", "start"), ("last", "end")
PIECE = 500_000
"""Rows added up and sorted at once; a day of more is dealt into so many pieces."""

FEW_NEW = 0.02
"""Share of a past day's rows that may have come late without the day being laid out anew."""
MANY_NEW = 0.34
"""The same of the present day, which grows: so it is written some three times, however often it is looked at."""

LARGEST_DAY = 100_000_000
"""Rows of a day beyond which it is not laid out: a collector would be busy with it for too long."""

Hours = tuple[int, int]
"""First and last hour since 1970, both included."""


@dataclass(frozen=True)
class Addable:
    """A kind of sums by what it is made with, its key, and how the other columns add up."""

    made: "Callable[[ibis.Table], ibis.Table]"
    keys: Sequence[str]
    largest: Sequence[str] = ()
    """Columns of which the largest counts; of all others the sum, but of times the first or last."""
    dealt_by: str = ""
    """A large day is dealt into pieces by ranges of this column; the key's first without it."""

    def __call__(self, records: "ibis.Table") -> "ibis.Table":
        """The sums of records."""
        return self.made(records)

    def added(self, rows: "ibis.Table", keys: Sequence[str] = ()) -> "ibis.Table":
        """One row a key; of fewer keys than all, where others need not be told apart."""
        told = {name: self._one(rows[name]) for name in rows.columns if name not in self.keys}
        return rows.group_by([*(keys or self.keys)]).agg(**told) if told else rows.select(*self.keys).distinct()

    def _one(self, column: "ibis.Column") -> "ibis.Value":
        name = column.get_name()
        if name in EARLIEST:
            return column.min()
        return column.max() if name in LATEST or name in self.largest else column.sum().cast("int64")


def doubled(files: Sequence[Hours], rest: Sequence[NewFile]) -> list[Hours] | None:
    """Hours in which a key may have several rows: of several files, or of records that no file sums yet.

    None where the records do not tell their hours.
    """
    newer = [file.hours for file in rest]
    if any(hours is None for hours in newer):
        return None
    found = [hours for hours in newer if hours]
    spans = sorted(files)
    last = -1
    for begin, end in spans:
        if begin <= last:
            found.append((begin, min(end, last)))
        last = max(last, end)
    return sorted(set(found))


def in_hours(rows: "ibis.Table", spans: Sequence[Hours]) -> "ibis.Value":
    """Says whether a row is of one of these hours."""
    import ibis

    return reduce(or_, [rows.hour.between(*span) for span in spans], ibis.literal(False)).fill_null(True)


def is_scattered(counts: Sequence[int], *, is_past: bool) -> bool:
    """Says whether a day's files, of so many rows each, are worth being laid out anew as one."""
    rows = sum(counts)
    return len(counts) > 1 and rows <= LARGEST_DAY and rows - max(counts) > (FEW_NEW if is_past else MANY_NEW) * rows


def pieces(rows: "ibis.Table", kind: Addable) -> "Iterator[ibis.Table]":
    """The rows added up, in pieces of about equal size that have no key in common."""
    column = kind.dealt_by or kind.keys[0]
    lows = _lows(rows, column)
    for low, high in zip([None, *lows], [*lows, None], strict=True):
        piece = rows
        if low is not None:
            piece = piece.filter(piece[column] >= low)
        elif high is not None:
            piece = piece.filter((piece[column] < high) | piece[column].isnull())
        if low is not None and high is not None:
            piece = piece.filter(piece[column] < high)
        yield kind.added(piece)


def _lows(rows: "ibis.Table", column: str) -> list[Any]:
    """Values of the column at which the second piece begins, and those after it."""
    import ibis

    from mailscope.store.engine import plain_rows

    sizes = rows.filter(rows[column].notnull()).group_by(value=rows[column]).agg(rows=lambda table: table.count())
    upto = sizes.rows.sum().over(ibis.window(order_by=sizes.value, preceding=(None, 0)))
    numbered = sizes.mutate(piece=((upto - 1) / PIECE).floor().cast("int64"))
    lows = numbered.group_by("piece").agg(low=numbered.value.min()).order_by("piece")
    return [row["low"] for row in plain_rows(lows)][1:]


def batches(tables: "Iterator[pa.Table]") -> "pa.RecordBatchReader | None":
    """The tables, made one after the other while they are written; None when there are none."""
    import pyarrow as pa

    first = next(tables, None)
    if first is None:
        return None

    def each() -> "Iterator[pa.RecordBatch]":
        yield from first.to_batches()
        for table in tables:
            yield from table.to_batches()

    return pa.RecordBatchReader.from_batches(first.schema, each())
