"""Speed and memory of `mailscope tables` beside other tools, on the same files, in one run.

    python bench/bench.py                 # all captures, three rounds
    python bench/bench.py --quick         # small captures, one round, about a minute
    python bench/bench.py MAIL --rounds 5

Whole processes are measured, start-up included: CPU seconds (user and system), wall-clock seconds,
peak resident memory. Tools take turns within a round, so that a slow minute of the machine hits all.
The median of the rounds is shown. A tool that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import captures

RESULTS = Path(__file__).resolve().parent / "results"
MAIL_PORTS = " or ".join(f"port {port}" for port in (25, 465, 587, 110, 995, 143, 993))
FIELDS = (
    "frame.number ip.src ip.dst tcp.srcport tcp.dstport smtp.req.command smtp.req.parameter "
    "smtp.response.code imf.from imf.to imf.subject"
)
TSHARK_SLOW = {"MIX"}  # tshark does not finish there in a useful time


@dataclass(frozen=True)
class Aim:
    """`numerator` to `denominator` in CPU seconds must be at most, or at least, `bound`."""

    capture: str
    numerator: str
    denominator: str
    bound: float
    at_most: bool


AIMS = [
    Aim("MIX", "mailscope", "tcpdump", 1.2, True),
    Aim("MIX", "mailscope", "cat", 4.0, True),
    Aim("MIX_660k", "tshark-filter", "mailscope", 150, False),
    Aim("MAIL", "tshark-fields", "mailscope", 30, False),
    Aim("MAILBOTH", "tshark-fields", "mailscope", 35, False),
]
PEAKS_MB = {"MIX": 300, "MAIL": 100, "MAILBOTH": 100}


@dataclass
class Run:
    """One process on one capture."""

    capture: str
    tool: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    finished: bool


def commands(path: Path, out: Path) -> dict[str, list[str]]:
    """What is run, by tool."""
    fields = [part for name in FIELDS.split() for part in ("-e", name)]
    beside = Path(sys.executable).with_name("mailscope")
    mailscope = str(beside) if beside.exists() else "mailscope"
    return {
        "cat": ["cat", str(path)],
        "tcpdump": ["tcpdump", "-n", "-r", str(path), "-w", str(out.with_suffix(".pcap")), MAIL_PORTS],
        "mailscope": [mailscope, "tables", str(path), "-o", str(out)],
        "tshark-filter": [
            "tshark",
            "-n",
            "-r",
            str(path),
            "-Y",
            "pop||smtp||http",
            "-w",
            str(out.with_suffix(".pcapng")),
        ],
        "tshark-fields": ["tshark", "-n", "-r", str(path), "-Y", "smtp||imf", "-T", "fields", *fields],
    }


def measured(capture: str, tool: str, command: list[str], limit_s: float) -> Run:
    """Runs a process to its end, or to the time limit."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    finished = True
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - started > limit_s and finished:
            os.killpg(process.pid, signal.SIGKILL)
            finished = False
        time.sleep(0.005)
    process.returncode = os.waitstatus_to_exitcode(status)
    if finished and process.returncode:
        raise SystemExit(f"{tool} ended with {process.returncode}: {' '.join(command)}")
    return Run(
        capture, tool, usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024, finished
    )


def wanted(tool: str, capture: str, number: int, only: list[str]) -> bool:
    """tshark runs once only, and not where it would take hours."""
    if tool.startswith("tshark") and (capture in TSHARK_SLOW or number):
        return False
    return not only or tool in only


def rounds(name: str, path: Path, asked: argparse.Namespace) -> list[Run]:
    """All tools on one capture, taking turns."""
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)  # into the file cache
    runs: list[Run] = []
    given_up: set[str] = set()
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for tool, command in commands(path, Path(folder) / "case").items():
                if tool in given_up or not wanted(tool, name, number, asked.tools):
                    continue
                if shutil.which(command[0]) is None:
                    print(f"{tool}: not installed, left out", file=sys.stderr)
                    given_up.add(tool)
                    continue
                run = measured(name, tool, command, asked.limit)
                if not run.finished:
                    given_up.add(tool)
                runs.append(run)
                print(f"{name} {tool}: {run.cpu_s:.2f} s CPU, {run.peak_mb:.0f} MB", file=sys.stderr)
    return runs


