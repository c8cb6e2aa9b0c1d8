import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from mailscope.errors import StoreError
from mailscope.ingest.flow_rows import arrow_schema, batches
from mailscope.store.engine import connect
from mailscope.store.lake import Lake

START = 1_795_291_549_000_000


def records(count, start=START, batch=0):
    row = {"format": "netflow-v5", "proto": "tcp", "src_addr": "10.0.0.1", "dst_addr": "192.0.2.1", "dst_port": 25}
    rows = (row | {"input": f"batch {batch}", "record": n, "start": start, "end": start} for n in range(count))
    return pa.concat_tables(batches(rows))


def test_a_batch_appended_again_is_stored_once(tmp_path):
    lake = Lake(tmp_path / "store")
    assert lake.append(records(10), app="one", number=0)
    assert not Lake(tmp_path / "store").append(records(10), app="one", number=0)
    assert lake.append(records(5), app="another", number=0)
    assert lake.info()["records"] == 15
    assert (lake.last("one"), lake.last("nobody")) == (0, -1)


def test_the_columns_come_back_as_the_detectors_know_them(tmp_path):
    lake = Lake(tmp_path / "store")
    lake.append(records(3), app="one", number=0)
    table = lake.to_ibis(connect())
    assert list(table.columns) == arrow_schema().names
    assert table.filter(table.dst_port == 25).count().to_pyarrow().as_py() == 3
    assert table.start.min().to_pyarrow().as_py() == datetime.fromtimestamp(START / 1e6, UTC)


def test_days_are_partitions_that_can_be_left_out_and_forgotten(tmp_path):
    lake = Lake(tmp_path / "store")
    day = 86_400_000_000
    for number in range(3):
        lake.append(records(4, START + number * day), app="one", number=number)
    now = datetime.fromtimestamp((START + 2 * day) / 1e6, UTC)
    assert lake.to_ibis(connect(), since=now - timedelta(days=1)).count().to_pyarrow().as_py() == 8
    assert lake.prune(keep_days=1, grace_hours=0, now=now)["files_forgotten"] == 1
    assert (lake.info()["records"], lake.info()["days"]) == (8, 2)


def test_compaction_joins_files_and_readers_of_the_old_ones_go_on(tmp_path):
    lake = Lake(tmp_path / "store")
    for number in range(4):
        lake.append(records(7), app="one", number=number)
    before = lake.to_ibis(connect())
    assert lake.compact() == {"files_before": 4, "files_after": 1}
    assert before.count().to_pyarrow().as_py() == 28
    assert lake.to_ibis(connect()).count().to_pyarrow().as_py() == 28
    assert lake.prune(grace_hours=0)["files_removed"] >= 4
    assert lake.info()["records"] == 28


def test_a_folder_without_a_store_is_named(tmp_path):
    with pytest.raises(StoreError, match="no store of flow records"):
        Lake(tmp_path).info()


@pytest.mark.parametrize("name", ["a b", "邮件", "ä+b=c"])
def test_a_store_may_lie_in_a_folder_of_any_name(tmp_path, name):
    folder = tmp_path / name
    for number in range(2):
        Lake(folder).append(records(5), app="one", number=number)
    assert Lake(folder).to_ibis(connect()).count().to_pyarrow().as_py() == 10
    Lake(folder).compact()
    assert Lake(folder).to_ibis(connect()).count().to_pyarrow().as_py() == 10
    assert all(Path(file).exists() for file in Lake(folder).files())


WRITER = """
import sys
sys.path[:0] = {path!r}
from tests.store.test_lake import records
from mailscope.store.lake import Lake
lake = Lake({store!r})
number = lake.last("writer") + 1
while True:
    lake.append(records(500, batch=number), app="writer", number=number)
    print(number, flush=True)
    number += 1
"""


def killed_writers(store, times, seed=0.0):
    """Kills a writer so often; checks after each kill that what it acknowledged is there, once, in whole batches."""
    acknowledged = -1
    for turn in range(times):
        script = WRITER.format(path=[entry for entry in sys.path if entry], store=str(store))
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
            first = [writer.stdout.readline() for _batch in range(2)]  # not by time: a busy machine stores one in it
            time.sleep((turn * 0.037 + seed) % 0.25)
            writer.send_signal(signal.SIGKILL)
            said = [int(line) for line in [*first, *writer.stdout.read().split()] if line.strip()]
        assert said, "the writer stores again after a kill"
        acknowledged = max(acknowledged, *said)
        table = Lake(store).to_ibis(connect())
        groups = table.group_by("input").aggregate(rows=table.count(), distinct=table.record.nunique()).to_pyarrow()
        assert set(groups["rows"].to_pylist()) == set(groups["distinct"].to_pylist()) == {500}
        stored = sorted(int(name.split()[1]) for name in groups["input"].to_pylist())
        assert stored == list(range(len(stored)))
        assert stored[-1] in (acknowledged, acknowledged + 1)
        acknowledged = stored[-1]
    return acknowledged


@pytest.mark.long
def test_killed_five_times_it_has_all_that_was_acknowledged_and_no_half_batch(tmp_path):
    assert killed_writers(tmp_path / "store", 5) > 5


@pytest.mark.slow
def test_killed_fifty_times_it_has_all_that_was_acknowledged_and_no_half_batch(tmp_path):
    assert killed_writers(tmp_path / "store", 50, seed=0.011) > 50


def stored_until_full(lake):
    for number in range(1000):
        try:
            lake.append(records(500, batch=number), app="one", number=number)
        except StoreError:
            return number
    raise AssertionError("the disk never was full")


@pytest.mark.slow
def test_a_full_disk_refuses_the_batch_and_loses_none_before(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        lake = Lake(disk / "store")
        stored = stored_until_full(lake)
        assert stored > 0
        assert Lake(disk / "store").info()["records"] == 500 * stored
        table = Lake(disk / "store").to_ibis(connect())
        assert table.count().to_pyarrow().as_py() == 500 * stored
        subprocess.run(["mount", "-o", "remount,size=10m", str(disk)], check=True)
        assert lake.append(records(500, batch=stored), app="one", number=stored)
        assert Lake(disk / "store").info()["records"] == 500 * (stored + 1)
    finally:
        subprocess.run(["umount", str(disk)], check=False)
