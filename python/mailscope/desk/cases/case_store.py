"""Where cases are opened, joined, moved, and told of; every change leaves an entry in the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.history import append
from mailscope.desk.cases.transitions import next_state
from mailscope.desk.records import AccusationRecord, CaseRecord, ComplaintRecord
from mailscope.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

JOINS_FOR = timedelta(days=30)
"""A complaint about the same address and kind joins a case that changed this recently."""

UNKNOWN = "unknown"
"""Category of a complaint that names none."""

MACHINE = "mailscope"
"""The actor of what no person did."""


def by_id(session: Session, number: int) -> CaseRecord:
    """One case; UsageError when there is none."""
    found = session.get(CaseRecord, number)
    if found is None:
        raise UsageError(f"there is no case {number}", hint="`mailscope cases list` shows all")
    return found


def move(session: Session, case: CaseRecord, event: str, actor: str, details: Mapping[str, Any] | None = None) -> None:
    """What happened, by whom; the state follows the table of transitions."""
    now = datetime.now(UTC)
    before, case.state = case.state, next_state(case.state, event)
    case.changed = now
    if case.state == "resolved" and before != "resolved":
        case.resolved = now
    if case.state == "reopened" and before == "resolved":
        case.resolved, case.quiet_since = None, None
    if event == "notify":
        case.notified = case.notified or now
    append(session, case.id, now, actor, event, {"from": before, "to": case.state} | dict(details or {}))


def note(session: Session, case: CaseRecord, actor: str, text: str) -> None:
    """A person's words about the case."""
    case.changed = datetime.now(UTC)
    append(session, case.id, case.changed, actor, "note", {"text": text})


def assign(session: Session, case: CaseRecord, actor: str, to: str | None) -> None:
    """Whose case it is from now on."""
    before, case.assignee, case.changed = case.assignee, to, datetime.now(UTC)
    append(session, case.id, case.changed, actor, "assign", {"from": before, "to": to})


def take_in(
    session: Session, complaint: ComplaintRecord, accusation: AccusationRecord, party: Mapping[str, Any]
) -> tuple[CaseRecord, bool]:
    """The case of an accused address of ours, and whether it is a new one."""
    case = _to_join(session, complaint, accusation)
    is_new = case is None
    details = {"complaint": complaint.id, "format": complaint.format, "time": accusation.time}
    if case is None:
        case = _opened(session, complaint, accusation)
        append(session, case.id, case.opened, MACHINE, "new", details)
    else:
        move(session, case, "complain", MACHINE, details | {"is_duplicate": complaint.duplicate_of is not None})
    accusation.case_id = case.id
    case.responsible = case.responsible or party.get("organization")
    case.contact = case.contact or party.get("contact")
    if accusation.time is not None:
        case.first_event = min(filter(None, (case.first_event, accusation.time)))
        case.last_event = max(filter(None, (case.last_event, accusation.time)))
    session.flush()
    return case, is_new


def _to_join(session: Session, complaint: ComplaintRecord, accusation: AccusationRecord) -> CaseRecord | None:
    from sqlalchemy import select

    if complaint.duplicate_of is not None:
        same = select(AccusationRecord.case_id).where(
            AccusationRecord.complaint_id == complaint.duplicate_of,
            AccusationRecord.responsible == accusation.responsible,
            AccusationRecord.case_id.is_not(None),
        )
        first = session.scalars(same).first()
        if first is not None:
            return session.get(CaseRecord, first)
    lately = (
        select(CaseRecord)
        .where(
            CaseRecord.accused == accusation.responsible,
            CaseRecord.category == (complaint.category or UNKNOWN),
            CaseRecord.changed >= datetime.now(UTC) - JOINS_FOR,
        )
        .order_by(CaseRecord.id.desc())
        .limit(1)
    )
    return session.scalars(lately).first()


def _opened(session: Session, complaint: ComplaintRecord, accusation: AccusationRecord) -> CaseRecord:
    now = datetime.now(UTC)
    case = CaseRecord(
        state="new",
        accused=accusation.responsible,
        category=complaint.category or UNKNOWN,
        opened=now,
        changed=now,
    )
    session.add(case)
    session.flush()
    return case
