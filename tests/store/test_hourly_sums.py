import signal
import subprocess
import sys
import time

import pyarrow as pa
import pytest
from ibis import _
from tests.store.test_lake import START, records

from mailscope.store.added_sums import Addable, pieces
from mailscope.store.engine import connect, plain_rows
from mailscope.store.lake import Lake


def rows_an_hour(table):
    hour = (_.start.epoch_seconds() / 3600).floor().cast("int64")
    return table.mutate(hour=hour).group_by("hour").agg(rows=_.count())


KIND = Addable(rows_an_hour, ("hour",))
SUMS = {"rows": KIND}


def summed(store):
    """Records of the sums, and of the records that are not in them."""
    hours = Lake(store).hours(connect(), SUMS)
    return sum(row["rows"] for row in plain_rows(hours.sums("rows", rows_an_hour)))


def test_what_is_folded_and_what_came_since_are_all_records_once(tmp_path):
    lake = Lake(tmp_path / "store", sums=SUMS)
    for number in range(5):
        lake.append(records(10 + number, batch=number), app="one", number=number)
        if number == 2:
            assert lake.fold() == {"rows": 33}
            lake.compact()
    assert (lake.info()["unsummed_records"], summed(tmp_path / "store")) == (27, 60)
    assert lake.fold() == {"rows": 27}
    assert (lake.fold(), lake.info()["unsummed_records"]) == ({"rows": 0}, 0)
    assert summed(tmp_path / "store") == 60


def test_records_are_summed_once_though_they_were_compacted_before_they_were_folded(tmp_path):
    lake = Lake(tmp_path / "store", sums=SUMS)
    for number in range(3):
        lake.append(records(10, batch=number), app="one", number=number)
    lake.compact()
    assert summed(tmp_path / "store") == 30
    assert lake.fold() == {"rows": 30}
    assert summed(tmp_path / "store") == 30


def test_where_the_log_no_longer_reaches_back_all_is_summed_anew(tmp_path):
    lake = Lake(tmp_path / "store", sums=SUMS)
    lake.append(records(10), app="one", number=0)
    lake.fold()
    lake.append(records(10), app="one", number=1)
    lake.compact()
    lake.prune(grace_hours=0)
    assert lake.info()["unsummed_records"] is None
    assert summed(tmp_path / "store") == 20
    assert lake.fold() == {"rows": 20}
    assert summed(tmp_path / "store") == 20


def test_a_large_store_without_sums_is_not_begun_in_passing(tmp_path):
    Lake(tmp_path / "store").append(records(100), app="one", number=0)
    lake = Lake(tmp_path / "store", sums=SUMS)
    assert lake.fold(most=50) == {"rows": 0}
    assert lake.fold() == {"rows": 100}


def test_days_are_left_out_when_the_records_have_forgotten_them(tmp_path):
    lake = Lake(tmp_path / "store", sums=SUMS)
    for number in range(3):
        lake.append(records(10, START + number * 86_400_000_000), app="one", number=number)
    lake.fold()
    table = lake._fresh()
    table.delete("day < '2026-11-23'")
    assert summed(tmp_path / "store") == lake.info()["records"]


def rows_of(store, name, made):
    """The rows of sums as they are stored, and the hours in which a key may have several."""
    part = Lake(store).hours(connect(), {name: made}).parts[name]
    return plain_rows(part.sums), part.doubled


def test_compaction_leaves_one_row_a_key_and_says_so(tmp_path):
    lake = Lake(tmp_path / "store", sums=SUMS)
    for number in range(4):
        lake.append(records(10, batch=number), app="one", number=number)
        lake.fold()
    rows, doubled = rows_of(tmp_path / "store", "rows", KIND)
    assert (len(rows), len(doubled)) == (4, 1)
    lake.compact()
    rows, doubled = rows_of(tmp_path / "store", "rows", KIND)
    assert [row["rows"] for row in rows] == [40]
    assert doubled == []
    lake.append(records(10, batch=4), app="one", number=4)
    hours = Lake(tmp_path / "store").hours(connect(), SUMS)
    assert [row["rows"] for row in plain_rows(hours.added("rows", KIND))] == [50]
    assert len(hours.parts["rows"].doubled) == 1


def test_only_hours_with_several_rows_are_added_up(tmp_path):
    lake = Lake(tmp_path / "store", sums=SUMS)
    for number, hour in enumerate([0, 1, 1, 2]):
        lake.append(records(10, START + hour * 3_600_000_000, batch=number), app="one", number=number)
        lake.fold()
    hours = Lake(tmp_path / "store").hours(connect(), SUMS)
    assert len(hours.parts["rows"].doubled) == 1
    assert sorted(row["rows"] for row in plain_rows(hours.added("rows", KIND))) == [10, 10, 20]


