"""What happened to a case, entry after entry, each sealed to the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailscope.desk.records import CaseRecord, HistoryRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FIRST = "0" * 64
"""What the first entry of a case is sealed to."""


def seal(previous: str, case: int, number: int, at: datetime, actor: str, action: str, details: Any) -> str:
    """SHA-256 over the entry in canonical JSON and the seal before it, in hex."""
    body = json.dumps([previous, case, number, at.isoformat(), actor, action, details], sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()


def append(
    session: Session, case: int, at: datetime, actor: str, action: str, details: Mapping[str, Any]
) -> HistoryRecord:
    """Adds one entry; two workers that add at once wait for each other at the case's row."""
    from sqlalchemy import select

    session.execute(select(CaseRecord.id).where(CaseRecord.id == case).with_for_update())

    last = session.scalars(
        select(HistoryRecord).where(HistoryRecord.case_id == case).order_by(HistoryRecord.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
    plain = json.loads(json.dumps(dict(details), default=str))
    entry = HistoryRecord(
        case_id=case, number=number, at=at, actor=actor, action=action, details=plain, previous=previous,
        hash=seal(previous, case, number, at, actor, action, plain),
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def of_case(session: Session, case: int) -> list[HistoryRecord]:
    """All entries of a case, oldest first."""
    from sqlalchemy import select

    found = select(HistoryRecord).where(HistoryRecord.case_id == case).order_by(HistoryRecord.number)
    return list(session.scalars(found))


def broken_at(entries: Iterable[HistoryRecord]) -> int | None:
    """The number of the first entry that was changed, removed or put in later; None when all seals hold."""
    previous, number = FIRST, 1
    for entry in entries:
        expected = seal(previous, entry.case_id, number, entry.at, entry.actor, entry.action, entry.details)
        if (entry.number, entry.previous, entry.hash) != (number, previous, expected):
            return number
        previous, number = entry.hash, number + 1
    return None
