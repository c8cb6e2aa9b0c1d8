"""Flow records beside hourly sums of most of them: what questions of a whole day are answered from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar

import ibis
from ibis.expr.types import Table

from mailscope.store.added_sums import Addable, Hours, in_hours
from mailscope.store.engine import in_a_thread, plain_rows


@dataclass(frozen=True)
class Part:
    """One kind of hourly sums, and the records that are not in them."""

    records: Table
    sums: Table | None
    """None where nothing was there to be summed."""
    is_whole: bool = False
    """The sums hold everything: there are no such records."""
    same: Mapping[str, Any] = field(default_factory=dict)
    """Columns of the sums that have one value in all rows, where that is known without asking."""
    doubled: Sequence[Hours] | None = None
    """Hours in which a key may have several rows; None: any."""


@dataclass(frozen=True)
class FlowHours:
    """All records as an expression, and by name the parts that a kind of sums consists of.

    A name without a part has no sums yet: they are made of all records when they are asked for.
    """

    records: Table
    parts: Mapping[str, Part] = field(default_factory=dict)
    span: tuple[datetime, datetime] | None = None
    """First and last `start` of all records, where it is known without asking."""
    count: int | None = None
    """Records, where it is known."""
    is_shared: bool = False
    """All of it can be asked for by several threads: two questions are then asked at once."""

    @staticmethod
    def of(records: Table | FlowHours) -> FlowHours:
        """Plain records as such without any sums."""
        return records if isinstance(records, FlowHours) else FlowHours(records)

    def changed(self, how: Callable[[Table], Table]) -> FlowHours:
        """The same with every expression over records changed."""
        parts = {name: replace(part, records=how(part.records)) for name, part in self.parts.items()}
        return replace(self, records=how(self.records), parts=parts)

    def only_feed(self, name: str, feeds: Callable[[Table], Table], columns: Sequence[str]) -> dict[str, Any] | None:
        """The feed that all of a kind's rows are of; None where there may be several.

        `feeds` tells those of records, in rows of these columns.
        """
        part = self.parts.get(name)
        if part is None or not set(columns) <= set(part.same):
            return None
        feed = {column: part.same[column] for column in columns}
        rest = [] if part.is_whole else plain_rows(feeds(part.records).distinct().limit(2))
        return feed if all(row == feed for row in rest) else None

    def sums(
        self,
        name: str,
        made: Callable[[Table], Table],
        kept: Callable[[Table], Table] = lambda table: table,
    ) -> Table:
        """Rows of `made`, several of the same key perhaps: the stored ones, and those of records not in them.

        `kept` narrows records and sums before, so that less is summed; it may use columns that both have.
        """
        part = self.parts.get(name)
        if part is None:
            return made(kept(self.records))
        rest = made(kept(part.records))
        if part.sums is None:
            return rest
        stored, schema = kept(part.sums), rest.schema()
        told = stored.select(**{column: stored[column].cast(schema[column]) for column in schema})
        # An empty part costs nothing to read, but as much as any to be put in words and to be planned.
        return told if part.is_whole else ibis.union(rest, told)

    def added(
        self,
        name: str,
        kind: Addable,
        kept: Callable[[Table], Table] = lambda table: table,
        keys: Sequence[str] = (),
    ) -> Table:
        """As `sums`, with one row a key: only what is not added up as it is stored has to be added.

        With `keys`, others of the key are one in all rows; their columns may be left out.
        """
        rows, part = self.sums(name, kind.made, kept), self.parts.get(name)
        if part is None:
            return rows
        if part.doubled is None:
            return kind.added(rows, keys)
        if not part.doubled:
            return rows
        again = in_hours(rows, part.doubled)
        some = kind.added(rows.filter(again), keys)
        return ibis.union(some, rows.filter(~again).select(*some.columns))


_Answer = TypeVar("_Answer")


def at_once(hours: FlowHours, ask: Callable[[FlowHours], _Answer]) -> Callable[[], _Answer]:
    """Begins to ask beside what else is asked, where that can be; returns what waits for the answer."""
    if not hours.is_shared:
        return lambda: ask(hours)

    def asked() -> _Answer:
        with in_a_thread(hours.records.get_backend()):
            return ask(hours)

    pool = ThreadPoolExecutor(1, "beside")
    answer = pool.submit(asked)
    pool.shutdown(wait=False)
    return answer.result


FEW = 2000
"""Values that are named in a question; where there are more, they are a table."""


def among(rows: Table, name: str, values: Table | Sequence[Any]) -> Table:
    """The rows whose `name` is one of the values: of an ordered list, or of a table with that column.

    A few values are named one by one: Parquet's dictionaries tell which pages hold them, and other columns of the
    rest are not read. That took a fifth of the time of joining tens of millions of rows.
    """
    some = few(name, values) if isinstance(values, Table) else values
    if isinstance(some, Table):
        return rows.semi_join(some, name)
    column = rows[name]
    # The engine passes over files by the list and over rows by the range, whose other columns it then does not read.
    return rows.filter(column.between(some[0], some[-1]), column.isin(some)) if some else rows.limit(0)


def few(name: str, values: Table) -> Table | Sequence[Any]:
    """A few distinct values of that column in order, for `among`; the table itself where there are more."""
    values = values.filter(values[name].notnull())
    found = [row[name] for row in plain_rows(values.select(name).distinct().limit(FEW + 1))]
    return sorted(found) if len(found) <= FEW else values


def together(stores: Sequence[FlowHours], others: Sequence[Table]) -> FlowHours:
    """Stores and records from elsewhere as one; what is not in a store's sums is summed when it is asked for."""
    if len(stores) == 1 and not others:
        return stores[0]
    everything = [*[store.records for store in stores], *others]
    names = {name for store in stores for name in store.parts}
    parts = {}
    for name in names:
        rest = [store.parts[name].records if name in store.parts else store.records for store in stores]
        sums = [part.sums for store in stores if (part := store.parts.get(name)) and part.sums is not None]
        parts[name] = Part(_union([*rest, *others]), _union(sums) if sums else None)
    return FlowHours(_union(everything), parts)


def _union(tables: Sequence[Table]) -> Table:
    return reduce(lambda one, other: one.union(other), tables)
