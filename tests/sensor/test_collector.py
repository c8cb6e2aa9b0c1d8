import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from mailscope.errors import InputError, StoreError, UsageError
from mailscope.sensor import collector as module
from mailscope.sensor.collector import FlowCollector, Settings
from mailscope.store.engine import connect
from mailscope.store.lake import Lake

NAMES = ("datagrams", "records", "queue_drops", "queued_datagrams", "queued_bytes", "stored_records", "stored_batches")
NAMES += ("unstored_records", "unstored_age_s", "store_refusals", "longest_commit_s")
EMPTY = dict.fromkeys(NAMES, 0) | {"sockets": [], "exporters": [], "refused": {}}


def datagram(sequence, records=30, sampling=0, seconds=1_795_291_549):
    """NetFlow v5: mail from 10.0.0.1, 10 packets of 60 bytes each record."""
    head = struct.pack(">HHIIIIBBH", 5, records, 60_000, seconds, 0, sequence, 0, 0, sampling)
    flow = bytes([10, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0]) + struct.pack(">HHIIII", 1, 2, 10, 600, 50_000, 59_000)
    return head + records * (flow + struct.pack(">HHBBBBHHBBH", 40_000, 25, 0, 0x1B, 6, 0, 0, 0, 0, 0, 0))


def sent(collector, datagrams):
    host, port = collector.listening[0].removeprefix("udp:").rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in datagrams:
            sender.sendto(payload, (host, int(port)))


def one_run(place, datagrams, **settings):
    """A collector on loopback that hears these datagrams and stops."""
    collector = FlowCollector(Settings(["127.0.0.1:0"], batch_seconds=0.2, **settings), Lake(place))
    sent(collector, datagrams)
    collector.run(once(lambda: looked_at(collector.status()) >= len(datagrams)))
    return collector


def looked_at(status):
    """Datagrams that were decoded, were none, or came from a stranger."""
    return status["datagrams"] + sum(status["refused"].values()) + status["sockets"][0]["refused"]


def once(holds):
    """The end of a run: when it holds, on a machine however slow."""
    latest = time.monotonic() + 300
    return lambda: holds() or time.monotonic() > latest


def test_what_comes_is_stored_and_counted(tmp_path):
    collector = one_run(tmp_path / "store", [datagram(0), datagram(30), datagram(60)])
    status = collector.status()
    assert (status["stored_records"], status["unstored_records"], status["queue_drops"]) == (90, 0, 0)
    records = Lake(tmp_path / "store").to_ibis(connect()).to_pyarrow()
    assert len(records) == 90
    assert set(records["input"].to_pylist()) == {f"{collector.listening[0]}@{collector.run_id}"}
    assert sorted(set(records["datagram"].to_pylist())) == [1, 2, 3]
    assert set(records["dst_port"].to_pylist()) == {25}


def test_gaps_late_and_second_copies_are_told_and_sampling_is_corrected(tmp_path):
    datagrams = [datagram(0, sampling=100), datagram(90, sampling=100), datagram(60, sampling=100)]
    collector = one_run(tmp_path / "store", [*datagrams, datagrams[1]])
    exporter = collector.status()["exporters"][0]
    told = {name: exporter[name] for name in ("records", "lost", "lost_unit", "gaps", "late", "duplicates")}
    assert told == {"records": 90, "lost": 30, "lost_unit": "records", "gaps": 1, "late": 1, "duplicates": 1}
    assert exporter["sampling"] == {"100": 90}
    row = Lake(tmp_path / "store").to_ibis(connect()).limit(1).to_pyarrow().to_pylist()[0]
    assert (row["packets"], row["packets_est"], row["bytes_est"], row["sampling"]) == (10, 1000, 60_000, 100)


def test_senders_outside_the_allow_list_are_counted_and_not_heard(tmp_path):
    status = one_run(tmp_path / "store", [datagram(0)], allow=["192.0.2.0/24"]).status()
    assert (status["records"], status["sockets"][0]["refused"]) == (0, 1)
    assert status["sockets"][0]["strangers"] == {"127.0.0.1": 1}
    assert not Lake(tmp_path / "store").exists


def test_what_is_no_export_is_counted_by_reason(tmp_path):
    status = one_run(tmp_path / "store", [b"hello, collector", b"", datagram(0)[:100]]).status()
    assert status["refused"] == {"cut-header": 1, "cut-off": 1, "unknown-version": 1}


def test_a_batch_that_the_store_refuses_is_kept_and_offered_again(tmp_path, monkeypatch):
    class Moody(Lake):
        asked = 0

        def append(self, records, *, app, number):
            self.asked += 1
            if self.asked < 3:
                raise StoreError("the disk is full")
            return super().append(records, app=app, number=number)

    monkeypatch.setattr(module, "RETRY_S", 0.05)
    collector = FlowCollector(Settings(["127.0.0.1:0"], batch_seconds=0.2), Moody(tmp_path / "store"))
    sent(collector, [datagram(0)])
    collector.run(once(lambda: collector.stored.records))
    assert (collector.stored.refused, collector.stored.records) == (2, 30)
    assert Lake(tmp_path / "store").info()["records"] == 30


def test_wrong_addresses_are_named(tmp_path):
    with pytest.raises(UsageError, match="no address or prefix"):
        FlowCollector(Settings(["127.0.0.1:0"], allow=["router"]), Lake(tmp_path))
    with pytest.raises(InputError, match="cannot listen"):
        FlowCollector(Settings(["192.0.2.77:9995"]), Lake(tmp_path))
    with pytest.raises(UsageError, match="no address to listen on"):
        FlowCollector(Settings([]), Lake(tmp_path))


class Listening:
    """Where a collector in another process listens, as `sent` wants it."""

    def __init__(self, line):
        self.listening = [line.split()[-1]]


@pytest.mark.slow
def test_a_collector_killed_under_load_has_stored_what_it_said(tmp_path):
    status, store = tmp_path / "status.json", tmp_path / "store"
    command = [sys.executable, "-m", "mailscope", "collect", "--listen", "127.0.0.1:0", "--store", str(store)]
    command += ["--batch-seconds", "0.3", "--status", str(status)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    for turn in range(5):
        acknowledged = Lake(store).info()["records"] if turn else 0
        status.unlink(missing_ok=True)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as collector:
            where = Listening(collector.stderr.readline())
            for number in range(5000):
                sent(where, [datagram(30 * number)])
                time.sleep(0.004)
                if number > 300 + 40 * turn and status.exists():  # a busy machine needs longer for its first batch
                    break
            collector.send_signal(signal.SIGKILL)
        said = json.loads(status.read_text())["stored_records"] if status.exists() else 0
        names = Lake(store).to_ibis(connect()).select("input", "record").to_pyarrow().to_pylist()
        assert len(names) == len({(row["input"], row["record"]) for row in names})
        assert said > 0
        assert len(names) >= acknowledged + said
