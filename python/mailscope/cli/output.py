"""Rows on standard output: a table that fits the terminal, or NDJSON or CSV."""

import argparse
import shutil
import sys

from mailscope.store.engine import Rows
from mailscope.store.formats import TEXT_FORMATS, write_rows


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """The choice between a table for people and text for programs."""
    parser.add_argument("--format", choices=("table", *TEXT_FORMATS), default="table", help="default: table")


def print_rows(rows: Rows, format_: str) -> int:
    """Prints all rows; returns how many, where they were counted."""
    if format_ != "table":
        write_rows(format_, rows.columns, rows, sys.stdout)
        return 0
    from mailscope.cli.layout import fitted

    found = list(rows)
    lines = fitted(rows.columns, found, shutil.get_terminal_size((100, 24)).columns) if found else ["no rows"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return len(found)
