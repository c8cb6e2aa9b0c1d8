"""When a case's address is said to have done it, and how a source of records answers that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.wording import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.desk.records import CaseRecord

WINDOW = timedelta(hours=1)
"""How far before and after a complaint's time is looked for more of the same."""

CLOCKS = timedelta(minutes=2)
"""By how much the reporter's clock and ours are taken to differ, on top of the uncertainty of the written time."""

WATCHED_WITHIN = timedelta(minutes=5)
"""A source that recorded anything at all so close to a moment was watching it."""

MOMENTS_LOOKED_AT = 20
"""The newest moments of a case; a case of a thousand complaints is proven by a few."""

MAIL_KINDS = frozenset({"spam", "phishing", "spoofing", "unknown", "other"})
"""Categories that mail traffic can show."""

SEEN, AROUND, NOTHING, NOT_WATCHED = "seen", "seen-around", "nothing-seen", "not-watched"
VERDICTS = (SEEN, AROUND, NOTHING, NOT_WATCHED)
"""What a source says of a moment, the strongest first; `seen-around` is within the hour, not at the time told."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One accusation: the address, its port where told, and the time with its uncertainty (None: not told)."""

    address: str
    time: datetime | None
    tolerance: timedelta = timedelta(0)
    port: int | None = None

    def near(self, more: timedelta = timedelta(0)) -> tuple[datetime, datetime] | None:
        """The time as exactly as it is told, `more` on both sides; None when no time is told."""
        if self.time is None:
            return None
        reach = self.tolerance + CLOCKS + more
        return self.time - reach, self.time + reach


@dataclass(slots=True)
class Look:
    """What one source showed: a verdict for each moment, sentences, and rows to show (`rows` by table name)."""

    kind: str
    place: str
    verdicts: list[str]
    said: list[Phrase] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    notes: list[str] = field(default_factory=list)


def within(time: datetime | None, span: tuple[datetime, datetime] | None) -> bool:
    """Whether the time lies in the span; no span holds every time, an unknown time lies in no span but that."""
    return span is None or (time is not None and span[0] <= time <= span[1])


def verdict(moment: Moment, times: Iterable[datetime | None], *, was_watched: bool) -> str:
    """The verdict on a moment from the times at which the source saw the address."""
    times = list(times)
    if any(within(time, moment.near()) for time in times):
        return SEEN
    if any(within(time, moment.near(WINDOW)) for time in times):
        return AROUND
    return NOTHING if was_watched else NOT_WATCHED


def best(verdicts: Iterable[str]) -> str:
    """The strongest of several sources' verdicts.

    >>> best(["not-watched", "nothing-seen"])
    'nothing-seen'
    """
    return min(verdicts, key=VERDICTS.index, default=NOT_WATCHED)


def moments_of(session: Session, case: CaseRecord) -> list[Moment]:
    """The newest accusations of the case, each address and time once; one without time when none tells any."""
    from sqlalchemy import select

    from mailscope.desk.records import AccusationRecord, ComplaintRecord

    wanted = (
        select(AccusationRecord, ComplaintRecord.read)
        .join(ComplaintRecord, ComplaintRecord.id == AccusationRecord.complaint_id)
        .where(AccusationRecord.case_id == case.id, AccusationRecord.time.is_not(None))
        .order_by(AccusationRecord.time.desc())
        .limit(10 * MOMENTS_LOOKED_AT)
    )
    found: dict[tuple[str, datetime | None], Moment] = {}
    for accusation, read in session.execute(wanted):
        # The customer's address, not that of a relay of ours: the relay's traffic is everybody's.
        address, time = accusation.responsible, accusation.time
        port = accusation.port if address == accusation.address else None
        tolerance = timedelta(seconds=_uncertainty(read, accusation.address))
        found.setdefault((address, time), Moment(address, time, tolerance, port))
    newest = list(found.values())[:MOMENTS_LOOKED_AT]
    return newest or [Moment(case.accused, None)]


def _uncertainty(read: Mapping[str, Any], address: str) -> float:
    """Seconds by which the written time may be off, as the reader of the complaint told."""
    parties = [party for party in read.get("parties") or [] if party.get("ip") == address]
    told = [party.get("time_uncertainty") for party in parties] + [read.get("time_uncertainty")]
    seconds = next((value for value in told if isinstance(value, (int, float))), 0.0)
    return min(max(float(seconds), 0.0), 86400.0)
