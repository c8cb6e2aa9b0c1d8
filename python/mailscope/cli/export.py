"""Writes a case in the shape another system reads: logs and events, or what was found as indicators and complaints."""

import argparse
from pathlib import Path

from mailscope.errors import UsageError
from mailscope.store.case import Case

EXAMPLES = """
mailscope tables link.pcap -o case
mailscope export case --as zeek-tsv -o logs
mailscope export case --as eve -o out
mailscope export case --as stix -o out
mailscope export case --as xarf --reporter "Abuse desk <abuse@example.org>" -o out
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder")
    shapes = ("zeek", "zeek-tsv", "eve", "ecs", "ocsf", "stix", "misp", "csv", "suricata", "xarf", "arf")
    parser.add_argument("--as", dest="shape", required=True, choices=shapes, help="the shape")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="the folder to write to")
    parser.add_argument("--reporter", metavar="'NAME <ADDRESS>'", help="who complains, for xarf and arf")


def execute(args: argparse.Namespace) -> int:
    """Writes, and lists the files with their number of records."""
    from mailscope.ingest.captures import version
    from mailscope.report.exports.folder import OF_FINDINGS, write, write_findings

    case = Case.open(args.case)
    if args.shape in OF_FINDINGS:
        from mailscope.report.exports.observed import findings_of

        reporter = _reporter(args)
        written = write_findings(findings_of(case.path), args.shape, args.output, version(), reporter)
    else:
        written = write(case.to_ibis, args.shape, args.output, version())
    for path, count in written:
        print(f"{path}\t{count}")
    return 0


def _reporter(args: argparse.Namespace) -> tuple[str, str]:
    """Name and address of who complains; a complaint from nobody is none."""
    from email.utils import parseaddr

    name, address = parseaddr(args.reporter or "")
    if args.shape in ("xarf", "arf") and "@" not in address:
        raise UsageError("a complaint needs somebody who complains", hint="--reporter 'Abuse desk <abuse@example.org>'")
    return name or address, address
