"""Rows whose value is one of a list that comes from the traffic, and may be long.

A long list written into a query costs more than the query: it is compiled value by value, at every use. Such a list is
handed to the engine as a table of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ibis
from ibis.expr.types import Table

WRITTEN_OUT = 20
"""Values up to which a list is a part of the query."""


def among(table: Table, column: str, values: Collection[Any], *, kind: str = "string") -> Table:
    """The rows whose `column` is one of the values; of Ibis type `kind`."""
    if len(values) <= WRITTEN_OUT:
        return table.filter(table[column].isin(list(values)))
    return table.semi_join(_as_table(column, values, kind), column)


def but_not(table: Table, column: str, values: Collection[Any], *, kind: str = "string") -> Table:
    """The rows whose `column` is there and none of the values."""
    if len(values) <= WRITTEN_OUT:
        return table.filter(~table[column].isin(list(values))) if values else table
    return table.filter(table[column].notnull()).anti_join(_as_table(column, values, kind), column)


def _as_table(column: str, values: Collection[Any], kind: str) -> Table:
    import pyarrow as pa

    listed: Table = ibis.memtable(pa.table({column: list(dict.fromkeys(values))}), schema={column: kind})
    return listed
