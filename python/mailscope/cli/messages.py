"""Writes the mails of a case as .eml files, named after their session; needs `--keep-messages` when read."""

import argparse
from pathlib import Path

from mailscope.store.case import Case
from mailscope.store.mails import write_mails

EXAMPLES = """
mailscope investigate link.pcap --keep-messages -o case
mailscope messages case --eml mails
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder made with --keep-messages")
    parser.add_argument("--eml", required=True, type=Path, metavar="DIR", help="the folder to write them to")


def execute(args: argparse.Namespace) -> int:
    """Writes, and lists the files."""
    for path in write_mails(Case.open(args.case), args.eml):
        print(path)
    return 0
