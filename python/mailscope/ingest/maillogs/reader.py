"""Reads mail logs, plain, gzip, or exported from journald: rows, and a count of what could not be read."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from mailscope.errors import InputError
from mailscope.ingest.maillogs import amavis, exim, mailscanner, policy, postfix, rspamd, sendmail
from mailscope.ingest.maillogs.own_times import shift
from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.syslog import LINE_LIMIT, Clock, parsed

ROWS_LIMIT = 5_000_000
"""Rows kept of all files together; more is said in the notes."""

BYTES_LIMIT = 64 << 30
"""Bytes of one file read at most, after decompression."""

UNREADABLE_KEPT = 100
"""Places of unreadable lines kept at most; all are counted."""

_FORMATS: tuple[tuple[str, Callable[[str], bool], Callable[[str], Row | None]], ...] = (
    ("postfix", postfix.is_postfix, postfix.row),
    ("sendmail", sendmail.is_sendmail, sendmail.row),
    ("exim", exim.is_exim, exim.row),
    ("mailscanner", mailscanner.is_mailscanner, mailscanner.row),
    ("amavis", amavis.is_amavis, amavis.row),
    ("rspamd", rspamd.is_rspamd, rspamd.row),
    ("policy", policy.is_policy, policy.row),
)


@dataclass(slots=True)
class MailLog:
    """What was read: rows in the order of files and lines; `other` lines tell of no mail."""

    rows: list[Row] = field(default_factory=list)
    lines: int = 0
    other: int = 0
    unreadable: int = 0
    unreadable_at: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def mail_log(paths: Iterable[Path], zone: tzinfo | None = None, year: int | None = None) -> MailLog:
    """Rows of the files in the order given. Times without a zone are of `zone`, those without a year of `year`.

    Without `zone`, the servers' own message ids tell it (:mod:`mailscope.ingest.maillogs.own_times`), else it is UTC.
    """
    found = MailLog()
    for path in paths:
        try:
            newest = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            clock = Clock(newest, zone or UTC, year)
            local = _read(path, found, clock)
            if zone is None:
                _shift(local, path, found)
        except OSError as error:
            raise InputError(f"`{path}` cannot be read: {error.strerror or error}") from None
    return found


def first_line(path: Path) -> str:
    """The first line of a log that is not empty, as a name of what the log is: it stays when the log grows."""
    try:
        return next((text for text in _lines(path, MailLog()) if text.strip()), "")
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror or error}") from None


def row_of(text: str, clock: Clock) -> Row | bool | None:
    """The row of one line; None where it tells of no mail, False where it cannot be read."""
    line = parsed(text, clock)
    clock.is_local = line is not None and line.is_local
    if line is None:
        return False
    for name, is_its, row in _FORMATS:
        if is_its(line.program):
            found = row(line.message)
            if found is not None:
                found.format, found.time, found.host, found.program = name, line.time, line.host, line.program
            return found
    return None


def _shift(local: list[Row], path: Path, found: MailLog) -> None:
    """Moves times without a zone to UTC where the file's own message ids tell by how much."""
    by = shift(local)
    if not by:
        return
    for row in local:
        if row.time is not None:
            row.time += by
    hours = -by.total_seconds() / 3600
    told = f"times are taken to be {hours:+g} hours from UTC" if abs(hours) <= 15 else "year and zone are taken"
    found.notes.append(f"{path.name}: {told}, by the servers' own message ids; `--zone` says otherwise")


def _read(path: Path, found: MailLog, clock: Clock) -> list[Row]:
    """Adds the file's rows to what was found; returns those whose time had no zone."""
    local: list[Row] = []
    for number, text in enumerate(_lines(path, found), start=1):
        if not text.strip():
            continue
        found.lines += 1
        row = row_of(text, clock)
        if isinstance(row, Row):
            if len(found.rows) >= ROWS_LIMIT:
                found.notes.append(f"{path.name}:{number}: more than {ROWS_LIMIT} rows; the rest was not read")
                return local
            row.file, row.line = path.name, number
            found.rows.append(row)
            if clock.is_local:
                local.append(row)
        elif row is None:
            found.other += 1
        else:
            found.unreadable += 1
            if len(found.unreadable_at) < UNREADABLE_KEPT:
                found.unreadable_at.append(f"{path.name}:{number}")
    return local


def _lines(path: Path, found: MailLog) -> Iterator[str]:
    """Lines as text, each cut at the limit; a broken gzip file ends where it breaks, and the notes say so."""
    total = 0
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_gzip else raw  # type: ignore[assignment]
        is_rest = False
        while total <= BYTES_LIMIT:
            try:
                piece = file.readline(LINE_LIMIT)
            except (EOFError, OSError, zlib.error):
                if not is_gzip:
                    raise
                found.notes.append(f"{path.name}: the compressed file is cut or damaged")
                return
            if not piece:
                return
            total += len(piece)
            if not is_rest:
                yield piece.decode("utf-8", "replace").rstrip("\r\n")
            is_rest = not piece.endswith(b"\n")
        found.notes.append(f"{path.name}: more than {BYTES_LIMIT} bytes; the rest was not read")
