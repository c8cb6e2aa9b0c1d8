"""The queue of a day over many stored records, beside nfdump on the same records in the same run.

    python bench/day_queue.py --make /big/disk/day --records 100000000
    python bench/day_queue.py --measure /big/disk/day --rounds 3

`--make` writes a day of a large network as a store (with its hourly sums, compacted) and as files of nfcapd: some 19 GB
for 100 million records, 20 minutes of both cores. `--measure` runs `mailscope senders` with all signals of the default
queue, and nfdump's list of the busiest SMTP senders, which is only a count by source; whole processes, in
turns; the first of them has perhaps to read from the disk.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from day_records import OWN, Pool, arrow_table, batches, write_nfcapd

TOP_SMTP = ["-s", "srcip/flows", "-n", "30", "proto tcp and dst port 25"]
MAILSCOPE = [sys.executable, "-m", "mailscope"]


def make(place: Path, records: int) -> None:
    """Writes the day in both forms."""
    from mailscope.detect.flow_sums import SUMS
    from mailscope.store.lake import Lake

    (place / "nfcapd").mkdir(parents=True, exist_ok=True)
    lake, pool = Lake(place / "store", sums=SUMS), Pool()
    for number, batch in enumerate(batches(records)):
        lake.append(arrow_table(batch, pool, number), app="bench", number=number)
        write_nfcapd(place / "nfcapd" / f"nfcapd.{number:05}", batch, pool)
        print(f"{(number + 1) * len(batch):,} records", file=sys.stderr)
    verbs = ("fold", "compact")
    print(json.dumps({verb: measured([*MAILSCOPE, "store", verb, str(place / "store")]) for verb in verbs}, indent=1))


def measured(command: list[str]) -> dict[str, float]:
    """One process: wall-clock and CPU seconds, and the memory that it had at most."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        most = 0
        while child.poll() is None:
            most = max(most, peak(child.pid))
            time.sleep(0.02)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {child.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(time.monotonic() - begun, 2), "cpu_s": round(cpu, 2), "peak_mb": most // 1024}


def peak(pid: int) -> int:
    """Most resident memory of a process so far, in KiB; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def measure(place: Path, rounds: int) -> dict[str, object]:
    """Both tools in turns; the median counts."""
    store = place / "store"
    info = json.loads(subprocess.run([*MAILSCOPE, "store", "info", str(store)], check=True, capture_output=True).stdout)
    tools = {
        "queue_of_24_hours": [*MAILSCOPE, "senders", str(store), "--own", OWN, "--since", "24h", "--json"],
        "nfdump_top_smtp": ["nfdump", "-R", str(place / "nfcapd"), *TOP_SMTP],
    }
    if not shutil.which("nfdump"):
        del tools["nfdump_top_smtp"]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in tools}
    for _round in range(rounds):
        for name, command in tools.items():
            runs[name].append(measured(command))
    middle = {name: {key: median(run[key] for run in found) for key in found[0]} for name, found in runs.items()}
    facts = {name: info[name] for name in ("records", "files", "bytes", "unsummed_records")}
    facts["sums_bytes"] = sum(file.stat().st_size for file in (store / "flow_sums").rglob("*.parquet"))
    return {**facts, **middle, "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "runs": runs}


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--make", type=Path, metavar="DIR")
    parser.add_argument("--measure", type=Path, metavar="DIR")
    parser.add_argument("--records", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.make:
        make(args.make, args.records)
    if args.measure:
        print(json.dumps(measure(args.measure, args.rounds), indent=1))


if __name__ == "__main__":
    main()
