"""Reads logs of mail servers and filters: one story a mail, from its client over the filters to where it went.

Sendmail, Postfix, Exim, MailScanner, amavis and rspamd; plain or gzip, syslog of RFC 3164 and RFC 5424, and what
`journalctl -o json` writes. Files of several servers are joined.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from mailscope.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailscope.ingest.maillogs.reader import MailLog
    from mailscope.investigation.mail_bursts import Burst
    from mailscope.investigation.mail_stories import MailStory

EXAMPLES = """
mailscope maillog /var/log/mail.log /var/log/mail.log.1.gz --zone +0800
mailscope maillog relay.log filter.log --address 192.0.2.44 --json
mailscope maillog maillog --bursts
mailscope maillog /var/log/mail.log /var/log/mail.log.1.gz --store flows
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a log, plain or gzip, oldest first")
    add_time_arguments(parser)
    parser.add_argument("--address", metavar="ADDR", help="only mails that this address handed in or was handed")
    parser.add_argument("--bursts", action="store_true", help="list mails of one second, one network, nearly one size")
    parser.add_argument("--store", metavar="DIR", help="put what is new into this store, and print no mails")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, instead of a table")


def add_time_arguments(parser: argparse.ArgumentParser) -> None:
    """What old syslog lines leave out."""
    parser.add_argument("--year", type=int, metavar="N", help="year of the first line; default: from the file's time")
    parser.add_argument(
        "--zone", metavar="ZONE", help="zone of the log: `+0800`, `Asia/Taipei`; default: as its ids tell"
    )


def execute(args: argparse.Namespace) -> int:
    """Reads, joins, prints; what could not be read goes to standard error."""
    from mailscope.ingest.maillogs.values import address
    from mailscope.investigation.mail_bursts import bursts
    from mailscope.investigation.mail_stories import stories

    wanted = address(args.address) if args.address else None
    if args.address and wanted is None:
        raise UsageError(f"`{args.address[:60]}` is no address")
    if args.store:
        return _store(args)
    found = read(args.files, args)
    told = stories(found.rows, wanted)
    if args.bursts:
        clusters = bursts(told)
        _print(args, [_burst_object(burst) for burst in clusters], [_burst_row(burst) for burst in clusters])
    else:
        _print(args, (story_object(story) for story in told), (table_row(story) for story in told))
    say_unread(found)
    return 0


def _store(args: argparse.Namespace) -> int:
    """Puts the lines that a store does not have into its table `mail_log`."""
    from mailscope.ingest.maillogs.stored import store_logs
    from mailscope.ingest.maillogs.zones import zone_of
    from mailscope.store.lake import MAIL_LOG, Lake

    if args.address or args.bursts:
        raise UsageError("`--store` stores whole logs", hint="ask the store: `mailscope explain ADDR DIR`")
    zone = zone_of(args.zone) if args.zone else None
    found, new = store_logs(args.files, Lake(args.store, table=MAIL_LOG), zone, checked_year(args))
    print(f"{new} rows stored", file=sys.stderr)
    if args.json:
        print(json.dumps({"lines": found.lines, "other": found.other, "unreadable": found.unreadable, "stored": new}))
    say_unread(found)
    return 0


def read(files: list[Path], args: argparse.Namespace) -> "MailLog":
    """The rows of the files, with `args.year` and `args.zone`."""
    from mailscope.ingest.maillogs.reader import mail_log
    from mailscope.ingest.maillogs.zones import zone_of

    return mail_log(files, zone_of(args.zone) if args.zone else None, checked_year(args))


def checked_year(args: argparse.Namespace) -> int | None:
    """The year that was given; UsageError for one that no log is of."""
    year: int | None = args.year
    if year is not None and not 1970 <= year <= 9998:
        raise UsageError(f"`--year {year}` is no year of a log")
    return year


