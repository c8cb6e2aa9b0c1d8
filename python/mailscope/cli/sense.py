"""Captures on an interface, decodes while it captures, and stores what `senders`, `explain` and `top` read."""

import argparse
import os
import re
import time
from pathlib import Path

from mailscope.cli.collect import Stopped, say
from mailscope.cli.parser import positive
from mailscope.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailscope.sensor.evidence import EvidenceSettings
    from mailscope.sensor.launcher import Launcher
    from mailscope.sensor.packet_sensor import PacketSensor

EXAMPLES = """
mailscope sense -i eth0 --store live --filter "tcp or udp port 53"
mailscope sense -i eth0 --store live --user mailscope --evidence evidence --evidence-total 50G --metrics 127.0.0.1:9997
mailscope top --store live
"""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"(\d{1,9})([kmgt]?)")


def size(text: str) -> int:
    """`500k`, `100M`, `10G`; without a letter bytes."""
    match = _SIZE.fullmatch(text.lower())
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"`{text}` is no size such as 500k, 100M or 10G")
    return int(match[1]) * _UNITS[match[2]]


def age(text: str) -> float:
    """`90s`, `10m`, `1h`, `7d` as seconds."""
    from mailscope.cli.senders import duration

    lasted = duration(text)
    if lasted is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no duration such as 90s, 10m or 1h")
    return lasted.total_seconds()


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("-i", "--interface", required=True, metavar="IFACE", help="interface to capture on")
    parser.add_argument("--store", required=True, metavar="DIR", help="folder or object-store URL; made if not there")
    parser.add_argument("--filter", default="", metavar="BPF", help="capture only what this filter lets through")
    parser.add_argument("--sensor", metavar="NAME", help="label of this capture point; default: the interface")
    parser.add_argument("--user", metavar="NAME", help="started as root: decode and write as this user")
    parser.add_argument("--batch-seconds", type=float, default=5.0, metavar="S", help="store so often; default: 5")
    parser.add_argument("--keep-days", type=positive, metavar="N", help="days kept in the store; default: all")
    parser.add_argument("--memory-mb", type=positive, default=256, metavar="MIB", help="for flows and decoders")
    parser.add_argument("--buffer-mb", type=positive, default=64, metavar="MIB", help="kernel buffer of the capture")
    parser.add_argument("--for", dest="seconds", type=float, metavar="S", help="stop after so long")
    group = parser.add_argument_group("evidence")
    group.add_argument("--evidence", type=Path, metavar="DIR", help="keep the packets here; default: keep none")
    group.add_argument("--evidence-size", type=size, default="100M", metavar="SIZE", help="of a file; default: 100M")
    group.add_argument("--evidence-age", type=age, default="1h", metavar="TIME", help="of a file; default: 1h")
    group.add_argument("--evidence-total", type=size, default="10G", metavar="SIZE", help="of all files; default: 10G")
    group.add_argument("--keep-free", type=size, default="512M", metavar="SIZE",
                       help="with less free on the disk evidence stops first; default: 512M")  # fmt: skip
    group = parser.add_argument_group("watching")
    group.add_argument("--metrics", metavar="HOST:PORT", help="answer Prometheus here")
    group.add_argument("--state", type=Path, metavar="DIR", help="status and gaps; default: `sensors` in the store")


def execute(args: argparse.Namespace) -> int:
    """Senses until a signal says stop."""
    from mailscope.sensor.capture_program import capture_command
    from mailscope.sensor.launcher import Launcher

    state = _state_folder(args)
    launcher = Launcher(capture_command(args.interface, args.filter, buffer_mb=args.buffer_mb))
    try:
        _give_up_rights(args.user, [folder for folder in (_local(args.store), state, args.evidence) if folder])
        sensor = _sensor(args, state, launcher)
    except BaseException:
        launcher.close()
        raise
    return _watched(args, sensor)


