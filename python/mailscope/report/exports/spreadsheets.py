"""A case's findings as CSV files for a spreadsheet: findings, indicators, people, and what happened when."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mailscope.harmless import csv_cell
from mailscope.report.exports.observed import observed
from mailscope.store.write import whole_file

Row = Mapping[str, Any]


def write(answer: Mapping[str, Any], folder: Path) -> Iterator[tuple[Path, int]]:
    """Writes the files; yields each with its number of rows."""
    for name, columns, rows in (
        ("findings", ("kind", "subject", "confidence", "first", "last", "summary"), _findings(answer)),
        ("indicators", ("kind", "value", "finding", "confidence", "first", "last", "why"), _indicators(answer)),
        ("people", ("finding", "person", "delivered", "delivered_at", "clients", *_STEPS), _people(answer)),
        ("timeline", ("time", "end", "finding", "who", "what", "capture", "packet"), _timeline(answer)),
    ):
        path, count = folder / f"{name}.csv", 0
        with whole_file(path) as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                writer.writerow(["" if row.get(c) is None else csv_cell(str(row[c])) for c in columns])
                count += 1
        yield path, count


_STEPS = ("fetched", "looked_up", "opened", "submitted", "account_used")


def _findings(answer: Mapping[str, Any]) -> Iterator[Row]:
    yield from answer.get("findings", ())


def _indicators(answer: Mapping[str, Any]) -> Iterator[Row]:
    for item in observed(answer):
        yield {
            "kind": item.kind,
            "value": item.value,
            "finding": item.finding,
            "confidence": item.confidence,
            "first": item.first.isoformat() if item.first else None,
            "last": item.last.isoformat() if item.last else None,
            "why": item.why,
        }


def _people(answer: Mapping[str, Any]) -> Iterator[Row]:
    for finding in answer.get("findings", ()):
        for row in finding.get("victims", ()):
            yield {**row, "finding": finding["kind"], "clients": " ".join(row.get("clients", ()))}


def _timeline(answer: Mapping[str, Any]) -> list[Row]:
    rows: list[dict[str, Any]] = []
    for finding in answer.get("findings", ()):
        kind = finding["kind"]
        for row in finding.get("phases", ()):
            first = row["first"]
            rows.append(
                {
                    "time": row["start"],
                    "end": row["end"],
                    "finding": kind,
                    "who": finding["subject"],
                    "what": row["what"],
                }
                | {"capture": first["capture"], "packet": first["packet"]}
            )
        for person in finding.get("victims", ()):
            rows += [
                {"time": step["time"], "finding": kind, "who": person["person"], "what": step["kind"]}
                | {"capture": step["capture"], "packet": step["packets"][0]}
                for step in person.get("events", ())
            ]
        if finding.get("first") and not finding.get("phases"):
            proof = (finding.get("evidence") or [{}])[0]
            rows.append(
                {"time": finding["first"], "end": finding.get("last"), "finding": kind, "who": finding["subject"]}
                | {
                    "what": finding["summary"],
                    "capture": proof.get("capture"),
                    "packet": (proof.get("packets") or [None])[0],
                }
            )
    return sorted(rows, key=lambda row: (row["time"], row["who"]))
