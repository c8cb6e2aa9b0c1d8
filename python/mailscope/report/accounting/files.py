"""The account as JSON, CSV and HTML."""

import csv
import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from mailscope.harmless import csv_cell
from mailscope.report.accounting.rows import COLUMNS

Rows = Iterable[Mapping[str, Any]]


def write_json(out: IO[str], report: Mapping[str, Any], rows: Rows) -> None:
    """One object: the figures, and under `rows` every session, written as they come."""
    head = json.dumps(report, ensure_ascii=False, indent=1, default=str)
    out.write(head.removesuffix("\n}") + ',\n "rows": [')
    separator = "\n  "
    for row in rows:
        out.write(separator + json.dumps(row, ensure_ascii=False, default=_plain))
        separator = ",\n  "
    out.write("\n ]\n}\n")


def write_csv(out: IO[str], rows: Rows) -> None:
    """One line a session; no cell is taken for a formula by a spreadsheet."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([csv_cell(_text(row[name])) for name in COLUMNS])


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(map(str, value))
    return str(_plain(value)) if hasattr(value, "isoformat") else str(value)


def _plain(value: Any) -> str:
    return str(value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) if hasattr(value, "strftime") else str(value)
