"""The head of a log line: its time, host and program, as syslog (RFC 3164, RFC 5424), journald, Exim or rspamd write.

RFC 3164 has neither year nor zone. The year is the one asked for, or the last one that is not after the file's own
time; the zone is the one asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

LINE_LIMIT = 32_768
"""Bytes of a line read at most; what follows is not looked at."""

_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)  # noqa: SIM905
}
_PRIORITY = re.compile(r"<\d{1,3}>")
_OLD = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?:(?P<year>\d{4}) )?"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?P<part>\.\d{1,9})? (?P<rest>.*)",
    re.DOTALL,
)
_ISO = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(?P<zone>Z| ?[+-]\d\d:?\d\d)? (?P<rest>.*)", re.DOTALL
)
_TAG = re.compile(r"(?P<program>[^\s\[:]{1,120})(?:\[(?P<pid>\d{1,10})\])?: ?")
_RSPAMD = re.compile(r"#\d{1,10}\([^)\s]{1,40}\) ")
_FACILITY = re.compile(r"<[a-z0-9]{1,12}\.[a-z]{1,8}> ")
_STRUCTURED = re.compile(r'(?:-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+)(?: |$)')


@dataclass(slots=True)
class Line:
    """One line without its head. `time` is UTC, None where the line has none; `is_local` where it named no zone."""

    time: datetime | None
    host: str | None
    program: str
    message: str
    is_local: bool = False


class Clock:
    """Makes full times of those without year or zone; lines are given in the file's order.

    `is_local` is set by the reader: whether the last line named no zone.
    """

    def __init__(self, newest: datetime, zone: tzinfo = UTC, year: int | None = None) -> None:
        self.newest = newest + timedelta(days=1)
        self.zone = zone
        self.year = year
        self.month: int | None = None
        self.is_local = False

    def full(self, month: int, day: int, clock: tuple[int, int, int, int]) -> datetime | None:
        """UTC of a time without year; None where there is no such day."""
        if self.year is not None:
            self._turn(month)
            return self._made(self.year, month, day, clock)
        # Eight years back reaches a 29 February also across a century that has none.
        for year in range(self.newest.year, self.newest.year - 9, -1):
            found = self._made(year, month, day, clock)
            if found is not None and found <= self.newest:
                return found
        return None

    def local(self, time: datetime) -> datetime | None:
        """UTC of a full time without zone."""
        try:
            return time.replace(tzinfo=self.zone).astimezone(UTC)
        except (OverflowError, ValueError):
            return None

    def _turn(self, month: int) -> None:
        """The year asked for is that of the first line; December to January is the next."""
        if self.month is not None and self.year is not None:
            if self.month >= 11 and month <= 2:
                self.year += 1
            elif self.month <= 2 and month >= 11:
                self.year -= 1
        self.month = month

    def _made(self, year: int, month: int, day: int, clock: tuple[int, int, int, int]) -> datetime | None:
        try:
            return self.local(datetime(year, month, day, *clock))  # noqa: DTZ001
        except ValueError:
            return None


def parsed(text: str, clock: Clock) -> Line | None:
    """The line's head told apart from its message; None where it has no head of a known kind."""
    if text.startswith("{"):
        return _journald(text)
    priority = _PRIORITY.match(text)
    if priority:
        text = text[priority.end() :]
        if text.startswith("1 "):
            return _rfc5424(text[2:], clock)
    old = _OLD.match(text)
    if old:
        return _rfc3164(old, clock)
    iso = _ISO.match(text)
    if iso is None:
        return None
    time, is_local = _iso_time(iso["time"], iso["zone"], clock)
    return _after_iso(iso["rest"], time, is_local) if time else None


def _rfc3164(old: re.Match[str], clock: Clock) -> Line | None:
    month = _MONTHS.get(old["month"])
    if month is None:
        return None
    hms = (int(old["hour"]), int(old["minute"]), int(old["second"]), int(float(old["part"] or 0) * 1_000_000))
    if old["year"]:
        time = clock._made(int(old["year"]), month, int(old["day"]), hms)
    else:
        time = clock.full(month, int(old["day"]), hms)
    if time is None:
        return None
    rest = old["rest"]
    facility = _FACILITY.match(rest)
    if facility:
        rest = rest[facility.end() :]
    host, _space, tagged = rest.partition(" ")
    tag = _TAG.match(tagged)
    if tag:
        return Line(time, host or None, tag["program"], tagged[tag.end() :], is_local=True)
    tag = _TAG.match(rest)
    return Line(time, None, tag["program"], rest[tag.end() :], is_local=True) if tag else None


def _after_iso(rest: str, time: datetime, is_local: bool) -> Line:
    """RFC 3339 time: of rsyslog (`host program[pid]:`), of rspamd (`#pid(type) `), else of Exim's own log."""
    own = _RSPAMD.match(rest)
    if own:
        return Line(time, None, "rspamd", rest[own.end() :], is_local)
    host, _space, tagged = rest.partition(" ")
    tag = _TAG.match(tagged)
    # Exim's own lines have no host; `H=name [addr]:` and `login authenticator failed for` are none either.
    if tag and "=" not in host and not host.startswith("[") and (tag["pid"] or "/" in tag["program"]):
        return Line(time, host, tag["program"], tagged[tag.end() :], is_local)
    return Line(time, None, "exim", rest, is_local)


def _rfc5424(text: str, clock: Clock) -> Line | None:
    """TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG] (RFC 5424 section 6), after the version."""
    parts = text.split(" ", 5)
    if len(parts) < 6:
        return None
    stamp, host, program, _procid, _msgid, rest = parts
    iso = _ISO.match(stamp + " ")
    time, is_local = _iso_time(iso["time"], iso["zone"], clock) if iso else (None, False)
    structured = _STRUCTURED.match(rest)
    if structured is None or (time is None and stamp != "-"):
        return None
    message = rest[structured.end() :].removeprefix("\ufeff")
    return Line(time, None if host == "-" else host[:255], program[:120], message, is_local)


def _journald(text: str) -> Line | None:
    """One object of `journalctl -o json` (systemd.journal-fields): times are microseconds of UTC."""
    try:
        entry: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    message, host = entry.get("MESSAGE"), entry.get("_HOSTNAME")
    if isinstance(message, list):  # bytes that are no UTF-8 come as a list of numbers
        message = bytes(part for part in message if isinstance(part, int) and 0 <= part < 256).decode(
            "utf-8", "replace"
        )
    program = entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM")
    stamp = entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry.get("__REALTIME_TIMESTAMP")
    if not isinstance(message, str) or not isinstance(program, str):
        return None
    try:
        time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(str(stamp)[:20]))
    except (ValueError, OverflowError):
        return None
    return Line(time, host[:255] if isinstance(host, str) else None, program[:120], message)


def _iso_time(text: str, zone: str | None, clock: Clock) -> tuple[datetime | None, bool]:
    try:
        time = datetime.fromisoformat(text.replace(",", "."))
        if zone is None:
            return clock.local(time), True
        return datetime.fromisoformat(text.replace(",", ".") + zone.strip()).astimezone(UTC), False
    except (ValueError, OverflowError):
        return None, False
