"""The program that captures: its arguments, its output, and what its messages say."""

import os
import re
import select
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from mailscope.errors import UsageError
from mailscope.sensor.launcher import Launcher

SNAP_BYTES = 262_144
"""The longest frame that is kept; offload makes frames of 64 KiB and more."""


READ_BYTES = 1 << 20
SETTLED_S = 1.0
LAST_WORDS_S = 0.5
"""How long a program that ended is listened to."""


@dataclass(slots=True)
class Counts:
    """What the capture program and the kernel counted; None where they do not say."""

    received: int | None = None
    """Packets that passed the filter."""
    kernel_drops: int | None = None
    """Packets lost because the program's buffer was full."""
    interface_drops: int | None = None
    """Packets lost by the interface or its driver."""


_CAP_NET_RAW = 13
_TCPDUMP = {
    "received": re.compile(r"(\d+) packets? received by filter"),
    "kernel_drops": re.compile(r"(\d+) packets? dropped by kernel"),
    "interface_drops": re.compile(r"(\d+) packets? dropped by interface"),
}
# "Packets received/dropped on interface 'eth0': 10/3 (pcap:2/dumpcap:1/flushed:0/ps_ifdrop:0) (76.9%)"
_DUMPCAP = re.compile(r"Packets received/dropped on interface .*: (\d+)/(\d+) .*ps_ifdrop:(\d+)")


def capture_command(interface: str, filter_text: str = "", *, buffer_mb: int = 64, user: str = "") -> list[str]:
    """The command that writes a pcap stream of the interface to its standard output.

    tcpdump where there is one, since it tells its drops while it runs; dumpcap else, and for a user without the right
    to capture, which dumpcap may have of its own. UsageError when there is neither.
    """
    if not interface or interface.startswith("-"):
        raise UsageError(f"`{interface}` is no interface")
    tcpdump, dumpcap = _program("tcpdump"), _program("dumpcap")
    if tcpdump and (may_capture() or not dumpcap):
        command = [tcpdump, "-n", "-U", "-s", str(SNAP_BYTES), "-B", str(buffer_mb << 10), "-i", interface, "-w", "-"]
        return [*command, *(["-Z", user] if user else []), *(["--", filter_text] if filter_text else [])]
    if dumpcap:
        command = [dumpcap, "-q", "-P", "-s", str(SNAP_BYTES), "-B", str(buffer_mb), "-i", interface, "-w", "-"]
        return [*command, *(["-f", filter_text] if filter_text else [])]
    raise UsageError(
        "there is neither tcpdump nor dumpcap here", hint="`apt-get install tcpdump` (or wireshark-common: dumpcap)"
    )


def may_capture() -> bool:
    """Whether this process may open an interface: it has CAP_NET_RAW, as root has."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_NET_RAW & 1)
    return os.geteuid() == 0


def _program(name: str) -> str | None:
    """Where the program lies, also where only root looks for it."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def read_counts(line: str, counts: Counts) -> bool:
    """Takes a line of the program's messages into the counts; False when it tells of something else."""
    if match := _DUMPCAP.search(line):
        counts.received, counts.kernel_drops, counts.interface_drops = (int(number) for number in match.groups())
        return True
    found = {name: match for name, pattern in _TCPDUMP.items() if (match := pattern.search(line))}
    for name, match in found.items():
        setattr(counts, name, int(match[1]))
    return bool(found) or bool(re.search(r"\d+ packets? captured", line))


class CaptureProgram:
    """The program as it runs, is lost and is started again; counts go on over all its runs."""

    def __init__(self, launcher: Launcher) -> None:
        self.starts = 0
        self.message = ""
        """The last that it said, counts aside."""
        self._launcher = launcher
        self._output: int | None = None
        self._messages: int | None = None
        self._said = b""
        self._heard_at: float | None = None
        self._now, self._before = Counts(), Counts()

    @property
    def is_running(self) -> bool:
        """True from its start until its output ended."""
        return self._output is not None

    @property
    def counts(self) -> Counts:
        """The sums over all runs."""
        names = ("received", "kernel_drops", "interface_drops")
        return Counts(*(_sum(getattr(self._before, name), getattr(self._now, name)) for name in names))

    def start(self) -> None:
        """Starts it; OSError says why that cannot be."""
        self._output, self._messages = self._launcher.start()
        self.starts += 1
        self.message, self._said, self._heard_at = "", b"", None

    def read(self, wait_s: float) -> bytes | None:
        """What it captured, at most `READ_BYTES`; None when nothing came in this time, empty when it has ended."""
        pipes = [pipe for pipe in (self._output, self._messages) if pipe is not None]
        readable, _write, _error = select.select(pipes, [], [], wait_s)
        if self._messages in readable and not self._listen():
            os.close(self._messages or 0)
            self._messages = None
        if self._output is None or self._output not in readable:
            return None
        self._heard_at = self._heard_at or time.monotonic()
        return os.read(self._output, READ_BYTES)

    def ask_counts(self) -> None:
        """Lets it tell its counts, which are there some time later.

        Only tcpdump can: the signal ends dumpcap, and also a tcpdump that has only just begun to write.
        """
        is_ready = self._heard_at is not None and time.monotonic() - self._heard_at > SETTLED_S
        if self.is_running and is_ready and self._launcher.command[0].endswith("tcpdump"):
            self._launcher.ask_counts()

    def stop(self) -> None:
        """Asks it to end; what it captured before can still be read."""
        self._launcher.stop()

    def close(self) -> None:
        """Ends it and hears its last words."""
        self._launcher.stop()
        while self._messages is not None and select.select([self._messages], [], [], LAST_WORDS_S)[0]:
            if not self._listen():
                break
        for pipe in (self._output, self._messages):
            if pipe is not None:
                os.close(pipe)
        self._output = self._messages = None
        self._before, self._now = self.counts, Counts()

    def _listen(self) -> bool:
        """Takes what it says; False at the end of it."""
        assert self._messages is not None
        data = os.read(self._messages, 64 << 10)
        *lines, self._said = (self._said + data).split(b"\n")
        self._said = self._said[-1000:]
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if text and not read_counts(text, self._now) and "listening on" not in text:
                # tcpdump says some reasons twice, the second time in brackets and without their subject.
                self.message = self.message if text.startswith("(") and self.message else text[:500]
        return bool(data)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)
