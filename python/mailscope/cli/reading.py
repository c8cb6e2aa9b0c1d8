"""The arguments that every verb which reads captures has, and what is said after reading."""

import argparse
import sys

from mailscope.detect.phishing_phrases import SPOT
from mailscope.ingest.captures import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Captures, and how to read them."""
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="pcap, pcapng (also .gz, .zst), or `-`")
    group = parser.add_argument_group("reading")
    group.add_argument("--sensor", metavar="NAME", help="where the capture was taken, for the table `flows`")
    group.add_argument("--keep-messages", action="store_true", help="keep mails whole, for `mailscope messages`")
    group.add_argument("--mask-users", action="store_true", help="mask login names (passwords are never kept)")
    group.add_argument(
        "--count-copies", action="store_true", help="count a packet again that another tap or mirror port gave as well"
    )
    group.add_argument(
        "--decode-as",
        action="append",
        default=[],
        metavar="PORT=APP",
        help="what a port carries, such as 2525=smtp",
    )


def options_of(args: argparse.Namespace, **more: int) -> Options:
    """The core's options as the arguments say."""
    return Options(
        sensor=args.sensor,
        keep_messages=args.keep_messages,
        mask_users=args.mask_users,
        decode_as=args.decode_as,
        spot=SPOT,
        count_copies=args.count_copies,
        **more,
    )


def warn_of_inputs(inputs: "list[dict[str, Any]]") -> None:
    """Says on standard error which captures were not read to their end, hold copies, or have another clock."""
    for entry in inputs:
        if entry.get("duplicates") or entry.get("clock_offset_us"):
            _note_copies(entry)
        if entry.get("end", "complete") != "complete":
            from mailscope.harmless import visible
            from mailscope.report.inputs import ended
            from mailscope.wording import render

            name, how = visible(str(entry.get("name")), 200), visible(render(ended(entry)), 200)
            rest = "; what came before was read" if entry.get("packets") else ""
            print(f"warning: `{name}`: {how}{rest}", file=sys.stderr)


# Clocks nearer than this are left as they are: the difference may be the way between two capture points.
SAME_CLOCK_US = 1000


def _note_copies(entry: "dict[str, Any]") -> None:
    from mailscope.harmless import visible

    name = visible(str(entry.get("name")), 200)
    if copies := entry.get("duplicates"):
        print(f"note: {copies:,} packets of `{name}` are copies of others and were counted once", file=sys.stderr)
    offset = entry.get("clock_offset_us") or 0
    if abs(offset) >= SAME_CLOCK_US:
        reference = visible(str(entry.get("clock_reference")), 200)
        way = "ahead of" if offset > 0 else "behind"
        seconds = f"{abs(offset) / 1e6:.6f} s"
        print(
            f"note: the clock of `{name}` is {seconds} {way} that of `{reference}`, which times follow", file=sys.stderr
        )
