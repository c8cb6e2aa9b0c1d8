"""Prints rows of one table of a case or a store, fitted to the terminal; without a table, which there are."""

import argparse
import re

from mailscope.cli.output import add_format_argument, print_rows, print_table
from mailscope.cli.parser import positive
from mailscope.errors import StoreError
from mailscope.store.standing import opened

EXAMPLES = """
mailscope show case flows
mailscope show case mail_transactions --where "mail_from like '%@example.org'" --limit 50
mailscope show case proxy_requests --columns start,client_addr,target_host,request_line
mailscope show case messages --columns all --limit 1
mailscope show live
"""

# What one looks at first; the rest is a `--columns` away.
FIRST_LOOK = {
    "flows": "start flow_id orig_addr orig_port resp_addr resp_port app orig_payload_bytes resp_payload_bytes",
    "mail_sessions": "start flow_id client_addr server_addr via outcome helo",
    "mail_transactions": "start flow_id client_addr server_addr mail_from rcpt_accepted delivered",
    "messages": "start flow_id client_addr from_addrs to_addrs subject",
    "urls": "flow_id place host url",
    "attachments": "flow_id name content_type size_bytes magic",
    "http_requests": "start flow_id client_addr method uri status",
    "proxy_requests": "start flow_id client_addr kind target_host target_port granted inner_app",
    "logins": "start flow_id client_addr server_addr service user success",
    "dns_answers": "start client_addr query rtype answer",
    "tls_handshakes": "start flow_id client_addr server_addr began sni version",
    "mail_log": "time host queue_id mail_from rcpt_to status",
    "flow_records": "start src_addr src_port dst_addr dst_port proto packets bytes",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder, or a store of `sense` or `collect`")
    parser.add_argument("table", metavar="TABLE", nargs="?", help="`mailscope schema` explains them")
    parser.add_argument("--where", metavar="EXPR", help="a condition in SQL")
    parser.add_argument("--columns", metavar="A,B", help="which columns, or `all`")
    parser.add_argument("--limit", type=positive, default=20, metavar="N", help="rows at most; default: 20")
    add_format_argument(parser)


def execute(args: argparse.Namespace) -> int:
    """Asks for the rows and prints them."""
    case = opened(args.case)
    if args.table is None:
        print_table(("table", "rows"), [(name, len(table)) for name, table in case.items()], args.format)
        return 0
    table = case.table(args.table)
    columns = chosen_columns(args.table, args.columns, table.columns)
    selected = ", ".join(f'"{column}"' for column in columns)
    # The condition is the user's own SQL; the engine runs nothing but one SELECT over this case.
    where = f"WHERE ({args.where}\n)" if args.where else ""
    keys = [key for key in ("start", "time", "flow_id", "record") if key in table.columns]
    order = f"ORDER BY {', '.join(keys)}" if {"start", "time"} & set(keys) else ""
    rows = case.sql(f'SELECT {selected} FROM "{args.table}" {where} {order} LIMIT {args.limit}')  # noqa: S608
    shown = print_rows(rows, args.format)
    if args.format == "table" and shown == args.limit and len(table) > shown and not args.where:
        print(f"{shown} of {len(table):,} rows; `--limit` shows more")
    return 0


def chosen_columns(table: str, wanted: str | None, present: list[str]) -> list[str]:
    """The columns to show: those named, all, or those that one looks at first."""
    if wanted == "all":
        return present
    names = re.split(r"[,\s]+", wanted.strip(", ")) if wanted else FIRST_LOOK.get(table, " ".join(present)).split()
    if missing := [name for name in names if name not in present]:
        raise StoreError(f"`{table}` has no column `{missing[0]}`", hint=f"`mailscope schema {table}` lists them")
    return names
