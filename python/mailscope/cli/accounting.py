"""Accounts for every mail session: which class, which one reason, what was decoded, what cannot be visible."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from mailscope.cli.parser import positive
from mailscope.cli.progress import Progress
from mailscope.cli.reading import add_reading_arguments, options_of, warn_of_inputs
from mailscope.store.case import MANIFEST, Case

EXAMPLES = """
mailscope accounting gateway.pcap
mailscope accounting day1.pcap day2.pcap --html account.html --csv sessions.csv
mailscope accounting case --min-packets 10 --json > account.json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add_reading_arguments(parser)
    group = parser.add_argument_group("account")
    group.add_argument("--min-packets", type=positive, default=4, metavar="N", help="packets of a valid session (4)")
    group.add_argument("--min-bytes", type=positive, default=6, metavar="N", help="payload of a valid session (6)")
    group.add_argument("--json", action="store_true", help="the figures and every session as JSON, instead of text")
    group.add_argument("--csv", type=Path, metavar="FILE", help="write every session as CSV")
    group.add_argument("--html", type=Path, metavar="FILE", help="write the report as one HTML file")


def execute(args: argparse.Namespace) -> int:
    """Reads, counts, checks the sums, and reports."""
    # Through a folder rather than memory: tables and sessions of a large capture may not fit.
    with tempfile.TemporaryDirectory(prefix="mailscope-") as temporary:
        folder = Path(args.captures[0])
        if len(args.captures) == 1 and (folder / MANIFEST).exists():
            case = Case.open(folder)
        else:
            from mailscope.ingest.captures import write_case

            with Progress() as progress:
                case = write_case(args.captures, Path(temporary) / "case", options_of(args), progress)
            warn_of_inputs(case.inputs)
        _report(case, Path(temporary) / "sessions.parquet", args)
    return 0


def _report(case: Case, sessions_file: Path, args: argparse.Namespace) -> None:
    from mailscope.detect.accounting.sessions import Valid, sessions
    from mailscope.detect.accounting.totals import Account, cells, checked
    from mailscope.report.accounting.files import write_csv, write_json
    from mailscope.report.accounting.page import page
    from mailscope.report.accounting.rows import rows
    from mailscope.report.accounting.summary import summary
    from mailscope.report.accounting.text import text
    from mailscope.store.engine import add_parquet
    from mailscope.store.write import whole_file

    valid = Valid(args.min_packets, args.min_bytes)
    sessions(case.to_ibis, valid).to_parquet(sessions_file)
    found = add_parquet(case.connection, "accounted_sessions", sessions_file)
    account = checked(Account(cells(found)), int(found.count().to_pyarrow().as_py()))
    report = summary(account, valid, case.inputs)
    if args.csv:
        with whole_file(args.csv) as file:
            write_csv(file, rows(found))
    if args.html:
        with whole_file(args.html) as file:
            file.write(page(report))
    if args.json:
        write_json(sys.stdout, report, rows(found))
    else:
        width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
        sys.stdout.write(text(report, max(70, min(width, 120))))
