"""Rows fitted to a width, in cells of a terminal and not in characters."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.fixtures.cases import FLOW, NOON

from mailscope.cli.layout import cell, fitted
from mailscope.harmless import visible

VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 2**64), st.text(), st.lists(st.text()), st.binary())


@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=4), st.integers(60, 140))
def test_no_line_is_wider_than_the_terminal(rows, width):
    for line in fitted(["flow_id", "size_bytes", "subject"], rows, width):
        assert cell_len(line) <= width
        assert visible(line) == line


def test_what_identifies_is_whole_and_text_gives_way():
    address = "2001:db8:1111:2222:3333:4444:5555:6666"
    lines = fitted(["flow_id", "client_addr", "subject"], [[FLOW, address, "x" * 200]], 80)
    assert FLOW in lines[-1]
    assert address in lines[-1]
    assert lines[-1].endswith("x…")


def test_chinese_takes_two_cells():
    lines = fitted(["subject", "app"], [["订单确认" * 30, "smtp"]], 60)
    assert cell_len(lines[-1]) <= 60
    assert lines[-1].endswith("smtp")


def test_times_of_one_day_show_it_once():
    lines = fitted(["start"], [[NOON], [NOON + timedelta(hours=1)]], 80)
    assert lines == ["start", "2026-11-21", "12:00:00", "13:00:00"]
    assert "2026-11-22" in fitted(["start"], [[NOON], [NOON + timedelta(days=1)]], 80)[-1]


def test_a_time_that_is_not_known_hides_no_day_and_fractions_are_for_those_that_have_them():
    lines = fitted(["start"], [[NOON], [None], [NOON + timedelta(milliseconds=7)]], 80)
    assert lines == ["start", "2026-11-21", "12:00:00.000", "-", "12:00:00.007"]


def test_columns_without_values_give_way_before_the_table_does():
    names = ["id", "accused", "category", "complaints", "last_event", "responsible", "assignee"]
    lines = fitted(names, [[1, "198.51.100.222", "copyright", 4, NOON, None, None]] * 2, 70)
    assert lines[-1].split()[1:5] == ["198.51.100.222", "copyright", "4", "12:00:00"]


def test_rows_too_wide_for_columns_become_blocks_that_lose_nothing():
    lines = fitted([f"c{n}_addr" for n in range(20)], [[f"192.0.2.{n}" for n in range(20)]], 80)
    assert lines[0] == "row 1"
    assert [line.split()[1] for line in lines[1:]] == [f"192.0.2.{n}" for n in range(20)]


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (True, "yes"), (7, "7"), (["a", "b"], "a, b"), (b"\xff\x1b", "\\xff\\x1b")]
)
def test_values_as_a_person_reads_them(value, shown):
    assert cell(value) == shown


def test_more_columns_than_the_terminal_has_room_for_become_blocks_also_where_they_are_text():
    lines = fitted([f"c{n}" for n in range(60)], [["text"] * 60], 80)
    assert lines[0] == "row 1"
    assert max(map(cell_len, lines)) <= 80
