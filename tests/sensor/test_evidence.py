import os

from mailscope.sensor import evidence as module
from mailscope.sensor.evidence import Evidence, EvidenceSettings
from tests.fixtures.wire import Conversation, pcap_bytes

DATA = pcap_bytes(Conversation("10.0.0.1:40001", "192.0.2.25:25").packets)
HEADER, RECORDS = DATA[:24], DATA[24:]


def keeping(folder, **more):
    return Evidence(EvidenceSettings(folder, **{"keep_free_bytes": 0, **more}), "eth0")


def test_files_turn_by_size_and_the_oldest_go(tmp_path):
    own = keeping(tmp_path, file_bytes=500, total_bytes=2000)
    own.begin(HEADER)
    for _ in range(20):
        own.write(RECORDS)
        own.turn()
    own.end()
    assert 2 <= len(own.kept()) <= 5
    assert own.removed > 0
    assert sum(path.stat().st_size for path in own.kept()) <= 2000
    assert all(path.read_bytes()[:24] == HEADER for path in own.kept())
    assert list(tmp_path.glob("*.part")) == []


def test_files_turn_by_age(tmp_path):
    own = keeping(tmp_path, file_seconds=0.0)
    own.begin(HEADER)
    names = set()
    for _ in range(3):
        own.write(RECORDS)
        names.add(own.turn())
    own.end()
    assert len(names) == 3
    assert len(own.kept()) == 3  # the last had no packet


def test_less_room_than_is_to_be_free_stops_it_and_more_starts_it_again(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    own = keeping(tmp_path)
    own.begin(HEADER)
    own.write(RECORDS)
    own.settings = EvidenceSettings(tmp_path, keep_free_bytes=1 << 60)
    assert own.turn() == ""
    own.write(RECORDS)
    assert (own.stopped, own.missed_bytes, own.current) == ("the disk is full", len(RECORDS), "")
    assert own.turn() is None
    own.settings = EvidenceSettings(tmp_path, keep_free_bytes=0)
    assert own.turn() == own.current != ""
    assert own.stopped == ""
    own.end()


def test_a_disk_that_is_full_in_the_middle_of_a_record_keeps_whole_records(tmp_path, monkeypatch):
    own = keeping(tmp_path)
    own.begin(HEADER)
    own.write(RECORDS)
    real = os.write

    def full(file, data):
        if len(data) < 50:
            raise OSError(28, "No space left on device")
        return real(file, data[: len(data) - 20])

    monkeypatch.setattr(os, "write", full)
    own.write(RECORDS)
    monkeypatch.undo()
    assert own.stopped == "the disk is full"
    assert own.kept()[0].read_bytes() == DATA


def test_a_half_file_is_cut_after_its_last_whole_packet_and_named(tmp_path):
    (tmp_path / "eth0-1.pcap.part").write_bytes(DATA + RECORDS[:-7])
    (tmp_path / "eth0-2.pcap.part").write_bytes(HEADER[:10])
    whole = len(DATA) + len(RECORDS) - (16 + 54)
    assert list(keeping(tmp_path).recovered()) == ["eth0-1.pcap"]
    assert (tmp_path / "eth0-1.pcap").stat().st_size == whole
    assert [path.name for path in tmp_path.iterdir()] == ["eth0-1.pcap"]
