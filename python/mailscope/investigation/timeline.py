"""When it happened: bursts of sending, and whether they keep to certain times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

BURST_GAP_FACTOR = 5
"""A pause this many times the usual one ends a burst."""

BURST_GAP_LEAST = timedelta(seconds=60)
"""No shorter pause ends a burst."""

BINS = 48
"""Bars of a timeline chart."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A run of sessions without a long pause."""

    start: datetime
    end: datetime
    sessions: int
    mails: int


def bursts(moments: Sequence[tuple[datetime, int]]) -> list[Burst]:
    """Runs of sending; `moments` are session starts with the number of mails in each."""
    ordered = sorted(moments)
    if not ordered:
        return []
    pauses = [later[0] - earlier[0] for earlier, later in pairwise(ordered)]
    usual = timedelta(seconds=median(pause.total_seconds() for pause in pauses)) if pauses else timedelta(0)
    limit = max(BURST_GAP_LEAST, usual * BURST_GAP_FACTOR)
    runs: list[list[tuple[datetime, int]]] = [[ordered[0]]]
    for pause, moment in zip(pauses, ordered[1:], strict=True):
        if pause > limit:
            runs.append([])
        runs[-1].append(moment)
    return [Burst(run[0][0], run[-1][0], len(run), sum(mails for _start, mails in run)) for run in runs]


def bins(moments: Sequence[tuple[datetime, int]], first: datetime, last: datetime) -> list[tuple[datetime, int, int]]:
    """The span in equal bins: start of each, sessions and mails in it."""
    width = max((last - first) / BINS, timedelta(milliseconds=1))
    sessions: Counter[int] = Counter()
    mails: Counter[int] = Counter()
    for moment, count in moments:
        number = min(int((moment - first) / width), BINS - 1)
        sessions[number] += 1
        mails[number] += count
    return [(first + width * number, sessions[number], mails[number]) for number in range(BINS)]


def hours_active(moments: Sequence[tuple[datetime, int]]) -> list[int]:
    """Hours of the day (UTC) in which anything was sent."""
    return sorted({moment.hour for moment, _mails in moments})
