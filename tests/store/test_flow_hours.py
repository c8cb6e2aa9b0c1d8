"""Questions of stored records: rows among few values, two at a time, and of one feed or several."""

import threading

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailscope.store.engine import add_arrow, add_parquet_files, connect, held, plain_rows
from mailscope.store.flow_hours import FEW, FlowHours, Part, among, at_once, few

VALUES = {"addr": ["a", None, "c", "b", "a"], "n": [1, 2, 3, 4, 5]}


def table(name="rows", values=VALUES):
    return add_arrow(connect(), name, pa.table(values))


def test_few_values_are_named_in_order_and_more_are_a_table():
    assert few("addr", table()) == ["a", "b", "c"]
    many = table("many", {"n": list(range(FEW + 1))})
    assert isinstance(few("n", many), ibis.Table)


@pytest.mark.parametrize(("wanted", "found"), [(["a", "c"], [1, 3, 5]), ([], []), (["x"], [])])
def test_rows_among_listed_values(wanted, found):
    assert sorted(row["n"] for row in plain_rows(among(table(), "addr", wanted))) == found


def stored(tmp_path):
    pq.write_table(pa.table(VALUES), tmp_path / "rows.parquet")
    return add_parquet_files(connect(), "rows", [str(tmp_path / "rows.parquet")])


def test_a_question_is_asked_beside_another_and_what_it_holds_is_there_for_both(tmp_path):
    def ask(hours):
        return threading.current_thread().name, held(hours.records.filter(ibis._.n > 3), "kept")

    rows = stored(tmp_path)
    thread, kept = at_once(FlowHours(rows, is_shared=True), ask)()
    assert (thread != threading.current_thread().name, len(plain_rows(kept))) == (True, 2)
    assert at_once(FlowHours(rows), ask)()[0] == threading.current_thread().name


def test_what_fails_beside_is_told_to_who_waits_for_the_answer(tmp_path):
    def refuse(_hours):
        raise ValueError("no")

    wait = at_once(FlowHours(stored(tmp_path), is_shared=True), refuse)
    with pytest.raises(ValueError, match="no"):
        wait()


def test_a_feed_is_the_only_one_when_neither_sums_nor_newer_records_tell_of_another():
    def feeds(records):
        return records.select("addr")

    rest, sums = table("rest", {"addr": ["a", "a"]}), table("sums", {"addr": ["a"]})
    one = FlowHours(rest, {"kind": Part(rest, sums, same={"addr": "a"})})
    assert one.only_feed("kind", feeds, ["addr"]) == {"addr": "a"}
    other = FlowHours(rest, {"kind": Part(table(), sums, same={"addr": "a"})})
    assert other.only_feed("kind", feeds, ["addr"]) is None
    assert FlowHours(rest, {"kind": Part(rest, sums)}).only_feed("kind", feeds, ["addr"]) is None
    assert FlowHours(rest).only_feed("kind", feeds, ["addr"]) is None
