"""Rows on standard output: a table that fits the terminal, or NDJSON or CSV."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from mailscope.harmless import visible
from mailscope.store.engine import Rows
from mailscope.store.formats import TEXT_FORMATS, write_rows

_CELL_LIMIT = 4000
_READABLE_COLUMN = 9


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """The choice between a table for people and text for programs."""
    parser.add_argument("--format", choices=("table", *TEXT_FORMATS), default="table", help="default: table")


def print_rows(rows: Rows, format_: str) -> int:
    """Prints all rows; returns how many. Rows too wide for the terminal are printed as blocks."""
    if format_ != "table":
        write_rows(format_, rows.columns, rows, sys.stdout)
        return -1
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    cells = [[cell(value) for value in row] for row in rows]
    if not cells:
        print("no rows")
    elif len(rows.columns) * (_READABLE_COLUMN + 2) > console.width:
        _print_blocks(rows.columns, cells, console.width)
    else:
        _print_table(console, rows.columns, cells)
    return len(cells)


def cell(value: Any) -> str:  # noqa: ANN401 - any value of a table
    """A value as a person reads it, on one line, with nothing that could move the terminal's cursor."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
        case list() | tuple():
            return visible(", ".join(map(str, value)), _CELL_LIMIT)
        case bytes():
            return visible(value[:_CELL_LIMIT].decode("utf-8", "backslashreplace"), _CELL_LIMIT)
        case _:
            return visible(str(value), _CELL_LIMIT)


def _print_table(console: Any, columns: Sequence[str], cells: list[list[str]]) -> None:  # noqa: ANN401
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, name in enumerate(columns):
        numeric = all(row[index].replace(".", "", 1).isdigit() or row[index] == "-" for row in cells)
        heading = name if len(name) <= max(len(row[index]) for row in cells) else name.replace("_", "_\n")
        table.add_column(
            Text(visible(name) if heading == name else heading),
            justify="right" if numeric else "left",
            no_wrap=heading == name,
            overflow="ellipsis",
        )
    for row in cells:
        table.add_row(*(Text(text, no_wrap=True, overflow="ellipsis") for text in row))
    console.print(table)


def _print_blocks(columns: Sequence[str], rows: Iterable[list[str]], width: int) -> None:
    import textwrap

    margin = max(map(len, columns)) + 2
    for number, row in enumerate(rows, start=1):
        print(f"row {number}")
        for name, text in zip(columns, row, strict=True):
            lines = textwrap.wrap(text, max(width - margin - 2, 20)) or [""]
            print(f"  {visible(name):<{margin}}{lines[0]}")
            for line in lines[1:]:
                print(" " * (margin + 2) + line)
