"""Whether a case's address has fallen silent since its owner was told, as the network's own records show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.case_store import MACHINE
from mailscope.desk.cases.history import append
from mailscope.desk.records import CaseRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.desk.evidence.silence import Seen, Sight

QUIET_AFTER = timedelta(days=2)
"""Silence for so many watched hours counts as stopped."""

TIME_TO_ACT = timedelta(hours=24)
"""What is seen so soon after the notice is no sign that the contact did nothing."""

STOPPED, GOES_ON, WATCHING, NOT_VISIBLE = "stopped", "goes-on", "watching", "not-visible"
"""`watching`: nothing seen yet, but not for long enough. `not-visible`: nobody looked, or nobody can see it."""


def watch(session: Session, seen: Seen, now: datetime | None = None, case: int | None = None) -> list[dict[str, Any]]:
    """Looks at every case whose owner was told (or at one) and says of each which of the four it is.

    Silence counts only while a sensor was looking. What changed is written into the case's history.
    """
    from sqlalchemy import select

    now = now or datetime.now(UTC)
    told = select(CaseRecord).where(CaseRecord.notified.is_not(None), CaseRecord.state != "resolved")
    if case is not None:
        told = told.where(CaseRecord.id == case)
    return [_look(session, record, seen, now) for record in session.scalars(told.order_by(CaseRecord.id))]


def standing(notified: datetime, sight: Sight) -> str:
    """Which of the four a sight since the notice means."""
    if sight.until is None:
        return NOT_VISIBLE if sight.last is None or sight.last <= notified + TIME_TO_ACT else GOES_ON
    if sight.watched >= QUIET_AFTER:
        return STOPPED
    return GOES_ON if sight.last is not None and sight.last > notified + TIME_TO_ACT else WATCHING


def _look(session: Session, case: CaseRecord, seen: Seen, now: datetime) -> dict[str, Any]:
    assert case.notified is not None
    sight = seen(case.accused, case.category, case.notified, now)
    means = standing(case.notified, sight)
    before = (case.watched or {}).get("standing")
    case.quiet_since = max(sight.last or case.notified, case.notified) if means == STOPPED else None
    case.watched = {
        "standing": means,
        "last": _text(sight.last),
        "until": _text(sight.until),
        "hours": sight.watched.total_seconds() / 3600,
        "why": sight.why,
        "looked": _text(now),
    }
    if means != before:
        action = "seen-again" if before == STOPPED and means == GOES_ON else f"watch-{means}"
        append(session, case.id, now, MACHINE, "quiet" if means == STOPPED else action, dict(case.watched))
    return {"id": case.id, "accused": case.accused, "notified": case.notified} | case.watched


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")