def _print(args: argparse.Namespace, objects: "Any", rows: "Any") -> None:
    from mailscope.cli.layout import fitted

    if args.json:
        # ASCII: a log's control and direction characters reach no terminal.
        encode = json.JSONEncoder(check_circular=False).encode
        for member in objects:
            sys.stdout.write(encode(member) + "\n")
        return
    names, rows = list(_BURST_COLUMNS if args.bursts else _COLUMNS), list(rows)
    # A column without any value takes room from the others.
    used = [index for index in range(len(names)) if any(row[index] is not None for row in rows)]
    names, rows = [names[index] for index in used], [[row[index] for index in used] for row in rows]
    lines = fitted(names, rows, shutil.get_terminal_size((100, 24)).columns) if rows else ["no mails"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


_COLUMNS = ("time", "queue_id", "client_addr", "mail_from", "rcpt_to", "size", "verdict", "status", "handed_to")
_BURST_COLUMNS = ("time", "network", "mails", "clients", "smallest", "largest", "forged", "mail_from")
_SHOWN = 3


def table_row(story: "MailStory") -> list[object]:
    """One story as cells of the table: time, queue id, client, sender, recipients, size, verdicts, status, next."""
    status = story.status
    if story.status == "mixed":
        status = ", ".join(f"{count:,} {name}" for name, count in sorted(story.counts.items()))
    return [
        story.first,
        story.queue_ids[0] if story.queue_ids else None,
        story.client_addr or story.client_name,
        story.mail_from,
        _few(story.rcpt_to),
        story.size_bytes,
        _few(tuple(dict.fromkeys(story.verdicts))),
        status,
        _few(story.relay_addrs, 1),
    ]


def _few(values: tuple[str, ...], shown: int = _SHOWN) -> str | None:
    more = f" +{len(values) - shown}" if len(values) > shown else ""
    return ", ".join(values[:shown]) + more if values else None


def story_object(story: "MailStory") -> dict[str, object]:
    """One story as JSON: what is said together, then every row in `rows`."""
    # By hand: `dataclasses.asdict` copies every value of every row and took most of the time.
    names = [name for name in story.__slots__ if name != "rows"]
    return {name: getattr(story, name) for name in names} | {
        "first": _iso(story.first),
        "last": _iso(story.last),
        "rows": [{name: getattr(row, name) for name in row.__slots__} | {"time": _iso(row.time)} for row in story.rows],
    }


def _burst_row(burst: "Burst") -> list[object]:
    senders = tuple(dict.fromkeys(story.mail_from for story in burst.stories if story.mail_from))
    span = (burst.smallest_bytes, burst.largest_bytes)
    return [burst.first, burst.network, len(burst.stories), _few(burst.addrs), *span, burst.forged, _few(senders)]


def _burst_object(burst: "Burst") -> dict[str, object]:
    return {
        "network": burst.network,
        "first": _iso(burst.first),
        "last": _iso(burst.last),
        "mails": len(burst.stories),
        "client_addrs": burst.addrs,
        "smallest_bytes": burst.smallest_bytes,
        "largest_bytes": burst.largest_bytes,
        "forged": burst.forged,
        "queue_ids": [story.queue_ids[0] for story in burst.stories if story.queue_ids],
        "mail_from": list(dict.fromkeys(story.mail_from for story in burst.stories if story.mail_from)),
    }


def _iso(moment: "Any") -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment is not None else None


def say_unread(found: "MailLog") -> None:
    """Counts and notes of what was read, on standard error."""
    from mailscope.harmless import visible

    mails = found.lines - found.other - found.unreadable
    print(f"{_lines(found.lines)}: {mails} of mails, {found.other} of other matters", file=sys.stderr)
    if found.unreadable:
        places = ", ".join(visible(place, 100) for place in found.unreadable_at[:5])
        print(f"{_lines(found.unreadable)} could not be read, the first at {places}", file=sys.stderr)
    if found.unreadable and found.unreadable == found.lines:
        print(
            "hint: is this a mail server's log? `mailscope maillog --help` names those that are read", file=sys.stderr
        )
    for note in found.notes:
        print(f"note: {visible(note, 300)}", file=sys.stderr)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
