"""Says who commands the mail that leaves the network, with the packets that prove it."""

import argparse
from pathlib import Path

from mailscope.cli.reading import add_reading_arguments

EXAMPLES = """
mailscope investigate link.pcap inside.pcap --own 10.0.0.0/8 --own-domain example.org -o case
mailscope investigate *.pcap --own 203.0.113.0/24 --role 203.0.113.5=mail-server --lang zh
mailscope investigate link.pcap --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add_reading_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="CASE", help="the case folder to write")


def execute(args: argparse.Namespace) -> int:
    """Reads, asks, and prints the answer."""
    raise NotImplementedError
