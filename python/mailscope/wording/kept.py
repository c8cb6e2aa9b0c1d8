"""A statement as JSON and back, so that what was kept can still be read in another language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mailscope.wording.phrase import Amount, Phrase


def kept(value: Any) -> Any:
    """A statement, or a value of one, as JSON; whatever is no plain value is tagged with its kind.

    >>> kept(Phrase("cases.seen-refused", (("mails", Amount(3, "mail")),)))
    {'phrase': 'cases.seen-refused', 'values': {'mails': {'amount': 3, 'unit': 'mail'}}}
    """
    if isinstance(value, Phrase):
        return {"phrase": value.key, "values": {name: kept(item) for name, item in value.values}}
    if isinstance(value, Amount):
        return {"amount": value.count, "unit": value.unit}
    if isinstance(value, datetime):
        return {"time": value.astimezone(UTC).isoformat()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, (list, tuple)):
        return [kept(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def told(value: Any) -> Any:
    """What :func:`kept` was given; ValueError when it is nothing of that kind."""
    if isinstance(value, list):
        return [told(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"phrase": str(key), "values": dict(values)}:
            return Phrase(key, tuple((name, told(item)) for name, item in values.items()))
        case {"amount": int(count), "unit": str(unit)}:
            return Amount(count, unit)
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
        case {"seconds": float(seconds) | int(seconds)}:
            return timedelta(seconds=seconds)
    raise ValueError(f"no kept statement: {sorted(value)[:5]}")
