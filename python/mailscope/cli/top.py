"""Shows the senders of a store again and again: verdict, figures, course over time, and what the sensors miss."""

import argparse
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from mailscope.cli.senders import add_since_argument, check_networks
from mailscope.errors import MailscopeError, StoreError
from mailscope.store.roles import roles, roles_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailscope.report.senders.top import Frame

EXAMPLES = """
mailscope top --store live --own 192.0.2.0/24
mailscope top --store flows --since 1h --every 5
mailscope top --store live --once
"""

TREND_SLOTS = 48


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    about = "store of `sense` or `collect`; default: `live` here"
    parser.add_argument("--store", type=Path, default=Path("live"), metavar="DIR", help=about)
    parser.add_argument("--own", action="append", default=[], metavar="NETWORK", help="a network of yours")
    parser.add_argument("--roles", type=Path, metavar="FILE", help="roles of your hosts (`mailscope role`)")
    add_since_argument(parser)
    parser.add_argument("--every", type=float, default=10.0, metavar="S", help="seconds between frames; default: 10")
    parser.add_argument("--all", action="store_true", help="list ordinary hosts as well")
    parser.add_argument("--once", action="store_true", help="print one frame and end, as without a terminal")
    parser.add_argument("--plain", action="store_true", help="draw with plain characters")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the text; default: en")


def execute(args: argparse.Namespace) -> int:
    """Shows frames until `q` or Ctrl-C; prints one with `--once`, or where nobody can watch."""
    check_networks(args.own)
    from rich.console import Console

    from mailscope.report.senders.top import frame_of

    plain = args.plain or "utf" not in (sys.stdout.encoding or "").lower()
    if args.once or not sys.stdout.isatty():
        if not args.store.is_dir():
            raise StoreError(f"`{args.store}` is no store", hint="`mailscope sense` or `collect` makes one")
        size = shutil.get_terminal_size((80, 24))
        console = Console(width=size.columns, highlight=False)
        console.print(frame_of(_frame(args), size.columns, size.lines, args.lang, plain=plain))
        return 0
    return _live(args, plain)


def _live(args: argparse.Namespace, plain: bool) -> int:
    from rich.console import Console
    from rich.live import Live

    from mailscope.report.senders.top import frame_of

    console = Console(highlight=False)
    with _Keys() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            begun = time.monotonic()
            frame = _frame(args)
            took = time.monotonic() - begun
            shown = None
            until = time.monotonic() + max(args.every - took, 1.0)
            while (left := until - time.monotonic()) > 0:
                if shown != console.size:  # also after the window has changed its size
                    shown = console.size
                    live.update(frame_of(frame, shown.width, shown.height, args.lang, plain=plain), refresh=True)
                if keys.pressed(min(left, 0.5)) in ("q", "Q"):
                    return 0


def _frame(args: argparse.Namespace) -> "Frame":
    """What is known now; trouble with the store is part of the picture, not its end."""
    from mailscope.investigation.sender_queue import sender_queue
    from mailscope.report.senders.top import Frame
    from mailscope.store.lake import Lake

    frame = Frame(None, str(args.store), datetime.now(UTC), _statuses(args.store / "sensors"))
    try:
        if Lake(args.store).exists:
            from mailscope.detect.flow_sums import SUMS
            from mailscope.ingest.flow_sources import FlowSources

            records = FlowSources(args.store / "sensors").hours([args.store], SUMS)
            known = roles(roles_file(args.roles))
            frame.queue = sender_queue(
                records, args.own, args.since, known, everybody=args.all, trend_slots=TREND_SLOTS
            )
    except MailscopeError as error:
        frame.trouble = str(error)
    return frame


def _statuses(folder: Path) -> "list[dict[str, Any]]":
    from mailscope.sensor.packet_sensor import status_of

    found = (status_of(path) for path in sorted(folder.glob("*.json"))[:100])
    return [status for status in found if status is not None]


class _Keys:
    """Keys as they are pressed, where standard input is a terminal; else only time passes."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None

    def __enter__(self) -> "_Keys":
        if sys.stdin.isatty():
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def pressed(self, wait_s: float) -> str:
        """The key pressed in this time, or nothing."""
        if self._before is None:
            time.sleep(wait_s)
            return ""
        import os
        import select

        ready = select.select([sys.stdin], [], [], wait_s)[0]
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace") if ready else ""
