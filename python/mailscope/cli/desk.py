"""Runs the desk: mail in, evidence, what the rules allow out, reminders, quiet checks, blocks that are over."""

import argparse
import sys
import time
from typing import Any

from mailscope.cli import desk_pages
from mailscope.cli.desk_arguments import add_desk_arguments, opened, say_one
from mailscope.cli.parser import actions
from mailscope.cli.senders import duration

EXAMPLES = """
mailscope desk run --once --settings desk.toml
mailscope desk run --every 5m
mailscope desk due
mailscope desk page -o desk/
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "run": ("do one round after the other, or one", _run),
            "page": ("write the desk as pages: what is open, waits, is due, is blocked", desk_pages.desk_arguments),
            "due": ("show what the rules would send now, and what waits for a person and why", add_desk_arguments),
        },
    )


def _run(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--once", action="store_true", help="do one round, for cron")
    group.add_argument("--every", type=duration, default="5m", metavar="TIME", help="from round to round; default: 5m")
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    return {"run": _ran, "due": _due, "page": desk_pages.write_desk}[args.action](args)


def _ran(args: argparse.Namespace) -> int:
    from mailscope.desk.round import one_round
    from mailscope.errors import UsageError

    if args.every is None:
        raise UsageError("`--every all` is no time from round to round", hint="write --every 5m, or --once")
    settings, desk = opened(args)
    while True:
        began, failed = time.monotonic(), False
        for name, counts in one_round(desk, settings):
            failed = failed or isinstance(counts, str)
            _tell(args, name, counts)
        if args.once:
            return 1 if failed else 0
        sys.stdout.flush()
        time.sleep(max(1.0, args.every.total_seconds() - (time.monotonic() - began)))


def _tell(args: argparse.Namespace, name: str, counts: "dict[str, int] | str") -> None:
    from mailscope.harmless import visible

    if isinstance(counts, str):
        print(f"error: {name}: {visible(counts, 500)}", file=sys.stderr)
        return
    done = {key: count for key, count in counts.items() if count}
    if args.json:
        say_one(args, {"step": name} | counts)
    elif done:
        say_one(args, {name: ", ".join(f"{count:,} {key}" for key, count in done.items())})


def _due(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from sqlalchemy import select

    from mailscope.cli.desk_arguments import say
    from mailscope.desk.automatic import judged
    from mailscope.desk.records import CaseRecord

    settings, desk = opened(args)
    rows: list[dict[str, Any]] = []
    now = datetime.now(UTC)
    with desk.transaction() as session:
        for case in session.scalars(select(CaseRecord).where(CaseRecord.state != "resolved").order_by(CaseRecord.id)):
            reason, found = judged(session, case, settings.rules, now)
            row = {"id": case.id, "state": case.state, "accused": case.accused, "category": case.category}
            row |= {"due": found[0] if found else None, "rule": found[1].name if found and found[1] else None}
            rows.append(row | {"person": reason})
    say(args, ("id", "state", "accused", "category", "due", "rule", "person"), rows)
    return 0
