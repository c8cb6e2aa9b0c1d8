import time

import pytest

from mailscope.errors import StoreError
from mailscope.ingest.live_capture import records_of_flows
from mailscope.sensor import store_writer as module
from mailscope.sensor.store_writer import StoreWriter
from mailscope.store.lake import Lake
from tests.ingest.test_live_capture import conversations, pcap_bytes


@pytest.fixture(scope="module")
def records():
    import pyarrow as pa

    from mailscope.ingest.live_capture import Live, Options

    live, data = Live(Options()), pcap_bytes(conversations())
    live.begin("now", data[:24])
    live.feed(data[24:])
    live.cut()
    return records_of_flows(pa.table(live.take()["flows"]))


def until(holds, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def test_a_store_that_refuses_is_asked_again_and_gets_each_batch_once(tmp_path, monkeypatch, records):
    refusals = iter([True, True])
    real = Lake.append

    def moody(self, rows, *, app, number):
        if next(refusals, False):
            raise StoreError("the disk is full")
        return real(self, rows, app=app, number=number)

    monkeypatch.setattr(Lake, "append", moody)
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    writer = StoreWriter(tmp_path, "run")
    for _ in range(3):
        assert writer.offer({"flow_records": records})
    assert until(lambda: writer.status()["stored_batches"] == 3)
    writer.close()
    assert Lake(tmp_path).info()["records"] == 3 * len(records)
    assert (writer.refusals, writer.status()["store_error"], writer.lost_rows) == (2, "", 0)


def test_more_than_may_wait_is_lost_and_counted(tmp_path, monkeypatch, records):
    def refuse(self, rows, *, app, number):
        raise StoreError("the disk is full")

    monkeypatch.setattr(Lake, "append", refuse)
    monkeypatch.setattr(module, "WAITING_BYTES", 2 * records.nbytes)
    writer = StoreWriter(tmp_path, "run")
    taken = [writer.offer({"flow_records": records}) for _ in range(4)]
    assert taken == [True, True, False, False]
    assert writer.status()["batch_age_s"] >= 0
    writer.close()
    assert writer.lost_rows == 4 * len(records)
    assert writer.status()["waiting_rows"] == 0


@pytest.mark.slow
def test_small_files_are_joined_now_and_then_in_every_table(tmp_path, records):
    from mailscope.detect.flow_sums import SUMS

    writer = StoreWriter(tmp_path, "run", tidy_s=0.001, keep_days=3650, sums=SUMS)
    for number in range(3):
        writer.offer({"flow_records": records})
        assert until(lambda number=number: writer.stored_batches == number + 1)
        time.sleep(0.01)  # longer than `tidy_s`
    writer.close()
    assert writer.status()["store_error"] == ""
    info = Lake(tmp_path).info()
    assert (info["records"], info["files"]) == (3 * len(records), 1)
