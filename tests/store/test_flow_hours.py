"""Questions of stored records: rows among few values, two at a time, and of one feed or several."""

import threading

import ibis
import pyarrow as pa
import pytest

from mailscope.store.engine import add_arrow, beside, connect, plain_rows
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


def test_a_question_is_asked_beside_another_on_a_connection_of_its_own():
    here = connect()
    rows = add_arrow(here, "rows", pa.table(VALUES))

    def again():
        return FlowHours(add_arrow(beside(here), "rows", pa.table(VALUES)))

    def ask(hours):
        return threading.current_thread().name, len(plain_rows(hours.records))

    thread, count = at_once(FlowHours(rows, beside=again), ask)()
    assert (thread != threading.current_thread().name, count) == (True, 5)
    assert at_once(FlowHours(rows), ask)() == (threading.current_thread().name, 5)


def test_what_fails_beside_is_told_to_who_waits_for_the_answer():
    def refuse(_hours):
        raise ValueError("no")

    wait = at_once(FlowHours(table(), beside=lambda: FlowHours(table())), refuse)
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
