"""Keeps the desk's cases: takes complaints in, shows what stands, moves a case, and proves that nobody rewrote it."""

import argparse
from typing import TYPE_CHECKING, Any

from mailscope.cli import case_evidence, desk_pages
from mailscope.cli.desk_arguments import actor, add_desk_arguments, fields, opened, say, say_one
from mailscope.cli.parser import actions

if TYPE_CHECKING:
    from mailscope.desk.records import CaseRecord

EXAMPLES = """
mailscope cases take /var/mail/abuse --settings desk.toml
mailscope cases watch --settings desk.toml
mailscope cases list --state new
mailscope cases show 7
mailscope cases evidence 7 --store flows --maillog mail.log --case CASE
mailscope cases page 7 -o case-7.html --lang zh
mailscope cases quiet 7
mailscope cases move 7 resolve --as wang
mailscope cases verify
"""

_LIST = ("id", "state", "accused", "category", "complaints", "last_event", "responsible", "assignee")
DETAILS_SHOWN = 50
_EVENTS = ("open", "wait", "answer", "resolve", "reopen")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "take": ("file every complaint of a mailbox, each mail once", _take),
            "watch": ("file what comes into the IMAP mailbox of the settings", _watch),
            "list": ("list cases", _list),
            "show": ("show one case with its complaints and history", _number),
            "queue": ("list mails that a person must read", add_desk_arguments),
            "evidence": (
                "look the accused address up in captures, flow records and mail logs",
                case_evidence.arguments,
            ),
            "page": ("write a page that tells the whole case", desk_pages.case_arguments),
            "quiet": ("say whether the traffic stopped after the notice", _quiet),
            "move": ("say what happened to a case", _move),
            "note": ("add a note to a case", _note),
            "assign": ("give a case to somebody", _assign),
            "verify": ("check that no history was rewritten", add_desk_arguments),
        },
    )


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=int, metavar="N", help="number of the case")
    add_desk_arguments(parser)


def _take(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="mbox, Maildir, .eml, folder, or - for standard input")
    parser.add_argument("--registry", metavar="FILE", help="who is responsible for which prefix")
    add_desk_arguments(parser)


def _watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="stop when everything new was filed")
    add_desk_arguments(parser)


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", action="append", default=[], help="only cases in this state; repeatable")
    add_desk_arguments(parser)


def _quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "case", type=int, nargs="?", metavar="N", help="number of the case; default: every notified one"
    )
    parser.add_argument("--store", action="append", default=[], metavar="DIR",
                        help="flow records; default: those of the settings")  # fmt: skip
    add_desk_arguments(parser)


