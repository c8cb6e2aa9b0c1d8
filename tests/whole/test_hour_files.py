"""A capture cut into files shows the same requests when each file is read singly."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.whole import reading

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "scenarios/s2-phishing-intrusion"


def requests(rows: list[reading.Row]) -> Counter[tuple[object, ...]]:
    """Requests whose first line was seen, by connection and line."""
    names = ("client_addr", "client_port", "server_addr", "server_port", "method", "uri")
    return Counter(tuple(row[name] for name in names) for row in rows if row["method"] is not None)


def test_no_request_is_missed_behind_an_answer_that_began_in_the_file_before(tmp_path: Path) -> None:
    files = sorted(FOLDER.glob("capture_*.pcap"))
    if not files:
        pytest.skip(f"scenario is missing: no captures in {FOLDER}")
    whole = requests(reading.rows(*files)["http_requests"])
    singly: Counter[tuple[object, ...]] = Counter()
    for path in files:
        singly += requests(reading.rows(path)["http_requests"])
    assert whole - singly == Counter()
