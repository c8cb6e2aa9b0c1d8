"""Mailscope says what independent tools say, or the difference is explained."""

from __future__ import annotations

import re

import pytest

from tests.reference import scoring

FOLDER = scoring.shared() / "reference"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"reference captures are missing: no folder {FOLDER}"),
]

PROXYING = ["smtp", "socks", "http-proxy"]


@pytest.mark.parametrize(
    ("groups", "at_least"),
    [(PROXYING, 0.98), *(([group], 0.98) for group in scoring.GROUPS)],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_expected_fields_are_right(groups: list[str], at_least: float) -> None:
    result = scoring.score(FOLDER, scoring.selected(FOLDER, groups))
    right, expected = result.rate()
    assert right / expected >= at_least, scoring.table(result)


@pytest.mark.parametrize("groups", [PROXYING, *([group] for group in scoring.GROUPS)], ids="-".join)
def test_fields_on_which_oracles_agree_are_right(groups: list[str]) -> None:
    result = scoring.score(FOLDER, scoring.selected(FOLDER, groups))
    right, expected = result.rate("agreed")
    assert right / expected >= 0.98, scoring.table(result)


def test_every_miss_is_explained() -> None:
    result = scoring.score(FOLDER, scoring.selected(FOLDER))
    known = scoring.differences()
    left = [
        f"{m.capture} {m.where} {m.field}: {m.what} {m.expected!r} {m.got!r}"
        for m in result.misses
        if not any(scoring.explains(entry, m) for entry in known)
    ]
    assert not left, "\n".join(left)


def test_every_explanation_is_still_needed() -> None:
    result = scoring.score(FOLDER, scoring.selected(FOLDER))
    stale = [
        entry for entry in scoring.differences() if not any(scoring.explains(entry, miss) for miss in result.misses)
    ]
    assert not stale


def test_every_explanation_has_its_verdict_and_packets() -> None:
    for entry in scoring.differences():
        assert entry["verdict"] in ("ours", "theirs", "undecidable"), entry
        assert re.search(r"\d", entry["packet"]), entry
        assert entry["why"], entry


def test_no_session_is_missed_or_reversed() -> None:
    stats = scoring.score(FOLDER, scoring.selected(FOLDER, PROXYING)).stats
    assert (stats["sessions_missed"], stats["sessions_reversed"]) == (0, 0)
