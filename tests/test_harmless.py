"""Text from packets must not steer the terminal, the spreadsheet or the reader."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailscope.harmless import csv_cell, visible


def test_every_control_format_and_separator_character_is_written_out():
    unseen = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]
    assert [char for char in unseen if visible(char) == char] == []


def test_ordinary_text_of_any_language_is_left_alone():
    for text in ("Grüße aus Köln", "订单确认", "Подтверждение", "¿Qué tal?", "a\\b", "😀"):
        assert visible(text) == text


@given(st.text())
def test_what_is_visible_stays_as_it_is(text):
    assert visible(visible(text)) == visible(text)


@given(st.text(), st.integers(min_value=1, max_value=20))
def test_a_limit_is_kept(text, limit):
    assert len(visible(text, limit)) <= limit


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r=", "＝", "|"])
def test_no_cell_starts_a_formula(start):
    cell = csv_cell(start + "cmd|' /C calc'!A0")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "|"))
