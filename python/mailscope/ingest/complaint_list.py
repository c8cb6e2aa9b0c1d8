"""Reads a list of complaints: CSV with address and time, or one JSON object a line as `mailscope complaints` prints."""

from __future__ import annotations

import csv
import ipaddress
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailscope.errors import InputError

LIMIT = 1_000_000
"""Complaints read at most."""

LINE_LIMIT = 1_000_000
"""Characters of one line at most."""

_ADDRESS = ("address", "accused", "ip", "source_ip", "subject")
_TIME = ("time", "event_time_utc", "date", "timestamp")


def complaints(path: Path) -> Iterator[tuple[str, datetime]]:
    """Address and time (UTC) of each complaint; those without either are left out.

    A time without a zone is taken as UTC. A CSV without a line of names has address and time as its first columns.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline(LINE_LIMIT)
        file.seek(0)
        rows = _objects(file, path) if first.lstrip().startswith("{") else _table(file, first)
        for number, row in enumerate(rows, start=1):
            if number > LIMIT:
                raise InputError(f"`{path}` has more than {LIMIT} complaints")
            found = _complaint(row, f"{path.name}:{number}")
            if found is not None:
                yield found


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
    names = [name.strip().lower() for name in next(csv.reader([first]), [])]
    if any(name in _ADDRESS for name in names):
        yield from csv.DictReader(file, fieldnames=None, restkey="rest")
        return
    for row in csv.reader(file):
        if len(row) > 1:
            yield {"address": row[0], "time": row[1]}


def _complaint(row: Mapping[str, Any], where: str) -> tuple[str, datetime] | None:
    lower = {str(name).strip().lower(): value for name, value in row.items()}
    address = next((lower[name] for name in _ADDRESS if lower.get(name)), None)
    time = next((lower[name] for name in _TIME if lower.get(name)), None)
    if not address or not time:
        return None
    try:
        canonical = str(ipaddress.ip_address(str(address).strip()))
        moment = datetime.fromisoformat(str(time).strip())
    except ValueError:
        raise InputError(
            f"`{where}` has no address and time", hint="times are ISO 8601, such as 2026-01-31T12:00:00Z"
        ) from None
    return canonical, moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