def _sensor(args: argparse.Namespace, state: Path, launcher: "Launcher") -> "PacketSensor":
    from mailscope.detect.flow_sums import SUMS
    from mailscope.sensor.packet_sensor import PacketSensor, Settings

    settings = Settings(
        args.interface,
        args.store,
        state,
        evidence=_evidence(args),
        sensor=args.sensor,
        batch_seconds=args.batch_seconds,
        memory_mb=args.memory_mb,
        keep_days=args.keep_days,
        sums=SUMS,
    )
    return PacketSensor(settings, launcher)


def _evidence(args: argparse.Namespace) -> "EvidenceSettings | None":
    from mailscope.sensor.evidence import EvidenceSettings

    if args.evidence is None:
        return None
    if args.evidence_total < 2 * args.evidence_size:
        raise UsageError("all evidence must have room for two files", hint="raise --evidence-total")
    return EvidenceSettings(args.evidence, args.evidence_size, args.evidence_age, args.evidence_total, args.keep_free)


def _watched(args: argparse.Namespace, sensor: "PacketSensor") -> int:
    from mailscope.sensor.metrics import MetricsServer
    from mailscope.sensor.sense_metrics import exposition

    until = time.monotonic() + args.seconds if args.seconds else None
    stopped, teller = Stopped(), _Teller()
    metrics = MetricsServer(args.metrics, sensor.status, exposition) if args.metrics else None
    say("sense.capturing", interface=args.interface, store=args.store)
    if metrics:
        say("collect.metrics", where=metrics.address)
    try:
        sensor.run(lambda: bool(stopped) or (until is not None and time.monotonic() >= until), teller.tell)
    finally:
        if metrics:
            metrics.close()
    status = sensor.status()
    names = ("packets", "stored_records", "lost_rows", "received", "kernel_drops", "interface_drops", "gaps")
    say("sense.ended", **{name: "?" if status[name] is None else status[name] for name in names})
    return 0


class _Teller:
    """Says on standard error what changed: gaps when they begin and end, stored rows now and then."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        self._ended = 0
        self._stored: object = 0
        self._told_at = 0.0

    def tell(self, sensor: "PacketSensor") -> None:
        """Hears about once a second."""
        log = sensor.gaps
        for kind, gap in list(log.open.items()):
            if kind not in self._open:
                say("sense.gap-open", kind=kind, detail=gap.detail or "-")
        for gap in log.recent[max(0, len(log.recent) - (log.count - self._ended)) :]:
            say("sense.gap-over", kind=gap.kind, since=gap.since, until=gap.until or "-", detail=gap.detail or "-")
        self._open, self._ended = {kind: gap.since for kind, gap in log.open.items()}, log.count
        status = sensor.status()
        facts = {"records": status["stored_records"], "packets": status["packets"]}
        if facts["records"] != self._stored and time.monotonic() - self._told_at >= 10:
            say("sense.stored", **facts, flows=status["open_flows"], lag=status["decode_lag_s"])
            self._stored, self._told_at = facts["records"], time.monotonic()
        if status["store_error"]:
            say("collect.refused", why=status["store_error"])


def _local(store: str) -> Path | None:
    return None if "://" in store else Path(store)


def _state_folder(args: argparse.Namespace) -> Path:
    if args.state is not None:
        return Path(args.state)
    if (store := _local(args.store)) is None:
        raise UsageError("a sensor's status needs a folder here", hint="`--state DIR`")
    return store / "sensors"


def _give_up_rights(name: str | None, folders: list[Path]) -> None:
    """Becomes that user, to whom folders that are made now belong. The launcher keeps the rights to capture."""
    made = [folder for folder in folders if not folder.exists()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        if name:
            raise UsageError("only root can become another user", hint="leave `--user` out")
        return
    if not name:
        say("sense.as-root")
        return
    import pwd

    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise UsageError(f"there is no user `{name}`") from None
    for folder in made:
        os.chown(folder, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    for folder in folders:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"`{folder}` cannot be written by `{name}`", hint=f"`chown -R {name} {folder}`")