def test_what_an_earlier_version_summed_is_added_up_until_it_was_compacted(tmp_path, monkeypatch):
    lake = Lake(tmp_path / "store", sums={"rows": rows_an_hour})
    monkeypatch.setattr("mailscope.store.hourly_sums.ADDED", "something else")
    for number in range(3):
        lake.append(records(10, batch=number), app="one", number=number)
        lake.fold()
    lake.compact()
    monkeypatch.undo()
    rows, doubled = rows_of(tmp_path / "store", "rows", KIND)
    assert (len(rows), doubled) == (3, None)
    hours = Lake(tmp_path / "store").hours(connect(), SUMS)
    assert [row["rows"] for row in plain_rows(hours.added("rows", KIND))] == [30]
    Lake(tmp_path / "store", sums=SUMS).compact()
    assert [len(rows_of(tmp_path / "store", "rows", KIND)[0]), rows_of(tmp_path / "store", "rows", KIND)[1]] == [1, []]


def test_a_day_that_grows_while_it_is_compacted_stays_as_it_was(tmp_path, monkeypatch):
    lake = Lake(tmp_path / "store", sums=SUMS)
    for number in range(3):
        lake.append(records(10, batch=number), app="one", number=number)
        lake.fold()

    def meanwhile(rows, kind):
        lake.append(records(10, batch=3), app="one", number=3)
        lake.fold()
        return pieces(rows, kind)

    monkeypatch.setattr("mailscope.store.hourly_sums.pieces", meanwhile)
    Lake(tmp_path / "store", sums=SUMS).compact()
    assert (len(rows_of(tmp_path / "store", "rows", KIND)[0]), summed(tmp_path / "store")) == (4, 40)


def test_a_large_day_is_dealt_into_pieces_without_losing_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr("mailscope.store.added_sums.PIECE", 3)
    kind = Addable(kinds_of, ("exporter", "src_addr", "hour"), dealt_by="src_addr")
    lake = Lake(tmp_path / "store", sums={"kinds": kind})
    for number in range(2):
        lake.append(records(20, batch=number), app="one", number=number)
        lake.fold()
    before = Lake(tmp_path / "store").hours(connect(), {"kinds": kind})
    wanted = {tuple(row.values()) for row in plain_rows(before.added("kinds", kind))}
    lake.compact()
    rows, doubled = rows_of(tmp_path / "store", "kinds", kind)
    assert ({tuple(row.values()) for row in rows}, len(rows), doubled) == (wanted, len(wanted), [])


def kinds_of(table):
    hour = (_.start.epoch_seconds() / 3600).floor().cast("int64")
    return table.mutate(hour=hour).group_by(["exporter", "src_addr", "hour"]).agg(rows=_.count())


def test_a_column_of_one_value_is_known_from_the_log_alone(tmp_path):
    lake = Lake(tmp_path / "store", sums={"kinds": kinds_of})
    for number, exporter in enumerate(["192.0.2.1", "192.0.2.1", "192.0.2.2"]):
        told = records(10, batch=number)
        place = told.schema.get_field_index("exporter")
        column = pa.array([exporter] * 10).cast(told.schema.field(place).type)
        lake.append(told.set_column(place, told.schema.field(place), column), app="one", number=number)
        lake.fold()
        same = Lake(tmp_path / "store").hours(connect(), {"kinds": kinds_of}).parts["kinds"].same
        assert same.get("exporter") == ("192.0.2.1" if number < 2 else None)


WRITER = """
import sys
sys.path[:0] = {path!r}
from tests.store.test_hourly_sums import SUMS
from tests.store.test_lake import records
from mailscope.store.lake import Lake
lake = Lake({store!r}, sums=SUMS)
number = lake.last("writer") + 1
while True:
    lake.append(records(500, batch=number), app="writer", number=number)
    print(number, flush=True)
    lake.fold()
    if number % 3 == 0:
        lake.compact()
    number += 1
"""


def killed_while_folding(store, times):
    for turn in range(times):
        script = WRITER.format(path=[entry for entry in sys.path if entry], store=str(store))
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
            writer.stdout.readline()
            time.sleep((turn * 0.037) % 0.4)
            writer.send_signal(signal.SIGKILL)
        assert summed(store) == Lake(store).info()["records"]


@pytest.mark.long
def test_a_fold_killed_at_any_moment_neither_doubles_nor_loses(tmp_path):
    killed_while_folding(tmp_path / "store", 2)


@pytest.mark.slow
def test_a_fold_killed_forty_times_neither_doubles_nor_loses(tmp_path):
    killed_while_folding(tmp_path / "store", 40)
