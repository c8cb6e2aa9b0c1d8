"""Writes a case in the shape another system reads: Zeek logs, Suricata EVE, ECS or OCSF."""

import argparse
from pathlib import Path

from mailscope.store.case import Case

EXAMPLES = """
mailscope tables link.pcap -o case
mailscope export case --as zeek-tsv -o logs
mailscope export case --as eve -o out
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder")
    parser.add_argument(
        "--as", dest="shape", required=True, choices=("zeek", "zeek-tsv", "eve", "ecs", "ocsf"), help="the shape"
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="the folder to write to")


def execute(args: argparse.Namespace) -> int:
    """Writes, and lists the files with their number of records."""
    from mailscope.ingest.captures import version
    from mailscope.report.exports.folder import write

    for path, count in write(Case.open(args.case).to_ibis, args.shape, args.output, version()):
        print(f"{path}\t{count}")
    return 0
