"""Tells by mail, webhook or syslog what the queue of a store holds: once, again when it lasts, and when it is over."""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from mailscope.cli.collect import Stopped, say
from mailscope.cli.parser import actions
from mailscope.errors import DeliveryError
from mailscope.store.roles import roles, roles_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailscope.sensor.alerts.alert import Alert
    from mailscope.sensor.alerts.book import AlertBook

EXAMPLES = """
mailscope alerts test --settings alerts.toml
mailscope alerts run --settings alerts.toml --store live
mailscope alerts list --store live
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "run": ("look at the store again and again, and tell what changed", _running),
            "test": ("send one alert over every channel that is set", _settings),
            "list": ("print what is told of and not yet over", _store),
        },
    )


def _settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="TOML; see docs/guides/live.md")


def _store(parser: argparse.ArgumentParser) -> None:
    about = "store of `sense` or `collect`; default: `live` here"
    parser.add_argument("--store", type=Path, default=Path("live"), metavar="DIR", help=about)


def _running(parser: argparse.ArgumentParser) -> None:
    _settings(parser)
    _store(parser)
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument("--metrics", metavar="HOST:PORT", help="answer Prometheus here")


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    return {"run": _run, "test": _test, "list": _list}[args.action](args)


def _book_file(store: Path) -> Path:
    return store / "alerts" / "book.json"


def _test(args: argparse.Namespace) -> int:
    from mailscope.ingest.captures import version
    from mailscope.sensor.alerts.alert import Alert
    from mailscope.sensor.alerts.book import stamp
    from mailscope.sensor.alerts.channels import channels_of
    from mailscope.sensor.alerts.settings import load
    from mailscope.wording import phrase, render

    settings = load(args.settings)
    what = render(phrase("alert.test"), settings.language)
    failed = []
    for name, channel in channels_of(settings.channels, version()).items():
        try:
            channel(Alert("test", "mailscope", "test", what, stamp(datetime.now(UTC)), 1))
        except OSError as cause:
            failed.append(name)
            say("alerts.failed", channel=name, why=str(cause))
        else:
            say("alerts.went", channel=name)
    if failed:
        raise DeliveryError(f"{len(failed)} of {len(settings.channels)} channels failed: {', '.join(failed)}")
    return 0


def _run(args: argparse.Namespace) -> int:
    from mailscope.cli.senders import check_networks, duration
    from mailscope.ingest.captures import version
    from mailscope.sensor.alerts.book import AlertBook
    from mailscope.sensor.alerts.channels import channels_of
    from mailscope.sensor.alerts.metrics import exposition
    from mailscope.sensor.alerts.settings import load
    from mailscope.sensor.alerts.watch import found_now
    from mailscope.sensor.metrics import MetricsServer

    settings = load(args.settings)
    check_networks(settings.own)
    since, stopped = duration(settings.since), Stopped()
    book = AlertBook(_book_file(args.store), settings, channels_of(settings.channels, version()))
    metrics = MetricsServer(args.metrics, book.status, exposition) if args.metrics else None
    try:
        while True:
            begun = time.monotonic()
            known = roles(roles_file(settings.roles))
            _tell(book, book.turn(found_now(str(args.store), settings, known, args.store / "sensors", since)))
            while not stopped and not args.once and time.monotonic() - begun < settings.every_s:
                time.sleep(0.2)
            if stopped or args.once:
                return 0
    finally:
        if metrics:
            metrics.close()


def _tell(book: "AlertBook", told: "list[Alert]") -> None:
    from mailscope.sensor.alerts.alert import line

    for alert in told:
        print(line(alert), flush=True)
    for channel, why in book.errors.items():
        say("alerts.failed", channel=channel, why=why)


def _list(args: argparse.Namespace) -> int:
    import json

    from mailscope.harmless import visible
    from mailscope.sensor.alerts.alert import alert_of, line

    path = _book_file(args.store)
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for known in sorted(kept.get("known", {}).values(), key=lambda one: str(one["told"])):
        sys.stdout.write(f"{visible(str(known['told']), 40)} {line(alert_of(known['alert']))}\n")
    say("alerts.counts", waiting=len(kept.get("waiting", [])), held=len(kept.get("held", [])))
    return 0
