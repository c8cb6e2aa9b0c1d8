"""Looks after a store of flow records and mail logs: what it holds, its files, its age."""

import argparse
import json

from mailscope.cli.parser import actions, positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailscope.store.lake import Lake

EXAMPLES = """
mailscope store info flows
mailscope store fold flows
mailscope store fold flows --again
mailscope store compact flows
mailscope store prune flows --keep-days 90
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "info": ("print version, files, bytes, records and days as JSON", _place),
            "fold": ("sum the records that the hourly sums do not hold yet; senders asks them first", _fold),
            "compact": ("join small files; readers and writers go on", _place),
            "prune": ("forget old days, and remove files that nothing needs", _prune),
        },
    )


def _place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="DIR", help="folder or object-store URL")


def _fold(parser: argparse.ArgumentParser) -> None:
    _place(parser)
    about = "sum all records anew, as after an update; while no collector writes"
    parser.add_argument("--again", action="store_true", help=about)


def _prune(parser: argparse.ArgumentParser) -> None:
    _place(parser)
    parser.add_argument("--keep-days", type=positive, metavar="N", help="days kept; default: all")
    parser.add_argument("--grace-hours", type=int, default=24, metavar="H",
                        help="files of versions so young stay, for those who read them; default: 24")  # fmt: skip


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    from mailscope.detect.flow_sums import SUMS
    from mailscope.store.lake import MAIL_LOG, Lake

    records, logs = Lake(args.store, sums=SUMS), Lake(args.store, table=MAIL_LOG)
    # Flow records are not named, as when a store had nothing else.
    done = _done(records, args) if records.exists or not logs.exists else {}
    print(json.dumps(done | ({MAIL_LOG: _done(logs, args)} if logs.exists else {}), indent=1))
    return 0


def _done(lake: "Lake", args: argparse.Namespace) -> "dict[str, Any]":
    if args.action == "info":
        return lake.info()
    summed = lake.fold(again=args.action == "fold" and args.again)
    if args.action == "fold":
        return {"summed_records": summed}
    if args.action == "compact":
        return lake.compact()
    return lake.prune(keep_days=args.keep_days, grace_hours=max(0, args.grace_hours))
