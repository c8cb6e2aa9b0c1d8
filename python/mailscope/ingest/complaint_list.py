"""Reads a list of complaints: CSV with address and time, or one JSON object a line as `mailscope complaints` prints."""

from __future__ import annotations

import csv
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from mailscope.errors import InputError
from mailscope.ingest.flow_rows import EPOCH, BadLine
from mailscope.ingest.flow_rows import moment as microseconds

LIMIT = 1_000_000
"""Complaints read at most."""

PARTIES_LIMIT = 10_000
"""Addresses at most that one complaint may accuse."""

LINE_LIMIT = 1_000_000
"""Characters of one line at most."""

# Names of a column in lower case without punctuation, the more telling first.
_ADDRESS = (
    *("address", "accused", "ip", "sourceip", "srcip", "ipaddress", "srcaddr", "sourceaddress", "offenderip"),
    *("reportedip", "host", "subject"),
)
_TIME = (
    *("time", "eventtimeutc", "eventtime", "timestamp", "datetime", "eventdate", "date", "timeutc", "seen"),
    *("firstseen", "starttime", "arrivaldate", "received", "receiveddate"),
)

_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?=\D|$)")
_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)?\s*([+-]\d{2}):?(\d{2})$|\s*(?:UTC|GMT|Z)$", re.IGNORECASE)


def complaints(path: Path) -> Iterator[tuple[str, datetime]]:
    """Address and time (UTC) of each complaint; those without either are left out.

    A time without a zone is taken as UTC. Cells are parted by comma, semicolon, tab or bar. A CSV without a line of
    names has address and time as its first columns.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline(LINE_LIMIT)
        file.seek(0)
        rows = _objects(file, path) if first.lstrip().startswith("{") else _table(file, first)
        for number, row in enumerate(rows, start=1):
            if number > LIMIT:
                raise InputError(f"`{path}` has more than {LIMIT} complaints")
            yield from _complaints(row, f"{path.name}:{number}")


def _objects(file: Any, path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line[:LINE_LIMIT])
        except (ValueError, RecursionError):
            raise InputError(f"`{path.name}:{number}` is no JSON") from None
        if isinstance(row, dict):
            yield row


def _table(file: Any, first: str) -> Iterator[Mapping[str, Any]]:
    delimiter = max(",;\t|", key=first.count)
    names = [_plain(name) for name in next(csv.reader([first], delimiter=delimiter), [])]
    if any(name in _ADDRESS for name in names):
        yield from csv.DictReader(file, fieldnames=None, restkey="rest", delimiter=delimiter)
        return
    for row in csv.reader(file, delimiter=delimiter):
        if len(row) > 1:
            yield {"address": row[0], "time": row[1]}


def _complaints(row: Mapping[str, Any], where: str) -> Iterator[tuple[str, datetime]]:
    """Of one row; a mail that accuses several addresses at once is several complaints."""
    lower = {_plain(str(name)): value for name, value in row.items()}
    address = next((lower[name] for name in _ADDRESS if lower.get(name)), None)
    time = next((lower[name] for name in _TIME if lower.get(name)), None)
    if not address or not time:
        return
    try:
        named = [str(ipaddress.ip_address(str(one).strip())) for one in _several(address)[:PARTIES_LIMIT]]
        moment = _moment(str(_several(time)[0]).strip())
    except (ValueError, OverflowError):
        raise InputError(
            f"`{where}` has no address and time",
            hint="wanted is CSV (address,time) or NDJSON with times such as 2026-01-31T12:00:00Z; of mails "
            "`mailscope complaints read MAILBOX --json` makes it",
        ) from None
    at = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    for one in named:
        yield one, at


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _moment(text: str) -> datetime:
    """A time of ISO 8601, also with `/` or the day first and dots; seconds or smaller units since 1970; RFC 5322."""
    if text.replace(".", "", 1).isdecimal():
        return _of_epoch(text)
    if re.match(r"[A-Za-z]{3},|\d{1,2} [A-Za-z]{3} \d{4}", text):
        return parsedate_to_datetime(text)
    text = _DAY_FIRST.sub(lambda found: f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}", text)
    # ISO 8601 has no blank before the zone, and no name of it.
    text = _ZONE.sub(lambda found: f"{found[1]}:{found[2]}" if found[1] else "+00:00", text.replace("/", "-"))
    return datetime.fromisoformat(text)


def _of_epoch(text: str) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=microseconds(text))
    except BadLine as cause:
        raise ValueError(str(cause)) from None
