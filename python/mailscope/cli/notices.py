"""Writes to who is responsible: drafts, approves and sends notices, each once."""

import argparse

from mailscope.cli.desk_arguments import actor, add_desk_arguments, fields, opened, say, say_one
from mailscope.cli.parser import actions

EXAMPLES = """
mailscope notices draft 7 --audience customer --language zh-Hant
mailscope notices list --state draft
mailscope notices show 3
mailscope notices approve 3 --as wang
mailscope notices send
"""

_LIST = ("id", "case_id", "state", "recipient", "language", "sent", "answer")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "draft": ("compose a notice for a case", _draft),
            "list": ("list notices", _list),
            "show": ("print one notice as its reader sees it", _show),
            "approve": ("let a notice go out", _number),
            "cancel": ("never send a notice", _number),
            "send": ("send what is approved, through your mail server", add_desk_arguments),
        },
    )


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notice", type=int, metavar="N", help="number of the notice")
    add_desk_arguments(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--raw", action="store_true", help="the mail as it goes out, with every attachment")
    _number(parser)


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", action="append", default=[], help="only notices in this state; repeatable")
    add_desk_arguments(parser)


def _draft(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=int, metavar="N", help="number of the case")
    parser.add_argument("--to", metavar="ADDRESS", help="recipient; default: the case's contact")
    parser.add_argument(
        "--audience", choices=("customer", "administrator", "foreign-network"), default="customer", help="who reads it"
    )
    parser.add_argument("--language", choices=("en", "zh-Hant", "zh-Hans"), help="default: the settings' language")
    parser.add_argument("--form", choices=("xarf", "arf"), default="xarf", help="the report for machines")
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    run = {"draft": _drafted, "list": _listed, "show": _shown, "send": _sent}
    return run.get(args.action, _decided)(args)


def _drafted(args: argparse.Namespace) -> int:
    from mailscope.desk.notices.drafts import draft

    settings, desk = opened(args)
    with desk.transaction() as session:
        notice = draft(
            session, settings.sender, args.case,
            recipient=args.to, audience=args.audience, language=args.language or settings.language, form=args.form,
        )  # fmt: skip
        values = fields(notice, "id", "case_id", "state", "recipient", "subject")
    say_one(args, values)
    return 0


def _listed(args: argparse.Namespace) -> int:
    from sqlalchemy import select

    from mailscope.desk.records import NoticeRecord

    _settings, desk = opened(args)
    wanted = select(NoticeRecord).order_by(NoticeRecord.id)
    if args.state:
        wanted = wanted.where(NoticeRecord.state.in_(args.state))
    with desk.transaction() as session:
        say(args, _LIST, [fields(notice, *_LIST) for notice in session.scalars(wanted)])
    return 0


def _shown(args: argparse.Namespace) -> int:
    from mailscope.desk.notices.outbox import of_number
    from mailscope.harmless import visible

    _settings, desk = opened(args)
    with desk.transaction() as session:
        mail = of_number(session, args.notice).mail
    text = mail.decode("utf-8", "replace") if args.raw else _readable(mail)
    for line in text.splitlines():
        print(visible(line, 2000))
    return 0


def _readable(mail: bytes) -> str:
    """Main fields, the plain text, and what is attached."""
    from email import message_from_bytes
    from email.policy import default

    found = message_from_bytes(mail, policy=default)
    body = found.get_body(("plain",))
    lines = [f"{name}: {found[name]}" for name in ("From", "To", "Subject", "Date", "In-Reply-To") if found[name]]
    lines += ["", *(str(body.get_content()).splitlines() if body is not None else [])]
    for part in found.iter_attachments():
        size = len(part.get_payload(decode=True) or b"") if not part.is_multipart() else len(part.as_bytes())
        lines.append(f"[attached: {part.get_filename() or part.get_content_type()}, {size:,} bytes]")
    return "\n".join(lines)


def _decided(args: argparse.Namespace) -> int:
    from mailscope.desk.notices.outbox import approve, cancel

    _settings, desk = opened(args)
    decide = approve if args.action == "approve" else cancel
    with desk.transaction() as session:
        values = fields(decide(session, args.notice, actor(args)), "id", "state", "recipient", "subject")
    say_one(args, values)
    return 0


def _sent(args: argparse.Namespace) -> int:
    from mailscope.desk.notices.outbox import recover, send_approved

    settings, desk = opened(args)
    doubtful = recover(desk)
    ended = send_approved(desk, settings.mta)
    say_one(args, {"sent": 0} | ended | ({"in-doubt": ended.get("in-doubt", 0) + doubtful} if doubtful else {}))
    return 0
