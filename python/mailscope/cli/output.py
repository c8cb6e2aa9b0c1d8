"""Rows on standard output: a table that fits the terminal, or NDJSON or CSV."""

import argparse
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mailscope.store.engine import Rows
from mailscope.store.formats import TEXT_FORMATS, write_rows


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """The choice between a table for people and text for programs."""
    parser.add_argument("--format", choices=("table", *TEXT_FORMATS), default="table", help="default: table")


def print_rows(rows: Rows, format_: str) -> int:
    """Prints the rows of a query; returns how many, where they were counted."""
    return print_table(rows.columns, rows, format_)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], format_: str) -> int:
    """Prints rows under their columns' names; returns how many, where they were counted."""
    if format_ != "table":
        write_rows(format_, columns, rows, sys.stdout)
        return 0
    from mailscope.cli.layout import fitted

    found = list(rows)
    lines = fitted(columns, found, shutil.get_terminal_size((100, 24)).columns) if found else ["no rows"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return len(found)
