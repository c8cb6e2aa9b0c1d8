"""Whether a case's address has fallen silent since its owner was told, as the network's own records show it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mailscope.desk.cases.case_store import MACHINE
from mailscope.desk.cases.history import append
from mailscope.desk.records import CaseRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

QUIET_AFTER = timedelta(days=2)
"""Silence this long after the notice counts as stopped."""

REMIND_AFTER = timedelta(days=3)
"""A notice without effect or answer this long is due for a reminder."""

Seen = Callable[[str, datetime, datetime], tuple[datetime | None, datetime | None]]
"""(address, from, to) -> the last abusive traffic seen, and up to when anybody was looking (None: nobody was)."""


def watch(session: Session, seen: Seen, now: datetime | None = None) -> dict[str, list[int]]:
    """Looks at every notified case: `quiet` ones stopped, `again` began anew, `due` need a reminder.

    Silence counts only while a sensor was looking: without coverage a case is neither quiet nor not.
    """
    from sqlalchemy import select

    now = now or datetime.now(UTC)
    result: dict[str, list[int]] = {"quiet": [], "again": [], "due": [], "not-watched": []}
    for case in session.scalars(select(CaseRecord).where(CaseRecord.notified.is_not(None))):
        if case.state == "resolved":
            continue
        assert case.notified is not None
        last, looked_until = seen(case.accused, case.notified, now)
        since = max(last or case.notified, case.notified)
        if looked_until is None or looked_until < since:
            result["not-watched"].append(case.id)
        elif looked_until - since >= QUIET_AFTER:
            if case.quiet_since != since:
                case.quiet_since = since
                append(session, case.id, now, MACHINE, "quiet", {"since": since, "looked_until": looked_until})
            result["quiet"].append(case.id)
        else:
            if case.quiet_since is not None:
                case.quiet_since = None
                append(session, case.id, now, MACHINE, "seen-again", {"last": last})
                result["again"].append(case.id)
            if last is not None and now - case.notified >= REMIND_AFTER and case.state == "notified":
                result["due"].append(case.id)
    return result
