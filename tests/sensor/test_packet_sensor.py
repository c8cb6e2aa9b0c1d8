import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mailscope.errors import InputError, StoreError
from mailscope.sensor.clock import ClockWatch
from mailscope.sensor.gaps import gaps_of
from mailscope.sensor.launcher import Launcher
from mailscope.sensor.packet_sensor import PacketSensor, Settings, status_of
from mailscope.store.engine import connect
from mailscope.store.lake import Lake
from tests.fixtures.cable import Cable
from tests.fixtures.namespaces import possible

NEEDED = "needs network namespaces (root), and the Debian packages tcpdump and iproute2"
on_a_cable = pytest.mark.skipif(shutil.which("tcpdump") is None or not possible(), reason=NEEDED)


def status(store):
    return status_of(store / "sensors" / f"{Cable.interface}.json") or {}


def gaps(store, interface=Cable.interface):
    return gaps_of(store / "sensors" / f"{interface}.gaps.jsonl")


def rows(store, table="flow_records"):
    lake = Lake(store, table=table)
    return lake.to_ibis(connect()).to_pyarrow().to_pylist() if lake.exists else []


def until(holds, seconds=120.0):
    """Waits for it; says whether it came."""
    deadline = time.monotonic() + seconds
    while not (came := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return came


def is_capturing(process, store):
    """The sensor of this process hears the interface."""
    return until(lambda: status(store).get("pid") == process.pid and status(store).get("is_capturing"))


def ended(process):
    process.send_signal(signal.SIGTERM)
    _out, said = process.communicate(timeout=300)
    return said


@on_a_cable
def test_mail_on_the_wire_is_in_the_store_while_the_sensor_runs(tmp_path):
    store, evidence = tmp_path / "store", tmp_path / "evidence"
    with Cable() as cable:
        process = cable.sensing(store, "--evidence", str(evidence), "--keep-free", "1M")
        try:
            assert is_capturing(process, store)
            cable.send(3)
            assert until(lambda: len(rows(store, "mail_transactions")) == 3)
        finally:
            said = ended(process)
    flows = [row for row in rows(store) if row["dst_port"] == 25]
    assert [row["src_addr"] for row in flows] == ["10.78.1.1"] * 3
    assert {row["reverse_packets"] > 5 for row in flows} == {True}
    kept = {path.name for path in evidence.iterdir()}
    assert {row["input"] for row in flows} == kept
    assert all(name.endswith(".pcap") for name in kept)
    assert "rows lost" in said
    assert status(store)["is_running"] is False


@on_a_cable
@pytest.mark.slow
def test_an_interface_that_goes_down_and_away_is_a_gap_and_no_end(tmp_path):
    store = tmp_path / "store"
    with Cable() as cable:
        process = cable.sensing(store)
        try:
            assert is_capturing(process, store)
            cable.send(2)
            cable.switch("down")
            assert until(lambda: status(store)["interface_state"] == "down")
            cable.switch("up")
            assert until(lambda: status(store)["interface_state"] == "up" and status(store)["is_capturing"])
            cable.send(2)
            assert until(lambda: len(rows(store, "mail_transactions")) == 4)
            cable.unplug()
            assert until(lambda: status(store)["interface_state"] == "gone")
            time.sleep(3)
            cable.plug()
            assert until(lambda: status(store)["is_capturing"] and not status(store)["open_gaps"])
            cable.send(2)
            assert until(lambda: len(rows(store, "mail_transactions")) == 6)
        finally:
            ended(process)
    kinds = [gap.kind for gap in gaps(store)]
    assert "interface-down" in kinds
    assert "interface-gone" in kinds
    assert len({(row["input"], row["record"]) for row in rows(store)}) == len(rows(store))


@on_a_cable
@pytest.mark.slow
def test_a_full_disk_stops_the_evidence_first_and_it_resumes(tmp_path):
    store, small = tmp_path / "store", tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)], check=True)
    try:
        with Cable() as cable:
            options = ["--evidence", str(small / "evidence"), "--keep-free", "8M", "--evidence-size", "2M"]
            process = cable.sensing(store, *options, "--evidence-total", "1G")
            try:
                assert is_capturing(process, store)
                cable.send(2)
                assert until(lambda: len(rows(store, "mail_transactions")) == 2)
                (small / "other").write_bytes(bytes(20 << 20))
                assert until(lambda: status(store)["evidence"]["is_stopped"])
                cable.send(3)
                assert until(lambda: len(rows(store, "mail_transactions")) == 5)
                assert until(lambda: status(store)["evidence"]["missed_bytes"] > 0)
                (small / "other").unlink()
                assert until(lambda: not status(store)["evidence"]["is_stopped"])
                cable.send(1)
                assert until(lambda: len(rows(store, "mail_transactions")) == 6)
            finally:
                said = ended(process)
        assert "evidence-stopped" in said
        kinds = [gap.kind for gap in gaps(store)]
        assert "evidence-stopped" in kinds
        assert len(list((small / "evidence").glob("*.pcap"))) >= 2
    finally:
        subprocess.run(["umount", str(small)], check=True)


