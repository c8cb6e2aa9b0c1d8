"""Where sums are added up already, and which days are laid out anew."""

from pathlib import Path

import pyarrow as pa
import pytest

from mailscope.store.added_sums import Addable, doubled, in_hours, is_scattered, pieces
from mailscope.store.delta_log import NewFile
from mailscope.store.engine import add_arrow, connect, plain_rows


def rest(hours):
    return NewFile(Path("file"), 1, 10, 100, hours)


@pytest.mark.parametrize(
    ("files", "newer", "found"),
    [
        ([], [], []),
        ([(1, 3), (4, 9)], [], []),
        ([(1, 3), (3, 5)], [], [(3, 3)]),
        ([(1, 9), (2, 3), (5, 12)], [], [(2, 3), (5, 9)]),
        ([(1, 3)], [rest((3, 4))], [(3, 4)]),
        ([(1, 3)], [rest(None)], None),
    ],
)
def test_hours_of_several_files_and_of_newer_records_may_have_a_key_twice(files, newer, found):
    assert doubled(files, newer) == found


@pytest.mark.parametrize(
    ("counts", "is_past", "expected"),
    [
        ([100], True, False),
        ([90, 10], True, True),
        ([99, 1], True, False),
        ([80, 20], False, False),
        ([50] * 2, False, True),
        ([50_000_001] * 2, True, False),
    ],
)
def test_a_past_day_is_laid_out_when_little_came_late_and_the_present_one_when_much_is_new(counts, is_past, expected):
    assert is_scattered(counts, is_past=is_past) is expected


def table(**columns):
    return add_arrow(connect(), "rows", pa.table(columns))


def test_sums_add_up_times_are_the_first_and_last_and_some_columns_the_largest():
    kind = Addable(lambda records: records, ("key", "hour"), largest=("flag",))
    rows = table(key=["a", "a", "b"], hour=[1, 1, 1], n=[1, 2, 4], flag=[0, 1, 0], first=[5, 3, 9], last=[5, 3, 9])
    added = sorted(plain_rows(kind.added(rows)), key=lambda row: row["key"])
    assert added[0] == {"key": "a", "hour": 1, "n": 3, "flag": 1, "first": 3, "last": 5}


def test_rows_without_an_hour_count_as_doubled():
    rows = table(hour=[1, 2, None])
    assert [row["hour"] for row in plain_rows(rows.filter(~in_hours(rows, [(2, 2)])))] == [1]


def test_pieces_have_every_key_once_also_that_of_no_value(monkeypatch):
    monkeypatch.setattr("mailscope.store.added_sums.PIECE", 2)
    kind = Addable(lambda records: records, ("key",))
    rows = table(key=[None, "a", "a", "a", "b", "c", None, "d"], n=[1] * 8)
    found = [{row["key"]: row["n"] for row in plain_rows(piece)} for piece in pieces(rows, kind)]
    assert len(found) > 1
    assert {key: n for piece in found for key, n in piece.items()} == {None: 2, "a": 3, "b": 1, "c": 1, "d": 1}
    assert sum(map(len, found)) == 5
