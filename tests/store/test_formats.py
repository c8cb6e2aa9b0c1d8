"""NDJSON and CSV keep every value and carry no harm."""

import csv
import io
import json

from tests.fixtures.cases import NOON

from mailscope.store.formats import write_rows

HOSTILE = ["=cmd|' /C calc'!A0", "\x1b]0;owned\x07", 'a\nb,c"d', "\u202egnp.exe", "<script>alert(1)</script>", "\x00"]


def written(format_, columns, rows):
    file = io.StringIO()
    write_rows(format_, columns, rows, file)
    return file.getvalue()


def test_ndjson_is_one_ascii_object_a_line_and_loses_nothing():
    text = written("ndjson", ["a", "b"], [(value, [value]) for value in HOSTILE])
    lines = text.splitlines()
    assert len(lines) == len(HOSTILE)
    assert text.isascii()
    assert "\x1b" not in text
    assert [json.loads(line)["a"] for line in lines] == HOSTILE


def test_csv_has_one_line_a_row_and_no_cell_that_acts():
    text = written("csv", ["a", "b"], [(value, [value]) for value in HOSTILE])
    assert len(text.splitlines()) == len(HOSTILE) + 1
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@"))
            assert cell.isprintable()


def test_values_are_spelled_the_same_in_both():
    row = (None, True, 7, -1.5, NOON, b"\x00\xff", ["x", None])
    columns = list("abcdefg")
    assert written("csv", columns, [row]).splitlines()[1] == ',true,7,-1.5,2026-11-21T12:00:00Z,AP8=,"[""x"", null]"'
    assert json.loads(written("ndjson", columns, [row])) == {
        "a": None, "b": True, "c": 7, "d": -1.5, "e": "2026-11-21T12:00:00Z", "f": "AP8=", "g": ["x", None],
    }  # fmt: skip
