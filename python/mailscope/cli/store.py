"""Looks after a store of flow records: what it holds, its files, its age."""

import argparse
import json

from mailscope.cli.parser import actions, positive

EXAMPLES = """
mailscope store info flows
mailscope store fold flows
mailscope store compact flows
mailscope store prune flows --keep-days 90
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "info": ("print version, files, bytes, records and days as JSON", _place),
            "fold": ("sum the records that the hourly sums do not hold yet; senders asks them first", _place),
            "compact": ("join small files; readers and writers go on", _place),
            "prune": ("forget old days, and remove files that nothing needs", _prune),
        },
    )


def _place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="DIR", help="folder or object-store URL")


def _prune(parser: argparse.ArgumentParser) -> None:
    _place(parser)
    parser.add_argument("--keep-days", type=positive, metavar="N", help="days kept; default: all")
    parser.add_argument("--grace-hours", type=int, default=24, metavar="H",
                        help="files of versions so young stay, for those who read them; default: 24")  # fmt: skip


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    from mailscope.detect.flow_sums import SUMS
    from mailscope.store.lake import Lake

    lake = Lake(args.store, sums=SUMS)
    if args.action == "info":
        done = lake.info()
    elif args.action == "fold":
        done = {"summed_records": lake.fold()}
    elif args.action == "compact":
        lake.fold()
        done = lake.compact()
    else:
        lake.fold()
        done = lake.prune(keep_days=args.keep_days, grace_hours=max(0, args.grace_hours))
    print(json.dumps(done, indent=1))
    return 0
