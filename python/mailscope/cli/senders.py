"""Queues the hosts that hand out mail as no ordinary host does, and those that scan or flood, each with its reason."""

import argparse
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailscope.cli.progress import Progress
from mailscope.errors import UsageError
from mailscope.harmless import visible
from mailscope.store.roles import roles, roles_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailscope.investigation.sender_queue import Queue
    from mailscope.store.flow_hours import FlowHours

EXAMPLES = """
mailscope senders gateway.pcap --own 192.0.2.0/24
mailscope senders /var/cache/nfdump/2026/11/21 --since 24h
mailscope senders case --json
MAILSCOPE_STORE=flows mailscope senders
mailscope senders flows --engine spark://192.0.2.10:7077
"""

STORE_VARIABLE = "MAILSCOPE_STORE"
"""The environment variable that names the store read when no source is named."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,6})([smhd])")


def duration(text: str) -> timedelta | None:
    """`90m`, `24h`, `7d`; `all` is None."""
    if text == "all":
        return None
    match = _DURATION.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"`{text}` is no duration such as 90m, 24h, 7d or all")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add_source_arguments(parser)
    add_since_argument(parser)
    group = parser.add_argument_group("answer")
    group.add_argument("--all", action="store_true", help="list ordinary hosts as well")
    group.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the text; default: en")
    group.add_argument("--json", action="store_true", help="print the queue as JSON, instead of text")


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """What to read, and of whose network."""
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help=f"captures, flow records, logs, a case, a store; default: the store {STORE_VARIABLE} names",
    )
    group = parser.add_argument_group("reading")
    group.add_argument("--own", action="append", default=[], metavar="NETWORK", help="a network of yours")
    group.add_argument("--engine", default="duckdb://", metavar="URL", help="spark://HOST:PORT asks that cluster")
    group.add_argument("--roles", type=Path, metavar="FILE", help="roles of your hosts (`mailscope role`)")


def add_since_argument(parser: argparse.ArgumentParser) -> None:
    """How much of it."""
    about = "the newest 24h (default), 7d or all; what is older serves as history"
    parser.add_argument("--since", type=duration, default="24h", metavar="TIME", help=about)


def execute(args: argparse.Namespace) -> int:
    """Reads, judges, and prints the queue."""
    queue = queue_of(args, everybody=args.all)
    if args.json:
        from mailscope.report.senders.jsonl import json_text

        sys.stdout.write(json_text(queue))
        return 0
    from mailscope.report.senders.text import text

    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    sys.stdout.write(text(queue, args.lang, min(width, 120)))
    return 0


def queue_of(args: argparse.Namespace, *, everybody: bool) -> "Queue":
    """The queue over the sources that the arguments name."""
    from mailscope.investigation.sender_queue import sender_queue
    from mailscope.store.lake import MAIL_LOG, lakes_of

    known = roles(roles_file(args.roles))
    with records_of(args) as records:
        queue = sender_queue(records, args.own, args.since, known, everybody=everybody)
    if logs := lakes_of(sources_of(args), MAIL_LOG):
        from mailscope.ingest.maillogs.stored import log_between
        from mailscope.investigation.sender_mail import with_mail_logs

        window = window_of(queue)
        queue = with_mail_logs(queue, [log_between(lake, window) for lake in logs])
    return queue


def window_of(queue: "Queue") -> "tuple[datetime, datetime] | None":
    """The window of a queue, in UTC."""
    if queue.window is None:
        return None
    start, end = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in (queue.window.start, queue.window.end))
    return start, end


@contextmanager
def records_of(args: argparse.Namespace) -> "Iterator[FlowHours]":
    """The flow records of the sources that the arguments name, for as long as the block lasts."""
    from mailscope.detect.flow_sums import SUMS
    from mailscope.ingest.flow_sources import FlowSources

    check_networks(args.own)
    named = sources_of(args)
    with tempfile.TemporaryDirectory(prefix="mailscope-") as folder:
        with Progress() as progress:
            sources = FlowSources(Path(folder), progress, args.engine)
            records = sources.hours(named, SUMS)
        for note in sources.notes:
            print(f"warning: {visible(note, 500)}", file=sys.stderr)
        yield records


def sources_of(args: argparse.Namespace) -> list[str]:
    """The sources that the arguments name; without any, the default store."""
    if args.sources:
        return list(args.sources)
    if named := os.environ.get(STORE_VARIABLE):
        return [named]
    hint = f"name captures, flow records, logs or a case, or a store in {STORE_VARIABLE}"
    raise UsageError("no source is named", hint=hint)


def check_networks(texts: list[str]) -> None:
    """Refuses what is no network."""
    import ipaddress

    for text in texts:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise UsageError(f"`{text}` is no network", hint="write --own 192.0.2.0/24") from None
