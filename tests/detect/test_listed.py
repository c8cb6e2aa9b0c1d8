"""Short lists are written into the query, long ones handed over as a table: the same rows either way."""

import ibis
import pytest

from mailscope.detect.listed import WRITTEN_OUT, among, but_not

ROWS = ibis.memtable(
    {"addr": ["a", "b", None, "c", "a"], "n": [1, 2, 3, 4, 5]}, schema={"addr": "string", "n": "int64"}
)
FILL = [f"x{number}" for number in range(WRITTEN_OUT)]


def numbers(table):
    return sorted(ibis.duckdb.connect().to_pyarrow(table)["n"].to_pylist())


@pytest.mark.parametrize("fill", [[], FILL])
def test_rows_among_and_not_among_the_values(fill):
    assert numbers(among(ROWS, "addr", ["a", "c", *fill])) == [1, 4, 5]
    assert numbers(but_not(ROWS, "addr", ["a", "c", *fill])) == [2]


def test_an_empty_list_has_no_rows_and_keeps_all_others():
    assert numbers(among(ROWS, "addr", [])) == []
    assert numbers(but_not(ROWS, "addr", [])) == [1, 2, 3, 4, 5]
