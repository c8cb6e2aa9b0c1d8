"""The zone of a log by its name."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from mailscope.errors import UsageError


def zone_of(text: str) -> tzinfo:
    """The zone of `+0800`, `-03:30`, `UTC` or a name of the zone database.

    >>> zone_of("+0800").utcoffset(None)
    datetime.timedelta(seconds=28800)
    """
    if text.upper() in ("UTC", "Z"):
        return UTC
    offset = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)", text)
    try:
        if offset:
            shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            return timezone(-shift if offset[1] == "-" else shift)
        return ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        raise UsageError(f"`{text[:60]}` is no zone", hint="write `+0800` or `Asia/Taipei`") from None
