"""Receives NetFlow v5 and v9, IPFIX and sFlow v5 from routers and probes, and stores the flow records."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from mailscope.cli.parser import positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from mailscope.sensor.collector import FlowCollector

EXAMPLES = """
mailscope collect --listen 0.0.0.0:9995 --store flows --allow 192.0.2.0/24
mailscope collect --listen 0.0.0.0:9995 --listen 0.0.0.0:6343 --store flows --metrics 127.0.0.1:9996 --keep-days 30
mailscope senders flows --since 24h
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("--listen", action="append", required=True, metavar="HOST:PORT", help="repeat for several")
    parser.add_argument("--store", required=True, metavar="DIR", help="folder or object-store URL; made if not there")
    parser.add_argument("--allow", action="append", default=[], metavar="CIDR", help="exporters heard; default: all")
    parser.add_argument("--metrics", metavar="HOST:PORT", help="answer Prometheus here")
    parser.add_argument(
        "--status",
        type=Path,
        metavar="FILE",
        help="write the counters here as JSON; default: `sensors/collect.json` in the store",
    )
    parser.add_argument("--batch-seconds", type=float, default=10.0, metavar="S", help="longest wait; default: 10")
    parser.add_argument("--batch-records", type=positive, default=250_000, metavar="N", help="default: 250000")
    parser.add_argument("--queue-mb", type=positive, default=64, metavar="MIB", help="memory for waiting datagrams")
    parser.add_argument("--keep-days", type=positive, metavar="N", help="days kept in the store; default: all")
    parser.add_argument("--for", dest="seconds", type=float, metavar="S", help="stop after so long")


def execute(args: argparse.Namespace) -> int:
    """Collects until a signal says stop."""
    from mailscope.detect.flow_sums import SUMS
    from mailscope.sensor.collector import FlowCollector, Settings
    from mailscope.sensor.metrics import MetricsServer
    from mailscope.store.lake import Lake

    settings = Settings(
        args.listen,
        args.allow,
        batch_records=args.batch_records,
        batch_seconds=args.batch_seconds,
        queue_mb=args.queue_mb,
        keep_days=args.keep_days,
    )
    until = time.monotonic() + args.seconds if args.seconds else None
    stopped = Stopped()
    collector = FlowCollector(settings, Lake(args.store, sums=SUMS))
    teller = _Teller(args.status or _status_file(args.store))
    metrics = MetricsServer(args.metrics, collector.status) if args.metrics else None
    say("collect.listening", where=", ".join(collector.listening))
    if metrics:
        say("collect.metrics", where=metrics.address)
    try:
        collector.run(
            lambda: bool(stopped) or (until is not None and time.monotonic() >= until),
            teller.tell,
        )
    finally:
        if metrics:
            metrics.close()
    _summary(collector)
    return 0


def _status_file(store: str) -> Path | None:
    """Where `mailscope top` looks, for a store that is a folder."""
    if "://" in store:
        return None
    folder = Path(store) / "sensors"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "collect.json"


class Stopped:
    """True once a signal to stop came."""

    def __init__(self) -> None:
        self._came = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: "FrameType | None") -> None:
        self._came = True

    def __bool__(self) -> bool:
        return self._came


class _Teller:
    """Tells the counters after a batch: on standard error, and in the file that was asked for."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told: object = None

    def tell(self, collector: "FlowCollector") -> None:
        """Says what changed since the last time."""
        status = collector.status()
        lost = sum(exporter["lost"] for exporter in status["exporters"])
        drops = status["queue_drops"] + sum(socket["kernel_drops"] or 0 for socket in status["sockets"])
        facts = {"records": status["stored_records"], "batches": status["stored_batches"], "lost": lost, "drops": drops}
        if facts != self._told:
            say("collect.stored", **facts)
            self._told = facts
        if status["store_error"]:
            say("collect.refused", why=status["store_error"])
        if self._path:
            draft = self._path.with_name(f".{self._path.name}.part")
            draft.write_text(json.dumps(status, indent=1) + "\n", "utf-8")
            draft.replace(self._path)


def _summary(collector: "FlowCollector") -> None:
    """One line an exporter on standard output."""
    from mailscope.wording import phrase, render

    for one in collector.status()["exporters"]:
        names = ("exporter", "observation_domain", "format", "datagrams", "records", "lost", "lost_unit")
        facts = {name: one[name] for name in (*names, "duplicates", "late")}
        facts["sampling"] = ", ".join(f"1:{rate}" for rate in one["sampling"]) or "-"
        print(render(phrase("collect.exporter", **facts)))


def say(key: str, **values: object) -> None:
    """A sentence on standard error; text among its values is made harmless."""
    from mailscope.harmless import visible
    from mailscope.wording import phrase, render

    shown = {name: visible(value) if isinstance(value, str) else value for name, value in values.items()}
    print(render(phrase(key, **shown)), file=sys.stderr, flush=True)
