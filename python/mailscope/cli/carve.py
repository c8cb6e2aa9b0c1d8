"""Cuts the packets of flows out of the captures a case was made from, as pcapng for Wireshark."""

import argparse
from pathlib import Path

from mailscope.errors import StoreError
from mailscope.ingest.captures import carve

EXAMPLES = """
mailscope carve case --flow Fd1f8a42c90b7e563 -o proof.pcapng
mailscope carve case --flow Fd1f8a42c90b7e563 --flow F8aa510e1201654fb -o legs.pcapng
mailscope carve link.pcap inside.pcap --flow Fd1f8a42c90b7e563 -o proof.pcapng
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("source", nargs="+", metavar="CASE|CAPTURE", help="a case folder, or the captures")
    parser.add_argument("--flow", action="append", required=True, metavar="ID", help="a flow id; may be repeated")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the pcapng to write")


def execute(args: argparse.Namespace) -> int:
    """Cuts, and says how many packets were found."""
    source = args.source
    if len(source) == 1 and Path(source[0]).is_dir():
        from mailscope.store.case import Case

        source = Case.open(source[0])
    packets = carve(source, args.flow, args.output)
    if packets == 0:
        raise StoreError("no packet of these flows was found", hint="are these the captures the case was made from?")
    print(f"{args.output}: {packets:,} packets")
    return 0