def medians(runs: list[Run]) -> dict[tuple[str, str], Run]:
    """The median of each figure, by capture and tool."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.capture, run.tool), []).append(run)
    return {
        (capture, tool): Run(
            capture,
            tool,
            *(statistics.median(getattr(run, name) for run in group) for name in ("cpu_s", "wall_s", "peak_mb")),
            all(run.finished for run in group),
        )
        for (capture, tool), group in groups.items()
    }


def packets(path: Path) -> int:
    """Packets of a pcap file, as its generator's file name records them beside it, else counted."""
    beside = path.with_suffix(".packets")
    if not beside.exists():
        beside.write_text(str(count_packets(path)))
    return int(beside.read_text())


def count_packets(path: Path) -> int:
    """Walks the record headers of a little-endian pcap."""
    count, at, size = 0, 24, path.stat().st_size
    with path.open("rb") as file:
        while at < size:
            file.seek(at + 8)
            at += 16 + int.from_bytes(file.read(4), "little")
            count += 1
    return count


def table(best: dict[tuple[str, str], Run], paths: dict[str, Path]) -> str:
    """Markdown: one row for each capture and tool."""
    lines = [
        "| capture | tool | CPU s | wall s | MB/s | packets/s | peak MB | CPU, mailscope = 1 |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for (capture, tool), run in best.items():
        ours = best.get((capture, "mailscope"))
        size_mb, count = paths[capture].stat().st_size / 1e6, packets(paths[capture])
        ratio = f"{run.cpu_s / ours.cpu_s:.2f}" if ours else ""
        mark = "" if run.finished else " (stopped)"
        lines.append(
            f"| {capture} | {tool}{mark} | {run.cpu_s:.2f} | {run.wall_s:.2f} | {size_mb / run.wall_s:.0f} "
            f"| {count / run.wall_s:,.0f} | {run.peak_mb:.0f} | {ratio} |"
        )
    return "\n".join(lines)


def verdicts(best: dict[tuple[str, str], Run]) -> list[str]:
    """Each aim beside what was reached."""
    lines = []
    for aim in AIMS:
        one, other = best.get((aim.capture, aim.numerator)), best.get((aim.capture, aim.denominator))
        if one and other:
            reached = one.cpu_s / max(other.cpu_s, 1e-3)
            met = reached <= aim.bound if aim.at_most else reached >= aim.bound
            words = f"{aim.numerator} / {aim.denominator} {'at most' if aim.at_most else 'at least'} {aim.bound:g}"
            lines.append(f"- {aim.capture}: {words}: {reached:.2f}, {'met' if met else 'MISSED'}")
    for capture, bound in PEAKS_MB.items():
        if run := best.get((capture, "mailscope")):
            met = "met" if run.peak_mb <= bound else "MISSED"
            lines.append(f"- {capture}: peak at most {bound} MB: {run.peak_mb:.0f}, {met}")
    return lines


def main() -> None:
    """Makes the captures, measures, prints and keeps the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*", help="names; default: all that this machine can have")
    parser.add_argument("--quick", action="store_true", help="small captures, one round")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of all tools (default 3; quick: 1)")
    parser.add_argument("--tools", nargs="*", default=[], help="only these tools")
    parser.add_argument("--limit", type=float, default=180, help="seconds after which a process is stopped")
    parser.add_argument("--cache", type=Path, default=captures.ROOT / "build" / "bench", help="where captures are kept")
    asked = parser.parse_args()
    asked.rounds = asked.rounds or (1 if asked.quick else 3)
    names = asked.captures or captures.wanted(asked.quick)
    paths = {name: captures.capture(name, asked.cache) for name in names}
    runs = [run for name, path in paths.items() for run in rounds(name, path, asked)]
    best = medians(runs)
    text = "\n".join([table(best, paths), "", *verdicts(best)])
    print(text)
    RESULTS.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "system": platform.platform()}
    kept = {"when": stamp, **machine, "rounds": asked.rounds, "runs": [asdict(run) for run in runs]}
    (RESULTS / f"{stamp}.json").write_text(json.dumps(kept, indent=1))
    (RESULTS / "latest.md").write_text(text + "\n")


if __name__ == "__main__":
    main()
