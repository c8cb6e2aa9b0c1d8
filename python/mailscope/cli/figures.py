"""Tells what the desk achieved: complaints, cases and categories a month, time to notice, time to quiet, repeats."""

import argparse
import sys
from pathlib import Path

from mailscope.cli.desk_arguments import add_desk_arguments, opened, say

EXAMPLES = """
mailscope figures
mailscope figures --csv > figures.csv
mailscope figures --chart figures.svg
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("--csv", action="store_true", help="print CSV")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the months into this SVG file")
    parser.add_argument("--repeats", action="store_true", help="list who has several cases instead")
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Prints and draws."""
    import csv

    from mailscope.desk.figures import as_rows, chart, months, repeat_offenders
    from mailscope.harmless import csv_cell
    from mailscope.store.write import write_text

    _settings, desk = opened(args)
    with desk.transaction() as session:
        found = months(session)
        rows = repeat_offenders(session) if args.repeats else as_rows(found)
    if args.chart is not None:
        write_text(args.chart, chart(found))
    columns = list(rows[0]) if rows else ["month"]
    if args.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow([csv_cell(name) for name in columns])
        writer.writerows(
            [[csv_cell(str(row[name])) if row[name] is not None else "" for name in columns] for row in rows]
        )
        return 0
    say(args, columns, rows)
    return 0
