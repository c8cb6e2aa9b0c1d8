"""Tables as plain rows, for comparing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from mailscope import _core

Row = dict[str, Any]
Rows = dict[str, list[Row]]

# Ends of the names of columns that say where in the input a row stands.
PLACE = ("_packet", "_capture")


def read(paths: Iterable[Path], **options: Any) -> tuple[Rows, list[Row]]:
    """All rows of all tables, and what became of each input."""
    result = _core.read([str(path) for path in paths], _core.Options(**options), None)
    return {name: pa.table(stream).to_pylist() for name, stream in result.tables.items()}, list(result.inputs)


def rows(*paths: Path, **options: Any) -> Rows:
    """All rows of all tables."""
    return read(paths, **options)[0]


def without_place(tables: Rows) -> Rows:
    """The same rows without what says in which file and packet they stand, in one order."""

    def plain(row: Row) -> Row:
        return {key: value for key, value in row.items() if key != "capture" and not key.endswith(PLACE)}

    return {name: sorted(map(plain, table), key=repr) for name, table in tables.items()}
