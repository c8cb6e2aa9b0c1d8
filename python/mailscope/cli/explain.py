"""Tells one host's story from flow records and mail logs: its verdict and why, its hours, its servers and mails."""

import argparse
import shutil
import sys
from pathlib import Path

from mailscope.cli.maillog import add_time_arguments, read, say_unread
from mailscope.cli.senders import add_since_argument, add_source_arguments, records_of, sources_of, window_of
from mailscope.store.roles import canonical, roles, roles_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from mailscope.ingest.maillogs.row import Row

EXAMPLES = """
mailscope explain 192.0.2.44 gateway.pcap
mailscope explain 192.0.2.44 flows/ --maillog mail.log --zone +0800
mailscope explain 192.0.2.44 /var/cache/nfdump/2026/11/21 --since 7d --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("subject", metavar="SUBJECT", help="the host's address, or an IPv6 /64 of the queue")
    add_source_arguments(parser)
    add_since_argument(parser)
    parser.add_argument("--maillog", action="append", default=[], type=Path, metavar="FILE", help="a mail server's log")
    add_time_arguments(parser)
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the text; default: en")
    parser.add_argument("--json", action="store_true", help="print the story as JSON, instead of text")


def execute(args: argparse.Namespace) -> int:
    """Reads, judges with all others, and prints the one."""
    from mailscope.investigation.sender_explained import explained
    from mailscope.report.senders.story import json_text, text

    subject, known = _subject(args.subject), roles(roles_file(args.roles))
    with records_of(args) as records:
        story = explained(records, subject, args.own, args.since, known)
    rows, is_logged = _rows(args, subject, window_of(story.queue))
    if is_logged:
        from mailscope.investigation.mail_stories import stories
        from mailscope.investigation.sender_explained import with_mail

        story = with_mail(story, stories(rows, subject))
    if args.json:
        sys.stdout.write(json_text(story))
        return 0
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    sys.stdout.write(text(story, args.lang, min(width, 120)))
    return 0


def _subject(text: str) -> str:
    """A /64 of IPv6 as the queue names it, or an address as tables write it."""
    first, slash, length = text.partition("/")
    return f"{canonical(first)}/64" if slash and length == "64" and ":" in first else canonical(text)


def _rows(
    args: argparse.Namespace, subject: str, window: "tuple[datetime, datetime] | None"
) -> "tuple[list[Row], bool]":
    """Rows of the mail logs that were named or are in the stores, and whether there is any log."""
    from mailscope.ingest.maillogs.stored import rows_of, stored_logs

    lakes = stored_logs(sources_of(args))
    rows = [row for lake in lakes for row in rows_of(lake, subject, window)]
    if args.maillog:
        log = read(args.maillog, args)
        rows += log.rows
        say_unread(log)
    return rows, bool(lakes or args.maillog)