def _move(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("event", choices=_EVENTS, help="what happened")


def _note(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("text", help="the note")


def _assign(parser: argparse.ArgumentParser) -> None:
    _number(parser)
    parser.add_argument("to", metavar="NAME", help="whose case it is from now on")


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    run = {"take": _taken, "watch": _watched, "list": _listed, "show": _shown, "queue": _queued, "verify": _verified}
    run |= {"evidence": case_evidence.execute, "quiet": _stopped, "page": desk_pages.write_case}
    return run.get(args.action, _changed)(args)


def _taken(args: argparse.Namespace) -> int:
    from mailscope.desk.intake import COUNTS, read_source, take

    settings, desk = opened(args)
    registry = args.registry or settings.registry
    counts = take(desk, read_source(args.source, settings.own, settings.relays, registry), settings.sender)
    say_one(args, fields(counts, *COUNTS))
    return 0


def _watched(args: argparse.Namespace) -> int:
    from mailscope.desk.imap_mailbox import watch
    from mailscope.desk.intake import COUNTS, reader_for
    from mailscope.errors import UsageError

    settings, desk = opened(args)
    if settings.imap is None:
        raise UsageError("no mailbox is set", hint="give [imap] host, user and password_file in the settings")
    reader = reader_for(settings.own, settings.relays, settings.registry)
    for counts in watch(desk, settings.imap, reader, settings.sender, once=args.once):
        say_one(args, fields(counts, *COUNTS))
    return 0


def _listed(args: argparse.Namespace) -> int:
    from sqlalchemy import func, select

    from mailscope.desk.records import AccusationRecord, CaseRecord

    _settings, desk = opened(args)
    count = select(func.count()).where(AccusationRecord.case_id == CaseRecord.id).scalar_subquery()
    wanted = select(CaseRecord, count).order_by(CaseRecord.id)
    if args.state:
        wanted = wanted.where(CaseRecord.state.in_(args.state))
    with desk.transaction() as session:
        rows = [_row(case) | {"complaints": number} for case, number in session.execute(wanted)]
    say(args, _LIST, rows)
    return 0


def _row(case: "CaseRecord") -> dict[str, Any]:
    names = ("id", "state", "accused", "category", "first_event", "last_event", "responsible", "contact", "assignee")
    return fields(case, *names)


def _shown(args: argparse.Namespace) -> int:
    from sqlalchemy import select

    from mailscope.desk.cases.case_store import by_id
    from mailscope.desk.cases.history import broken_at, of_case
    from mailscope.desk.records import AccusationRecord, ComplaintRecord

    _settings, desk = opened(args)
    with desk.transaction() as session:
        case = by_id(session, args.case)
        entries = of_case(session, args.case)
        history = [fields(entry, "number", "at", "actor", "action", "details") for entry in entries]
        found = session.execute(
            select(ComplaintRecord, AccusationRecord)
            .join(AccusationRecord, AccusationRecord.complaint_id == ComplaintRecord.id)
            .where(AccusationRecord.case_id == args.case)
        )
        names = ("id", "format", "time", "port", "category", "duplicate_of", "message_id")
        complaints = [
            fields(complaint, "id", "format", "category", "duplicate_of", "message_id")
            | fields(accusation, "time", "port", "address")
            for complaint, accusation in found
        ]
        values = _row(case) | {"evidence": case.evidence, "quiet_since": case.quiet_since}
    if args.json:
        is_whole = broken_at(entries) is None
        say_one(args, values | {"complaints": complaints, "history": history, "history_is_whole": is_whole})
        return 0
    say_one(args, {name: value for name, value in values.items() if name != "evidence"})
    for sentence in (values["evidence"] or {}).get("says", []):
        say_one(args, {"seen": sentence})
    print("\ncomplaints")
    say(args, names, complaints)
    print("\nhistory")
    say(args, ("number", "at", "actor", "action", "details"), [row | {"details": _told(row)} for row in history])
    return 0


def _told(row: dict[str, Any]) -> str:
    """An entry's details on one short line; `--json` has them whole."""
    told = ", ".join(f"{name} {value}" for name, value in row["details"].items() if value not in (None, "", False))
    return told if len(told) <= DETAILS_SHOWN else told[: DETAILS_SHOWN - 1] + "…"


def _queued(args: argparse.Namespace) -> int:
    from sqlalchemy import select

    from mailscope.desk.records import ComplaintRecord

    _settings, desk = opened(args)
    with desk.transaction() as session:
        found = session.scalars(select(ComplaintRecord).where(ComplaintRecord.needs_person))
        rows = [fields(complaint, "id", "taken", "format", "message_id", "why") for complaint in found]
    say(args, ("id", "taken", "format", "message_id", "why"), rows)
    return 0


def _stopped(args: argparse.Namespace) -> int:
    from mailscope.desk.evidence.silence import seen_in
    from mailscope.desk.quiet import watch
    from mailscope.desk.round import flow_records
    from mailscope.errors import UsageError

    settings, desk = opened(args)
    places = args.store or list(settings.flows)
    if not places:
        raise UsageError("no flow records are named", hint="give --store, or `flows` in [desk] of the settings")
    with flow_records([places]) as flows, desk.transaction() as session:
        rows = watch(session, seen_in(flows[0][1]), case=args.case)
    say(args, ("id", "accused", "notified", "standing", "last", "until", "hours", "why"), rows)
    return 0


def _verified(args: argparse.Namespace) -> int:
    from sqlalchemy import select

    from mailscope.desk.cases.history import broken_at, of_case
    from mailscope.desk.records import CaseRecord

    _settings, desk = opened(args)
    with desk.transaction() as session:
        numbers = list(session.scalars(select(CaseRecord.id)))
        broken = [(number, broken_at(of_case(session, number))) for number in numbers]
    bad = [{"case": number, "rewritten_at": entry} for number, entry in broken if entry is not None]
    if bad:
        say(args, ("case", "rewritten_at"), bad)
        return 1
    say_one(args, {"cases": len(numbers), "rewritten": 0})
    return 0


def _changed(args: argparse.Namespace) -> int:
    from mailscope.desk.cases.case_store import assign, by_id, move, note

    _settings, desk = opened(args)
    with desk.transaction() as session:
        case = by_id(session, args.case)
        match args.action:
            case "move":
                move(session, case, args.event, actor(args))
            case "note":
                note(session, case, actor(args), args.text)
            case _:
                assign(session, case, actor(args), args.to)
        values = _row(case)
    say_one(args, values)
    return 0