@on_a_cable
@pytest.mark.slow
def test_a_disk_without_any_room_keeps_rows_waiting_and_each_is_stored_once(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(small)], check=True)
    store = small / "store"
    try:
        with Cable() as cable:
            state = tmp_path / "state"
            state.mkdir()
            process = cable.sensing(store, "--state", str(state), "--evidence", str(small / "evidence"),
                                    "--keep-free", "8M", "--evidence-size", "1M")  # fmt: skip

            def told():
                return status_of(state / f"{Cable.interface}.json") or {}

            try:
                assert until(lambda: told().get("is_capturing"))
                cable.send(2)
                assert until(lambda: len(rows(store, "mail_transactions")) == 2)
                with (small / "other").open("wb", buffering=0) as other, contextlib.suppress(OSError):
                    while other.write(bytes(4096)) == 4096:
                        pass
                cable.send(3)
                assert until(lambda: told()["store_refusals"] and told()["evidence"]["is_stopped"])
                assert told()["packets"] >= 5 * 20
                (small / "other").unlink()
                assert until(lambda: len(rows(store, "mail_transactions")) == 5)
                assert until(lambda: not told()["evidence"]["is_stopped"])
            finally:
                ended(process)
            assert told()["lost_rows"] == 0
            found = [(row["input"], row["record"]) for row in rows(store)]
            assert len([row for row in rows(store) if row["dst_port"] == 25]) == 5
            assert len(found) == len(set(found))
    finally:
        subprocess.run(["umount", str(small)], check=True)


@on_a_cable
@pytest.mark.slow
def test_a_killed_sensor_has_written_nothing_twice_and_names_what_is_half(tmp_path):
    store, evidence = tmp_path / "store", tmp_path / "evidence"
    options = ["--evidence", str(evidence), "--keep-free", "1M"]
    with Cable() as cable:
        for _turn in range(3):
            process = cable.sensing(store, *options)
            assert is_capturing(process, store)
            cable.send(5)
            assert until(lambda: status(store)["packets"] >= 100)
            process.kill()
            process.communicate(timeout=300)
            assert len(list(evidence.glob("*.part"))) == 1
        process = cable.sensing(store, *options)
        assert is_capturing(process, store)
        ended(process)
    assert list(evidence.glob("*.part")) == []
    killed = [gap for gap in gaps(store) if gap.kind == "killed"]
    assert len(killed) == 6
    for table in ("flow_records", "mail_transactions"):
        found = [
            (row.get("input") or row["capture"], row.get("record") or row["first_packet"]) for row in rows(store, table)
        ]
        assert len(found) == len(set(found))
    from mailscope.ingest.captures import read

    whole = read(sorted(evidence.glob("*.pcap")))
    assert {entry["end"] for entry in whole.inputs} == {"complete"}
    assert len(whole["mail_transactions"]) == 15


