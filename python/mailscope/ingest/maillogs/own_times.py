"""The zone of a log, told by the message ids that its own servers made.

Sendmail and Postfix begin a message id that they make themselves with the time in UTC and the queue id:
`<202611212005.6ALK5oZW032375@host>`, `<20261121200723.35998556251@host>`. The line beside it has local time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mailscope.ingest.maillogs.row import Row

FEWEST = 3
"""Message ids that must agree."""

SHARE = 0.9
"""The part of them that must agree: a client can write such an id, but not know the queue id beforehand."""

_OWN = re.compile(r"(\d{12}(?:\d\d)?)\.([0-9A-Za-z]{5,25})@")
_STEP = timedelta(minutes=15)
_SLACK = timedelta(minutes=3)


def shift(rows: Iterable[Row]) -> timedelta | None:
    """What to add to the rows' times to have UTC: whole quarters of an hour; None where too few ids tell it."""
    told: Counter[timedelta] = Counter()
    for row in rows:
        apart = _apart(row)
        if apart is not None:
            told[apart] += 1
    if not told:
        return None
    found, count = told.most_common(1)[0]
    return found if count >= FEWEST and count >= SHARE * told.total() else None


def _apart(row: Row) -> timedelta | None:
    own = _OWN.match(row.message_id or "")
    if own is None or own[2] != row.queue_id or row.time is None:
        return None
    try:
        made = datetime.strptime(own[1].ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    apart = made - row.time
    rounded = round(apart / _STEP) * _STEP
    return rounded if abs(apart - rounded) <= _SLACK else None
