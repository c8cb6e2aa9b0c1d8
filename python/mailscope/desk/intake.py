"""Complaint mails become complaints and cases: each mail once, however often it is given or the process killed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.case_store import take_in
from mailscope.desk.database import one_at_a_time
from mailscope.desk.records import ComplaintRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.desk.database import Desk

NOT_READ = "not-read"
"""Format of a mail in which nothing could be read."""


@dataclass(slots=True)
class Taken:
    """How many mails became what; `mails` is their sum."""

    mails: int = 0
    again: int = 0
    new_cases: int = 0
    joined: int = 0
    not_ours: int = 0
    for_a_person: int = 0
    no_complaint: int = 0
    cases: set[int] = field(default_factory=set)


def take(desk: Desk, mails: Iterable[tuple[bytes, Mapping[str, Any]]]) -> Taken:
    """Files each (mail, what was read in it) in a transaction of its own; a mail taken before is counted and left."""
    counts = Taken()
    for mail, read in mails:
        counts.mails += 1
        with desk.transaction() as session:
            one_at_a_time(session, "intake")
            _take_one(session, mail, read, counts)
    return counts


def _take_one(session: Session, mail: bytes, read: Mapping[str, Any], counts: Taken) -> None:
    from sqlalchemy import select

    digest = hashlib.sha256(mail).hexdigest()
    if session.scalars(select(ComplaintRecord.id).where(ComplaintRecord.digest == digest)).first() is not None:
        counts.again += 1
        return
    complaint = ComplaintRecord(
        digest=digest,
        message_id=read.get("message_id"),
        taken=datetime.now(UTC),
        format=str(read.get("format") or NOT_READ)[:32],
        accused=read.get("accused"),
        port=read.get("port"),
        time=moment(read.get("time")),
        category=read.get("category"),
        ours=read.get("ours"),
        needs_person=bool(read.get("needs_person")),
        why=str(read.get("why") or ""),
        read=dict(read),
        mail=mail,
    )
    complaint.duplicate_of = _first_of(session, complaint)
    session.add(complaint)
    session.flush()
    _file(session, complaint, counts)


def _file(session: Session, complaint: ComplaintRecord, counts: Taken) -> None:
    if complaint.needs_person:
        counts.for_a_person += 1
    elif complaint.accused is None:
        counts.no_complaint += 1
    elif complaint.ours is False:
        counts.not_ours += 1
    else:
        case = take_in(session, complaint)
        is_new = case.id not in counts.cases and case.state == "new" and case.changed == case.opened
        counts.cases.add(case.id)
        counts.new_cases += is_new
        counts.joined += not is_new


def _first_of(session: Session, complaint: ComplaintRecord) -> int | None:
    """The complaint that this one repeats: the same message, or the same address, kind and moment."""
    from sqlalchemy import and_, or_, select

    ways = []
    if complaint.message_id:
        ways.append(ComplaintRecord.message_id == complaint.message_id)
    if complaint.accused and complaint.time:
        ways.append(
            and_(
                ComplaintRecord.accused == complaint.accused,
                ComplaintRecord.time == complaint.time,
                ComplaintRecord.category == complaint.category,
            )
        )
    if not ways:
        return None
    first = select(ComplaintRecord.id).where(ComplaintRecord.duplicate_of.is_(None), or_(*ways))
    return session.scalars(first.order_by(ComplaintRecord.id).limit(1)).first()


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time with zone as a datetime; None for anything else."""
    if isinstance(value, datetime):
        return value if value.tzinfo else None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
