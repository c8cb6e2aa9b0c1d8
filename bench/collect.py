"""Load on `mailscope collect`: NetFlow v5 on loopback at a given rate; what was stored, what was lost, and where.

    python bench/collect.py --rate 200000 --seconds 300
    python bench/collect.py --rate 50000 --seconds 30 --batch-seconds 5

The generator is one process that paces itself; it says the rate that it reached. Printed: records sent, stored and
lost (by the generator's socket, by the kernel, by the queue, by sequence), CPU seconds and peak memory of the
collector, the greatest age of a record that was not yet stored, and the longest commit.
"""

import argparse
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

RECORDS = 30


def datagrams(count: int, hosts: int) -> list[bytearray]:
    """Datagrams of 30 records with addresses and ports that differ; the sequence number is set when they are sent."""
    now, made = int(time.time()), []
    for number in range(count):
        head = struct.pack(">HHIIIIBBH", 5, RECORDS, 60_000, now, 0, 0, 0, 0, 0)
        body = b""
        for place in range(RECORDS):
            host = (number * RECORDS + place) * 2_654_435_761 % hosts
            dst = (number * 7919 + place * 104_729) % (1 << 24)
            body += struct.pack(">IIIHHIIII", 0x0A000000 + host, 0x0B000000 + dst, 0, 1, 2, 10, 5000, 50_000, 59_000)
            body += struct.pack(
                ">HHBBBBHHBBH", 1024 + dst % 60_000, (25, 80, 443)[place % 3], 0, 0x1B, 6, 0, 0, 0, 24, 24, 0
            )
        made.append(bytearray(head + body))
    return made


def generate(port: int, rate: float, seconds: float) -> None:
    """Sends at `rate` records a second; prints what was sent as JSON."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", port))
    ready, sent, refused, begun = datagrams(2000, 100_000), 0, 0, time.monotonic()
    while (elapsed := time.monotonic() - begun) < seconds:
        due = int(elapsed * rate / RECORDS)
        if sent >= due:
            time.sleep(0.001)
        for _ in range(min(due - sent, 2000)):
            datagram = ready[sent % len(ready)]
            struct.pack_into(">I", datagram, 16, sent * RECORDS & 0xFFFFFFFF)
            try:
                sender.send(datagram)
            except OSError:
                refused += 1
            sent += 1
    took = time.monotonic() - begun
    print(json.dumps({"records": sent * RECORDS, "seconds": round(took, 2), "refused": refused}))


def measure(args: argparse.Namespace, folder: Path) -> dict[str, object]:
    """One run."""
    port, metrics = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    status = folder / "status.json"
    command = [
        sys.executable,
        "-m",
        "mailscope",
        "collect",
        "--listen",
        f"127.0.0.1:{port}",
        "--store",
        str(folder / "store"),
    ]
    command += ["--metrics", f"127.0.0.1:{metrics}", "--status", str(status)]
    command += ["--batch-seconds", str(args.batch_seconds), "--batch-records", str(args.batch_records)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as collector:
        wait_for(metrics)
        make = [
            sys.executable,
            __file__,
            "--generate",
            str(port),
            "--rate",
            str(args.rate),
            "--seconds",
            str(args.seconds),
        ]
        oldest = 0.0
        with subprocess.Popen(make, stdout=subprocess.PIPE, text=True) as generator:
            while generator.poll() is None:
                oldest = max(oldest, scraped(metrics).get("mailscope_collect_unstored_age_seconds", 0.0))
                time.sleep(1)
            sent = json.loads(generator.stdout.read())
        while scraped(metrics).get("mailscope_collect_queued_datagrams", 0):
            time.sleep(0.5)
        memory = int(next(line.split()[1] for line in Path(f"/proc/{collector.pid}/status").read_text().splitlines()
                          if line.startswith("VmHWM")))  # fmt: skip
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        collector.send_signal(signal.SIGTERM)
        collector.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = json.loads(status.read_text())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "sent_records": sent["records"],
        "sent_per_second": round(sent["records"] / sent["seconds"]),
        "stored_records": said["stored_records"],
        "lost_by_sequence": sum(exporter["lost"] for exporter in said["exporters"]),
        "kernel_drops": sum(one["kernel_drops"] or 0 for one in said["sockets"]),
        "queue_drops": said["queue_drops"],
        "generator_refused": sent["refused"],
        "peak_memory_mb": memory // 1024,
        "most_queued_mb": round(said["most_queued_bytes"] / 2**20, 1),
        "oldest_unstored_s": round(oldest, 1),
        "longest_commit_s": round(said["longest_commit_s"], 2),
        "collector_cpu_s": round(cpu, 1),
        "cpu_us_per_record": round(cpu * 1e6 / max(said["stored_records"], 1), 2),
        "bottleneck": bottleneck(args.rate, sent, said),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def bottleneck(rate: float, sent: dict[str, float], said: dict[str, object]) -> str:
    """Where records were lost or held up first; the generator that did not keep its pace has tested nothing."""
    if said["queue_drops"]:
        return "storing: datagrams waited until the queue was full"
    if any(one["kernel_drops"] for one in said["sockets"]):
        return "receiving: the kernel's buffer was full"
    if sent["refused"] or sent["records"] < 0.98 * rate * sent["seconds"]:
        return "the generator"
    return "none at this rate"


def free_port(kind: int) -> int:
    """A port that nobody has now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scraped(port: int) -> dict[str, float]:
    """The metrics without labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if line[0] != "#" and "{" not in line}


def wait_for(port: int) -> None:
    """Waits until the collector answers."""
    for _ in range(300):
        try:
            scraped(port)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the collector does not answer")


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rate", type=float, default=200_000, help="records a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--batch-seconds", type=float, default=10)
    parser.add_argument("--batch-records", type=int, default=250_000)
    parser.add_argument("--generate", type=int, metavar="PORT", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.generate:
        generate(args.generate, args.rate, args.seconds)
        return
    with tempfile.TemporaryDirectory(prefix="mailscope-collect-") as folder:
        print(json.dumps(measure(args, Path(folder)), indent=1))


if __name__ == "__main__":
    main()
