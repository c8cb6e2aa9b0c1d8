"""How many hosts that were complained about stood in the queue before the complaint: the field case's table 3 (F30).

A host counts once a month. It is a hit when a day's queue held it at or before the month's first complaint about it;
the lead is the time from its first flow of that day to the complaint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

Z = 1.959964
"""Two-sided 95 % of the normal distribution."""

LOOK_BACK = timedelta(days=31)
"""A stay in the queue longer ago than this is not counted as a warning of the complaint."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Somebody complained about a host; `time` is when the abuse is said to have happened, or was reported."""

    address: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A host of a month: whether the queue held it before, and for how long."""

    address: str
    month: str
    complained: datetime
    queued: datetime | None

    @property
    def lead(self) -> timedelta | None:
        """Time by which the queue was earlier than the complaint; None for a miss."""
        return None if self.queued is None else self.complained - self.queued


@dataclass(frozen=True, slots=True)
class Rate:
    """Hits of so many complained-about hosts, with Wilson's 95 % interval and the median lead."""

    period: str
    hits: int
    of: int
    median_lead: timedelta | None = None

    @property
    def percent(self) -> float:
        """The share of hits in percent, one decimal."""
        return round(100 * self.hits / self.of, 1) if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval in percent, one decimal."""
        low, high = wilson(self.hits, self.of)
        return round(100 * low, 1), round(100 * high, 1)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share (E. B. Wilson, 1927); (0, 1) when nothing was counted.

    >>> [round(end, 3) for end in wilson(59, 75)]
    [0.681, 0.864]
    """
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    middle = share + Z * Z / (2 * of)
    spread = Z * (share * (1 - share) / of + Z * Z / (4 * of * of)) ** 0.5
    return max(0.0, (middle - spread) / (1 + Z * Z / of)), min(1.0, (middle + spread) / (1 + Z * Z / of))


def matches(complaints: Iterable[Complaint], queued: Mapping[str, Sequence[datetime]]) -> list[Match]:
    """Every complained-about host and month, with the earliest time within LOOK_BACK at which it was queued.

    `queued` gives, by address, the times of first flows of the days whose queue held the host.
    """
    first: dict[tuple[str, str], datetime] = {}
    for complaint in complaints:
        key = (f"{complaint.time:%Y-%m}", complaint.address)
        first[key] = min(first.get(key, complaint.time), complaint.time)
    found = []
    for (month, address), time in sorted(first.items()):
        earlier = [moment for moment in queued.get(address, ()) if time - LOOK_BACK <= moment <= time]
        found.append(Match(address, month, time, min(earlier, default=None)))
    return found


def rates(found: Iterable[Match]) -> list[Rate]:
    """A rate for each month, and one over all of them at the end; empty when nothing was complained about."""
    months: dict[str, list[Match]] = defaultdict(list)
    for match in found:
        months[match.month].append(match)
    by_month = [_rate(month, group) for month, group in sorted(months.items())]
    return [*by_month, _rate("all", [match for group in months.values() for match in group])] if months else []


def _rate(period: str, group: Sequence[Match]) -> Rate:
    leads = [match.lead for match in group if match.lead is not None]
    middle = median(lead.total_seconds() for lead in leads) if leads else None
    return Rate(period, len(leads), len(group), None if middle is None else timedelta(seconds=middle))
