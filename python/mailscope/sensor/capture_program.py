"""Which program captures, with which arguments, and what its messages say."""

import re
import shutil
from dataclasses import dataclass

from mailscope.errors import UsageError

SNAP_BYTES = 262_144
"""The longest frame that is kept; offload makes frames of 64 KiB and more."""


@dataclass(slots=True)
class Counts:
    """What the capture program and the kernel counted; None where they do not say."""

    received: int | None = None
    """Packets that passed the filter."""
    kernel_drops: int | None = None
    """Packets lost because the program's buffer was full."""
    interface_drops: int | None = None
    """Packets lost by the interface or its driver."""


_TCPDUMP = {
    "received": re.compile(r"(\d+) packets? received by filter"),
    "kernel_drops": re.compile(r"(\d+) packets? dropped by kernel"),
    "interface_drops": re.compile(r"(\d+) packets? dropped by interface"),
}
# "Packets received/dropped on interface 'eth0': 10/3 (pcap:2/dumpcap:1/flushed:0/ps_ifdrop:0) (76.9%)"
_DUMPCAP = re.compile(r"Packets received/dropped on interface .*: (\d+)/(\d+) .*ps_ifdrop:(\d+)")


def capture_command(interface: str, filter_text: str = "", *, buffer_mb: int = 64, user: str = "") -> list[str]:
    """The command that writes a pcap stream of the interface to its standard output.

    tcpdump where there is one, since it tells its drops while it runs; dumpcap else. UsageError when there is neither.
    """
    if not interface or interface.startswith("-"):
        raise UsageError(f"`{interface}` is no interface")
    if tcpdump := _program("tcpdump"):
        command = [tcpdump, "-n", "-U", "-s", str(SNAP_BYTES), "-B", str(buffer_mb << 10), "-i", interface, "-w", "-"]
        return [*command, *(["-Z", user] if user else []), *(["--", filter_text] if filter_text else [])]
    if dumpcap := _program("dumpcap"):
        command = [dumpcap, "-q", "-P", "-s", str(SNAP_BYTES), "-B", str(buffer_mb), "-i", interface, "-w", "-"]
        return [*command, *(["-f", filter_text] if filter_text else [])]
    raise UsageError(
        "there is neither tcpdump nor dumpcap here", hint="`apt-get install tcpdump` (or wireshark-common: dumpcap)"
    )


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
