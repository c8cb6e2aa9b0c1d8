"""Says who commands the mail that leaves the network, with the packets that prove it."""

import argparse
from pathlib import Path

from mailscope.cli.reading import add_reading_arguments
from mailscope.errors import UsageError

EXAMPLES = """
mailscope investigate link.pcap inside.pcap --own 10.0.0.0/8 --own-domain example.org -o case
mailscope investigate *.pcap --own 203.0.113.0/24 --role 203.0.113.5=mail-server --lang zh
mailscope investigate link.pcap --json | jq .findings
"""

FOUND = 10
"""Exit code with `--exit-code` when there are findings."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add_reading_arguments(parser)
    group = parser.add_argument_group("your network (what you leave out is inferred from the traffic)")
    group.add_argument("--own", action="append", default=[], metavar="CIDR", help="a network of yours; repeatable")
    group.add_argument("--own-domain", action="append", default=[], metavar="DOMAIN", help="a mail domain of yours")
    group.add_argument("--role", action="append", default=[], metavar="A=ROLE", help="what a host is")
    group.add_argument("--look-for", action="append", default=[], metavar="HOST", help="search for it besides")
    group = parser.add_argument_group("answer")
    group.add_argument("-o", "--output", type=Path, metavar="CASE", help="keep everything in this folder")
    group.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report; default: en")
    group.add_argument("--json", action="store_true", help="print the answer as JSON")
    group.add_argument("--exit-code", action="store_true", help=f"exit with {FOUND} when something was found")


def roles_of(arguments_: list[str]) -> dict[str, str]:
    """`ADDR=ROLE` arguments as a mapping."""
    roles = dict(text.partition("=")[::2] for text in arguments_)
    if "" in roles.values():
        raise UsageError("a role is missing", hint="write --role 192.0.2.9=mail-server")
    return roles


def execute(args: argparse.Namespace) -> int:
    """Reads, asks, keeps and prints the answer."""
    raise NotImplementedError
