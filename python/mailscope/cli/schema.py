"""Explains the tables and their columns: types, what may be missing, what it means."""

import argparse

from mailscope.errors import StoreError
from mailscope.schema.tables import STORED

EXAMPLES = """
mailscope schema
mailscope schema proxy_requests
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("table", nargs="?", metavar="TABLE", help="explain the columns of this table")


def execute(args: argparse.Namespace) -> int:
    """Prints the list of tables, or of one table's columns."""
    known = STORED
    if args.table is None:
        _print_aligned([(table.name, table.meaning) for table in known.values()])
        return 0
    if args.table not in known:
        raise StoreError(f"there is no table `{args.table}`", hint=f"the tables are {', '.join(known)}")
    table = known[args.table]
    _print_aligned([(f"{table.name}:", table.meaning)], gap=1)
    print()
    _print_aligned([(c.name, c.type + (" or null" if c.nullable else ""), c.meaning) for c in table.columns])
    return 0


def _print_aligned(rows: list[tuple[str, ...]], gap: int = 2) -> None:
    import shutil
    import textwrap

    widths = [max(len(row[i]) for row in rows) + gap for i in range(len(rows[0]) - 1)]
    margin = sum(widths)
    room = max(shutil.get_terminal_size((100, 24)).columns - margin, 30)
    for row in rows:
        head = "".join(f"{text:<{width}}" for text, width in zip(row[:-1], widths, strict=True))
        print(head + f"\n{' ' * margin}".join(textwrap.wrap(row[-1], room)))
