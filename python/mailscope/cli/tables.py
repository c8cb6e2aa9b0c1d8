"""Turns captures into tables: a folder with one file a table, and case.json on what was read."""

import argparse
from pathlib import Path

from mailscope.cli.progress import Progress
from mailscope.cli.reading import add_reading_arguments, options_of, warn_of_inputs
from mailscope.errors import UsageError
from mailscope.ingest.captures import described, write_case

EXAMPLES = """
mailscope tables day1.pcap day2.pcap.gz -o case
mailscope tables link.pcapng -o out --format csv
mailscope tables /srv/captures/*.pcap -o case --engine spark://192.0.2.10:7077
tcpdump -w - | mailscope tables - -o case
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add_reading_arguments(parser)
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="the case folder to write")
    parser.add_argument("--format", choices=("parquet", "ndjson", "csv"), default="parquet", help="default: parquet")
    parser.add_argument(
        "--engine", metavar="URL", help="spark://HOST:PORT: decode on that cluster, which has the files"
    )


def execute(args: argparse.Namespace) -> int:
    """Reads, writes, and lists the files that were made."""
    if args.engine:
        return _by_cluster(args)
    with Progress() as progress:
        if args.format == "parquet":
            case = write_case(args.captures, args.output, options_of(args), progress)
        else:
            from mailscope.ingest.formats import write_case_as

            case = write_case_as(args.format, args.captures, args.output, options_of(args), progress)
    warn_of_inputs(case.inputs)
    for path in sorted((args.output / "tables").glob(f"*.{args.format}")):
        print(path)
    return 0


def _by_cluster(args: argparse.Namespace) -> int:
    from mailscope.ingest.cluster import tables
    from mailscope.store.engine import connect

    if args.format != "parquet":
        raise UsageError("a cluster writes Parquet", hint="`mailscope export` makes other formats of a case")
    options = described(options_of(args))
    case = tables.write_case(connect(args.engine), args.captures, args.output, options)
    for table in case.values():
        print(table.path)
    return 0
