import os
import shutil

import pytest

from mailscope.errors import UsageError
from mailscope.sensor import capture_program
from mailscope.sensor.capture_program import CaptureProgram, Counts, capture_command, read_counts
from mailscope.sensor.launcher import Launcher

TCPDUMP = (
    "12 packets captured, 14 packets received by filter, 2 packets dropped by kernel, 1 packet dropped by interface"
)
DUMPCAP = "Packets received/dropped on interface 'eth0': 10/3 (pcap:2/dumpcap:1/flushed:0/ps_ifdrop:4) (76.9%)"


def test_counts_are_read_as_each_program_tells_them():
    one, other = Counts(), Counts()
    assert all(read_counts(part, one) for part in TCPDUMP.split(", "))
    assert one == Counts(14, 2, 1)
    assert read_counts(DUMPCAP, other)
    assert other == Counts(10, 3, 4)
    assert not read_counts("tcpdump: pcap_loop: The interface disappeared", one)


def test_a_filter_is_never_an_option_and_an_interface_neither(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(capture_program, "may_capture", lambda: True)
    command = capture_command("eth0", "-w /etc/passwd")
    assert command[0].endswith("tcpdump")
    assert command[-2:] == ["--", "-w /etc/passwd"]
    with pytest.raises(UsageError):
        capture_command("-w")


def test_who_may_not_capture_uses_the_program_that_may(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(capture_program, "may_capture", lambda: False)
    command = capture_command("eth0", "tcp")
    assert command[0].endswith("dumpcap")
    assert command[-2:] == ["-f", "tcp"]
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(UsageError, match="neither"):
        capture_command("eth0")


def test_the_program_is_started_again_and_its_words_and_counts_are_kept():
    said = 'echo 5 packets received by filter >&2; echo last words >&2; echo "(words)" >&2; printf abc'
    launcher = Launcher(["sh", "-c", said])
    program = CaptureProgram(launcher)
    try:
        for starts in (1, 2):
            program.start()
            data = b""
            while (part := program.read(2.0)) != b"":
                data += part or b""
            program.close()
            assert (data, program.message, program.starts) == (b"abc", "last words", starts)
            assert program.counts == Counts(5 * starts, None, None)
    finally:
        launcher.close()


def test_the_program_ends_with_the_sensor():
    launcher = Launcher(["sh", "-c", "echo $$; exec sleep 60"])
    output, messages = launcher.start()
    pid = int(os.read(output, 20))
    launcher.close()
    os.close(output)
    os.close(messages)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_program_that_is_not_there_is_named():
    launcher = Launcher(["/nowhere/tcpdump"])
    with pytest.raises(OSError, match="/nowhere/tcpdump"):
        launcher.start()
    launcher.close()
