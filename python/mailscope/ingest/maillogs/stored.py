"""Mail logs in the standing store: each line once, however often its file is read; the rows of one host read back.

A log is known by its first line, so that one that has grown, was rotated or compressed is the same log, and only the
lines that are new are stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from mailscope.ingest.maillogs.reader import MailLog, first_line, mail_log
from mailscope.ingest.maillogs.row import Row
from mailscope.store.lake import MAIL_LOG, Lake, lakes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

BATCH_ROWS = 50_000

ROWS_LIMIT = 200_000
"""Rows of one host read back at most, the oldest first."""

BEFORE, AFTER = timedelta(days=1), timedelta(days=7)
"""How far around a window rows of its mails are looked for: servers try to deliver for days."""


def store_logs(
    paths: Iterable[Path], lake: Lake, zone: tzinfo | None = None, year: int | None = None
) -> tuple[MailLog, int]:
    """Stores the rows of the files that are new to the store; what was read, without its rows, and how many were new.

    StoreError: the store cannot be written; what is stored by then stays, and the rest may be stored again.
    """
    told, new = MailLog(), 0
    for path in paths:
        found = mail_log([path], zone, year)
        app = f"maillog {hashlib.sha256(first_line(path).encode()).hexdigest()[:32]}"
        last = lake.last(app)
        rows = [row for row in found.rows if row.line > last]
        for start in range(0, len(rows), BATCH_ROWS):
            batch = rows[start : start + BATCH_ROWS]
            if lake.append(as_arrow(batch), app=app, number=batch[-1].line):
                new += len(batch)
        _add(told, found)
    return told, new


def _add(told: MailLog, found: MailLog) -> None:
    told.lines += found.lines
    told.other += found.other
    told.unreadable += found.unreadable
    told.unreadable_at += found.unreadable_at
    told.notes += found.notes


def as_arrow(rows: Sequence[Row]) -> pa.Table:
    """The rows as the columns of `mail_log`."""
    import pyarrow as pa

    from mailscope.schema.mail_log import MAIL_LOG as SCHEMA

    kinds = {"text": pa.string(), "u64": pa.int64(), "f64": pa.float64(), "bool": pa.bool_()}
    kinds |= {"timestamp[us, UTC]": pa.timestamp("us", "UTC"), "list<text>": pa.list_(pa.string())}
    fields = [pa.field(column.name, kinds[column.type], column.nullable) for column in SCHEMA.columns]
    # A mail log's text may be any bytes; half a surrogate pair is no text elsewhere.
    columns = [pa.array([_text(getattr(row, field.name)) for row in rows], field.type) for field in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return [_text(each) for each in value] if isinstance(value, tuple) else value


def stored_logs(stores: Iterable[str | Path]) -> list[Lake]:
    """The mail logs of these stores, of those that have any."""
    return lakes_of(stores, MAIL_LOG)


def log_between(lake: Lake, window: tuple[datetime, datetime] | None) -> ibis.Table:
    """The stored rows of a window and of the days around it; all of them without one."""
    from mailscope.store.engine import connect

    since, until = (window[0] - BEFORE, window[1] + AFTER) if window else (None, None)
    rows = lake.to_ibis(connect(), since=since)
    return rows.filter(rows.time >= since, rows.time <= until) if window else rows


def rows_of(lake: Lake, address: str, window: tuple[datetime, datetime] | None = None) -> list[Row]:
    """The rows of the mails that the address handed in or was handed, in order of time."""
    near = log_between(lake, window)
    touched = near.filter((near.client_addr == address) | (near.relay_addr == address))
    ids = touched.select("queue_id").union(touched.select(queue_id=touched.next_queue_id))
    ids = ids.filter(ids.queue_id.notnull()).distinct()
    of_mails = near.semi_join(ids, "queue_id")
    messages = of_mails.filter(of_mails.message_id.notnull()).select("message_id").distinct()
    # A filter that logs no queue id is tied to its mail by the message's.
    of_filters = near.filter(near.queue_id.isnull()).semi_join(messages, "message_id")
    alone = touched.filter(touched.queue_id.isnull())
    found = of_mails.union(of_filters, alone, distinct=False).distinct()
    ordered = found.order_by("time", "host", "file", "line").limit(ROWS_LIMIT)
    return [Row(**{**row, "rcpt_to": tuple(row["rcpt_to"] or ())}) for row in ordered.to_pyarrow().to_pylist()]