GIVEN_UP = """
import os, pathlib, sys
from mailscope.cli import sense
from mailscope.sensor.launcher import Launcher
launcher = Launcher(["id", "-u"])
sense._give_up_rights("nobody", [pathlib.Path(sys.argv[1])])
output, _messages = launcher.start()
try:
    os.setuid(0)
except PermissionError:
    print(os.getresuid(), os.getgroups(), os.read(output, 10).strip())
launcher.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, whose rights are given up")
def test_decoding_has_lost_the_rights_that_the_capture_program_keeps():
    # Root's own folder for temporary files may be closed to everybody else.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        command = [sys.executable, "-c", GIVEN_UP, str(Path(folder) / "store")]
        Path(folder).chmod(0o755)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "(65534, 65534, 65534) [] b'0'\n", done.stderr


FAKE = """
import fcntl, struct, sys, termios, time
def is_read():
    return not any(fcntl.ioctl(1, termios.FIONREAD, bytes(4)))
out = sys.stdout.buffer
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)); out.flush()
for shift in SHIFTS:
    s = CLOCK + shift
    for n in range(20):
        frame = bytes(60)
        out.write(struct.pack("<IIII", int(s), n, len(frame), len(frame)) + frame)
    out.flush()
    while not is_read(): time.sleep(0.01)
END
"""


def fake(tmp_path, body):
    program = tmp_path / "program.py"
    program.write_text(body.replace("CLOCK", repr(time.time())))
    return [sys.executable, str(program)]


def sensed(tmp_path, command, is_over=lambda _sensor: False):
    """A sensor that ran until then, or for minutes; its own clock stands still, so that no delay looks like a step."""
    settings, now = Settings("lo", str(tmp_path / "store"), tmp_path / "state"), time.time()
    sensor = PacketSensor(settings, Launcher(command), ClockWatch(lambda: now, lambda: 0.0))
    end = time.monotonic() + 300
    sensor.run(lambda: is_over(sensor) or time.monotonic() > end)
    return sensor


def test_a_clock_that_is_set_is_named(tmp_path):
    body = FAKE.replace("SHIFTS", "(0, 0, 900, 900, -900)").replace("END", "time.sleep(600)")
    sensor = sensed(tmp_path, fake(tmp_path, body), lambda own: own.status()["packets"] == 100)
    steps = [gap.detail for gap in sensor.gaps.recent if gap.kind == "clock-step"]
    assert len(steps) == 2
    assert [round(float(step.removesuffix(" s")) / 100) for step in steps] == [9, -18]
    assert sensor.status()["packets"] == 100


def test_a_program_that_ends_is_started_again_and_the_gap_is_named(tmp_path):
    ending = fake(tmp_path, FAKE.replace("SHIFTS", "(0,)").replace("END", "sys.exit('no more')"))
    sensor = sensed(tmp_path, ending, lambda own: own.gaps.recent and own.status()["program_starts"] > 1)
    assert sensor.status()["program_starts"] >= 2
    ends = [gap for gap in sensor.gaps.recent if gap.kind == "program-ended"]
    assert ends[0].detail == "no more"


def test_a_program_that_cannot_capture_at_all_is_an_error_with_its_words(tmp_path):
    with pytest.raises(InputError, match="no such device"):
        sensed(tmp_path, ["sh", "-c", "echo no such device >&2; exit 1"])


def test_two_sensors_do_not_share_a_place(tmp_path):
    settings = Settings("lo", str(tmp_path / "store"), tmp_path / "state")
    launcher = Launcher(["true"])
    sensor = PacketSensor(settings, launcher)
    with pytest.raises(StoreError, match="another sensor"):
        PacketSensor(settings, launcher)
    sensor.run(lambda: True)
    assert json.loads((tmp_path / "state" / "lo.json").read_text())["is_running"] is False
