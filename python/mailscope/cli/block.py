"""Stops an address of your own network: a plan, its dry run, approval, effect, expiry and undo, all on record."""

import argparse

from mailscope.cli.desk_arguments import actor, add_desk_arguments, fields, opened, say, say_one
from mailscope.cli.parser import actions, positive

EXAMPLES = """
mailscope block plan 10.1.2.3 --target nftables --hours 24 --reason "spam, case 7" --case 7
mailscope block approve 1 --as wang
mailscope block apply 1
mailscope block list
mailscope block undo 1
mailscope block expire
"""

_LIST = ("id", "state", "target", "prefix", "scope", "expires", "case_id", "approvals", "reason")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "plan": ("show what a block would do; nothing is changed", _plan),
            "approve": ("say yes to a plan", _number),
            "apply": ("do what was planned and approved", _number),
            "undo": ("take a block back", _number),
            "list": ("list blocks", add_desk_arguments),
            "expire": ("undo what is over, and settle what a crash left open", add_desk_arguments),
            "guards": ("show what may be blocked at all", add_desk_arguments),
        },
    )


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("block", type=int, metavar="N", help="number of the block")
    add_desk_arguments(parser)


def _plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prefix", metavar="PREFIX", help="an address or prefix of your network")
    parser.add_argument("--target", required=True, help="the device, as it is named in the settings")
    parser.add_argument("--scope", choices=("mail", "all"), default="mail", help="only mail ports, or everything")
    parser.add_argument("--hours", type=positive, required=True, metavar="N", help="when it ends by itself")
    parser.add_argument("--reason", required=True, help="why, for the record")
    parser.add_argument("--case", type=int, metavar="N", help="the case it belongs to")
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    run = {"plan": _planned, "approve": _approved, "apply": _done, "undo": _done, "list": _listed, "expire": _expired}
    return run.get(args.action, _guards)(args)


def _planned(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime, timedelta

    from mailscope.desk.blocks import plan_block
    from mailscope.response.plan import Plan, network

    settings, desk = opened(args)
    plan = Plan(network(args.prefix), args.scope, datetime.now(UTC) + timedelta(hours=args.hours), args.reason)
    with desk.transaction() as session:
        block = plan_block(session, plan, settings.target(args.target), settings.guards, actor(args), args.case)
        values = fields(block, "id", "state", "target", "prefix", "scope", "expires", "commands")
    say_one(args, values)
    return 0


def _approved(args: argparse.Namespace) -> int:
    from mailscope.desk.blocks import approve_block

    _settings, desk = opened(args)
    with desk.transaction() as session:
        values = fields(approve_block(session, args.block, actor(args)), "id", "state", "prefix", "approvals")
    say_one(args, values)
    return 0


def _done(args: argparse.Namespace) -> int:
    from mailscope.desk.blocks import apply_block, of_number, undo_block

    settings, desk = opened(args)
    with desk.transaction() as session:
        target = settings.target(of_number(session, args.block).target)
    if args.action == "apply":
        block = apply_block(desk, args.block, target, settings.guards, actor(args))
    else:
        block = undo_block(desk, args.block, target, actor(args))
    say_one(args, fields(block, "id", "state", "target", "prefix", "answer", "expires"))
    return 0


def _listed(args: argparse.Namespace) -> int:
    from sqlalchemy import select

    from mailscope.desk.records import BlockRecord

    _settings, desk = opened(args)
    with desk.transaction() as session:
        say(args, _LIST, [fields(b, *_LIST) for b in session.scalars(select(BlockRecord).order_by(BlockRecord.id))])
    return 0


def _expired(args: argparse.Namespace) -> int:
    from mailscope.desk.blocks import expire, settle

    settings, desk = opened(args)
    targets = settings.all_targets()
    changed = [*settle(desk, targets), *expire(desk, targets)]
    say(args, ("id", "state", "target", "prefix"), [fields(b, "id", "state", "target", "prefix") for b in changed])
    return 0


def _guards(args: argparse.Namespace) -> int:
    from mailscope.desk.settings import load

    guards = load(args.settings).guards
    values = fields(guards, "own", "protected", "most", "longest", "most_addresses", "two_persons", "scopes")
    say_one(args, {name: [*map(str, v)] if isinstance(v, (list, tuple)) else v for name, v in values.items()})
    return 0
