"""Asks a case or a store in SQL (DuckDB's). Read-only: one SELECT, and no other file or network can be reached."""

import argparse
import sys

from mailscope.cli.output import add_format_argument, print_rows
from mailscope.store.standing import opened

EXAMPLES = """
mailscope sql case "select app, count(*) as flows from flows group by app order by flows desc"
mailscope sql case "select * from mail_sessions where via <> 'direct'" --format ndjson
mailscope sql live "select app, sum(orig_payload_bytes) from flows group by app"
mailscope sql case - < question.sql
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder, or a store of `sense` or `collect`")
    parser.add_argument("query", metavar="QUERY", help="a SELECT, or `-` to read it from standard input")
    add_format_argument(parser)


def execute(args: argparse.Namespace) -> int:
    """Asks, and prints the rows."""
    query = sys.stdin.read() if args.query == "-" else args.query
    print_rows(opened(args.case).sql(query), args.format)
    return 0
