"""The whole investigation at size: from the capture to findings.json and report.html, beside tshark on a piece of it.

    python bench/investigate.py            # MIX: 13 million packets, 5.2 GB
    python bench/investigate.py --quick    # the piece of it alone

The aim is an investigation of MIX in under a minute and under 1 GB on two cores. tshark's filter for mail and web
passes over the piece in the same run, for its figures are not those of another day's machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import captures
from bench import Run, commands, measured

WHOLE, PIECE, OWN = "MIX", "MIX_660k", "OWN"

WALL_S, PEAK_MB = 60, 1000
"""What the investigation of WHOLE must stay under."""


def investigated(name: str, path: Path, limit_s: float) -> Run:
    """`mailscope investigate` of one capture; the start of Python and the report are in it."""
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)  # into the file cache
    with tempfile.TemporaryDirectory() as folder:
        mailscope = commands(path, Path(folder))["mailscope"][0]
        command = [mailscope, "investigate", str(path), "-o", str(Path(folder) / "case")]
        return measured(name, "mailscope", command, limit_s)


def filtered(name: str, path: Path, limit_s: float) -> Run:
    """tshark's pass with a display filter that keeps mail and web, written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(name, "tshark", commands(path, Path(folder) / "out")["tshark-filter"], limit_s)


def line(run: Run, path: Path) -> str:
    """One row of the table."""
    mark = "" if run.finished else " (stopped)"
    what = "mailscope investigate" if run.tool == "mailscope" else "tshark -Y 'pop||smtp||http' -w"
    size_mb = path.stat().st_size / 1e6
    return f"| {run.capture} | {what}{mark} | {size_mb:.0f} | {run.cpu_s:.1f} | {run.wall_s:.1f} | {run.peak_mb:.0f} |"


def verdict(run: Run) -> str:
    """The aim beside what was reached."""
    met = run.finished and run.wall_s <= WALL_S and run.peak_mb <= PEAK_MB
    reached = f"{run.wall_s:.1f} s and {run.peak_mb:.0f} MB"
    busy = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return f"- {run.capture}: at most {WALL_S} s and {PEAK_MB} MB: {reached}, {'met' if met else 'MISSED'} ({busy})"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the piece")
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a process is stopped")
    parser.add_argument("--cache", type=Path, default=captures.ROOT / "build" / "bench", help="where captures are kept")
    asked = parser.parse_args()
    can_have = captures.wanted(asked.quick)
    names = [name for name in (PIECE, WHOLE, OWN) if name in can_have]
    print("| capture | what | MB | CPU s | wall s | peak MB |\n|---|---|--:|--:|--:|--:|")
    for name in names:
        path = captures.capture(name, asked.cache)
        if name != WHOLE:
            print(line(filtered(name, path, asked.limit), path), flush=True)
        run = investigated(name, path, asked.limit)
        print(line(run, path), flush=True)
        if name == WHOLE:
            print("\n" + verdict(run))


if __name__ == "__main__":
    main()
