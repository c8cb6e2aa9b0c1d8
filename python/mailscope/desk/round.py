"""One round of the desk: mail in, evidence, what rules allow out, quiet checks, blocks that are over. Bounded.

Every step is its own transactions; a step that fails is told and the next one is done. Killed anywhere, the next
round goes on: mails are known by their bytes, notices by their case and kind, blocks by what the device says.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.moments import NOT_WATCHED
from mailscope.desk.intake import moment
from mailscope.errors import MailscopeError

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from mailscope.desk.database import Desk
    from mailscope.desk.records import CaseRecord
    from mailscope.desk.settings import Settings

EVIDENCE_A_ROUND = 20
"""Cases whose evidence is looked up in one round; the next round takes the next ones."""

SENT_A_ROUND = 200

ASKED_AGAIN_AFTER, ASKED_AGAIN_FOR = timedelta(hours=1), timedelta(days=2)
"""Where no source had looked, it is asked again so often and so long: flow records and logs come late."""

Step = Callable[["Desk", "Settings"], dict[str, int]]


def one_round(desk: Desk, settings: Settings) -> Iterator[tuple[str, dict[str, int] | str]]:
    """Does every step; yields its name with its counts, or with what went wrong."""
    from sqlalchemy.exc import SQLAlchemyError

    for name, step in STEPS.items():
        try:
            yield name, step(desk, settings)
        except (MailscopeError, OSError, SQLAlchemyError) as error:
            yield name, str(error)[:400]


def end_blocks(desk: Desk, settings: Settings) -> dict[str, int]:
    """Undoes blocks that are over, and settles what a crash left open."""
    from mailscope.desk.blocks import expire, settle

    targets = settings.all_targets()
    return {"settled": len(settle(desk, targets)), "ended": len(expire(desk, targets))}


def take_mail(desk: Desk, settings: Settings) -> dict[str, int]:
    """Files what is new in the mailboxes of the settings."""
    from mailscope.desk.complaints.mailboxes import mails
    from mailscope.desk.imap_mailbox import watch
    from mailscope.desk.intake import COUNTS, reader_for, take

    counts = dict.fromkeys(COUNTS, 0)
    rounds: list[Any] = []
    reader = reader_for(settings.own, settings.relays, settings.registry)
    if settings.mailbox is not None:
        new = (mail for mail in mails(settings.mailbox) if not _is_known(desk, mail.data))
        rounds.append(take(desk, ((mail.data, reader.read(mail).to_json()) for mail in new), settings.sender))
    if settings.imap is not None:
        rounds += watch(desk, settings.imap, reader, settings.sender, once=True)
    for taken in rounds:
        for name in COUNTS:
            counts[name] += getattr(taken, name)
    return counts


def _is_known(desk: Desk, mail: bytes) -> bool:
    """Whether the mail was taken before; asked before it is read, because a mailbox is given whole each round."""
    from sqlalchemy import select

    from mailscope.desk.records import ComplaintRecord

    digest = hashlib.sha256(mail).hexdigest()
    with desk.engine.connect() as connection:
        found = connection.execute(select(ComplaintRecord.id).where(ComplaintRecord.digest == digest))
        return found.first() is not None


def look_up(desk: Desk, settings: Settings) -> dict[str, int]:
    """Evidence for cases that have none of their newest complaint yet, from the sources of the settings."""
    from sqlalchemy import select

    from mailscope.desk.evidence.captures import case_folders
    from mailscope.desk.evidence.joined import evidence_of, keep
    from mailscope.desk.evidence.moments import moments_of
    from mailscope.desk.records import CaseRecord
    from mailscope.ingest.maillogs.reader import mail_log

    if not (settings.cases or settings.flows or settings.maillogs):
        return {"looked_up": 0}
    wanted = select(CaseRecord).where(CaseRecord.state.in_(("new", "open", "reopened"))).order_by(CaseRecord.id)
    now = datetime.now(UTC)
    with desk.transaction() as session:
        cases = [case for case in session.scalars(wanted) if is_outdated(case, now)][:EVIDENCE_A_ROUND]
        asked = [(case.id, case.category, moments_of(session, case)) for case in cases]
    if not asked:
        return {"looked_up": 0}
    folders = case_folders(settings.cases)
    log = mail_log(settings.maillogs, settings.log_zone) if settings.maillogs else None
    logs = [("mail logs", log.rows)] if log is not None else []
    with flow_records([[place] for place in settings.flows]) as flows:
        for number, category, moments in asked:
            found = evidence_of(moments, category, cases=folders, flows=flows, logs=logs)
            with desk.transaction() as session:
                keep(session, session.get_one(CaseRecord, number), found, "mailscope")
    return {"looked_up": len(asked)}


def is_outdated(case: CaseRecord, now: datetime) -> bool:
    """Whether evidence is missing, older than the newest complaint, or asked before the records of that time came."""
    if case.evidence is None:
        return True
    newest = max((row["time"] for row in case.evidence.get("moments", []) if row.get("time")), default=None)
    if case.last_event is not None and (newest is None or moment(newest) != case.last_event):
        return newest is None or (moment(newest) or now) < case.last_event
    gathered = moment(case.evidence.get("gathered")) or now
    is_blind = case.evidence.get("verdict") == NOT_WATCHED
    return is_blind and now - case.opened < ASKED_AGAIN_FOR and now - gathered >= ASKED_AGAIN_AFTER


def check_quiet(desk: Desk, settings: Settings) -> dict[str, int]:
    """Says of each notified case whether it stopped, goes on, or cannot be seen."""
    from collections import Counter

    from mailscope.desk.evidence.silence import seen_in
    from mailscope.desk.quiet import watch

    if not settings.flows:
        return {}
    with flow_records([settings.flows]) as flows:
        seen = seen_in(flows[0][1])
        with desk.transaction() as session:
            return dict(Counter(row["standing"] for row in watch(session, seen)))


def send_what_is_due(desk: Desk, settings: Settings) -> dict[str, int]:
    """Approves what the rules allow."""
    from mailscope.desk.automatic import send_by_rule

    return send_by_rule(desk, settings)


def send(desk: Desk, settings: Settings) -> dict[str, int]:
    """Sends what is approved, by a person or a rule."""
    from mailscope.desk.notices.outbox import recover, send_approved

    doubtful = recover(desk)
    ended = send_approved(desk, settings.mta, limit=SENT_A_ROUND)
    return ended | ({"in-doubt": ended.get("in-doubt", 0) + doubtful} if doubtful else {})


STEPS: dict[str, Step] = {
    "blocks": end_blocks,
    "mail": take_mail,
    "evidence": look_up,
    "quiet": check_quiet,
    "rules": send_what_is_due,
    "outbox": send,
}


@contextmanager
def flow_records(sources: Sequence[Sequence[str]]) -> Iterator[list[tuple[str, Table]]]:
    """The flow records of each group of sources, with its places, for as long as the block lasts."""
    from mailscope.ingest.flow_sources import FlowSources

    with tempfile.TemporaryDirectory(prefix="mailscope-") as folder:
        found = []
        for number, places in enumerate(sources):
            part = Path(folder) / str(number)
            part.mkdir()
            found.append((", ".join(places), FlowSources(part).expression(places)))
        yield found
