"""Where cases are opened, joined, moved, and told of; every change leaves an entry in the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.history import append
from mailscope.desk.cases.transitions import next_state
from mailscope.desk.records import CaseRecord, ComplaintRecord
from mailscope.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

JOINS_FOR = timedelta(days=30)
"""A complaint about the same address and kind joins a case that changed this recently."""

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


def take_in(session: Session, complaint: ComplaintRecord) -> CaseRecord:
    """The case of a complaint about an address of ours: the one it joins, or a new one."""
    assert complaint.accused is not None
    case = _to_join(session, complaint)
    details = {"complaint": complaint.id, "format": complaint.format, "time": complaint.time}
    if case is None:
        case = _opened(session, complaint)
        append(session, case.id, case.opened, MACHINE, "new", details)
    else:
        move(session, case, "complain", MACHINE, details)
    complaint.case_id = case.id
    read: Mapping[str, Any] = complaint.read
    case.responsible = case.responsible or _text(read.get("responsible"))
    case.contact = case.contact or _text(read.get("contact"))
    if complaint.time is not None:
        case.first_event = min(filter(None, (case.first_event, complaint.time)))
        case.last_event = max(filter(None, (case.last_event, complaint.time)))
    session.flush()
    return case


def _to_join(session: Session, complaint: ComplaintRecord) -> CaseRecord | None:
    from sqlalchemy import select

    if complaint.duplicate_of is not None:
        first = session.get(ComplaintRecord, complaint.duplicate_of)
        if first is not None and first.case_id is not None:
            return session.get(CaseRecord, first.case_id)
    same = (
        select(CaseRecord)
        .where(
            CaseRecord.accused == complaint.accused,
            CaseRecord.category == (complaint.category or "unknown"),
            CaseRecord.changed >= datetime.now(UTC) - JOINS_FOR,
        )
        .order_by(CaseRecord.id.desc())
        .limit(1)
    )
    return session.scalars(same).first()


def _opened(session: Session, complaint: ComplaintRecord) -> CaseRecord:
    now = datetime.now(UTC)
    case = CaseRecord(
        state="new",
        accused=complaint.accused,
        category=complaint.category or "unknown",
        opened=now,
        changed=now,
    )
    session.add(case)
    session.flush()
    return case


def _text(value: Any) -> str | None:
    """A contact or organisation as text, whether it came as text or as an object with an address."""
    if isinstance(value, Mapping):
        value = value.get("email") or value.get("organization") or value.get("name")
    return str(value) if value else None
