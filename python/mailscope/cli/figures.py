"""Tells what the desk achieved: complaints, cases and categories a month, time to notice, time to quiet, repeats."""

import argparse
import sys
from pathlib import Path

from mailscope.cli.desk_arguments import add_desk_arguments, opened, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailscope.desk.database import Desk
    from mailscope.desk.settings import Settings
    from mailscope.investigation.hit_rate import Rate

EXAMPLES = """
mailscope figures
mailscope figures --csv > figures.csv
mailscope figures --chart figures.svg
mailscope figures --queue /var/cache/nfdump/2026 --own 203.0.113.0/24
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("--csv", action="store_true", help="print CSV")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the months into this SVG file")
    parser.add_argument("--repeats", action="store_true", help="list who has several cases instead")
    group = parser.add_argument_group("the queue against the complaints (hits, rate with its interval, lead in hours)")
    group.add_argument("--queue", nargs="*", metavar="SOURCE",
                       help="flow records of the months; without SOURCE those of the settings")  # fmt: skip
    group.add_argument("--own", action="append", default=[], metavar="NETWORK", help="default: those of the settings")
    group.add_argument("--roles", type=Path, metavar="FILE", help="roles of your hosts (`mailscope role`)")
    group.add_argument("--engine", default="duckdb://", metavar="URL", help="spark://HOST:PORT asks that cluster")
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Prints and draws."""
    import csv

    from mailscope.desk.figures import as_rows, chart, months, rated_too, repeat_offenders
    from mailscope.harmless import csv_cell
    from mailscope.store.write import write_text

    settings, desk = opened(args)
    rates = _rates(args, settings, desk) if args.queue is not None else None
    with desk.transaction() as session:
        found = months(session)
        found = found if rates is None else rated_too(found, rates)
        rows = repeat_offenders(session) if args.repeats else as_rows(found, rates)
    if args.chart is not None:
        write_text(args.chart, chart(found, rates=rates))
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


def _rates(args: argparse.Namespace, settings: "Settings", desk: "Desk") -> "dict[str, Rate]":
    """A month's rate by its name, and `all`."""
    from mailscope.cli.senders import records_of
    from mailscope.desk.figures import complaints_told
    from mailscope.investigation.hit_rate import matches, rates
    from mailscope.investigation.sender_queue import queued_moments
    from mailscope.store.roles import roles, roles_file

    args.sources, args.own = args.queue or list(settings.flows), args.own or list(settings.own)
    with desk.transaction() as session:
        told = complaints_told(session)
    with records_of(args) as records:
        found = matches(told, queued_moments(records, args.own, roles(roles_file(args.roles))))
    return {rate.period: rate for rate in rates(found)}
