"""Rows as text for other programs: NDJSON and CSV, neither of which can do harm where it is read."""

import base64
import csv
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any

from mailscope.harmless import csv_cell

TEXT_FORMATS = ("ndjson", "csv")


def write_rows(format_: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], file: IO[str]) -> None:
    """Writes rows to a text file.

    NDJSON is one JSON object a line, ASCII only. CSV has one line of column names; lists are JSON
    in one cell; a text that a spreadsheet would take for a formula has an apostrophe before it.
    Times are ISO 8601 in UTC, bytes are base64, a missing value is null or an empty cell.
    """
    if format_ == "ndjson":
        for row in rows:
            file.write(json.dumps(dict(zip(columns, row, strict=True)), default=_plain) + "\n")
        return
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(csv_cell, columns))
    writer.writerows(map(_cell, row) for row in rows)


def _cell(value: Any) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return csv_cell(value)
        case datetime() | bytes():
            return _plain(value)
        case _:
            return csv_cell(json.dumps(value, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)
