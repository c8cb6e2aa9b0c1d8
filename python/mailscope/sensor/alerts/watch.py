"""What there is to alert about in a store now: senders, scans and floods, and sensors that miss something."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailscope.errors import MailscopeError
from mailscope.investigation.sender_queue import Queue
from mailscope.sensor.alerts.alert import Alert
from mailscope.sensor.alerts.book import stamp
from mailscope.sensor.alerts.settings import AlertSettings
from mailscope.sensor.packet_sensor import status_of
from mailscope.wording import phrase, render

SILENT_S = 120
"""A sensor that should run and wrote nothing for so long is told of."""
_FIGURES = ("flows", "destinations", "failed", "port", "targets", "sampling")


def alerts_of_queue(queue: Queue, settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """Senders of the verdicts that the owner wants to hear of; scans and floods."""
    for sender in queue.senders:
        if sender.verdict in settings.verdicts:
            what = _say(settings, "alert.sender", subject=sender.subject, why=sender.why)
            severity = 8 if sender.verdict == "abnormal" else 4
            yield Alert(
                f"{sender.verdict}-sender", sender.subject, "new", what, stamp(now), severity, _told(sender.figures)
            )
    for other in queue.other if settings.others else ():
        what = _say(settings, "alert.other", subject=other.subject, why=other.why)
        yield Alert(other.kind, other.subject, "new", what, stamp(now), 6, _told(other.figures))


def alerts_of_sensors(folder: Path, settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """Gaps that are open, and sensors that should run and are silent."""
    for path in sorted(folder.glob("*.json"))[:100]:
        status = status_of(path) or {}
        name = str(status.get("sensor") or path.stem)[:40]
        if status.get("is_running") and now.timestamp() - float(status.get("at") or 0) > SILENT_S:
            yield _of_sensor(settings, name, "silent", now)
            continue
        for gap in status.get("open_gaps") or []:
            yield _of_sensor(settings, name, str(gap.get("kind"))[:40], now)
        if status.get("store_error"):
            yield _of_sensor(settings, name, "store-refuses", now)


def found_now(store: str, settings: AlertSettings, roles: Mapping[str, str], sensors: Path, since: Any) -> list[Alert]:
    """Everything that there is to tell of at this moment."""
    from mailscope.detect.flow_sums import SUMS
    from mailscope.ingest.flow_sources import FlowSources
    from mailscope.investigation.sender_queue import sender_queue
    from mailscope.store.lake import Lake

    now = datetime.now(UTC)
    found = list(alerts_of_sensors(sensors, settings, now))
    try:
        if Lake(store).exists:
            records = FlowSources(sensors).hours([store], SUMS)
            found += alerts_of_queue(sender_queue(records, settings.own, since, roles), settings, now)
    except MailscopeError as error:
        found.append(Alert("sensor", "store", "new", str(error)[:500], stamp(now), 7))
    return found


def _of_sensor(settings: AlertSettings, name: str, kind: str, now: datetime) -> Alert:
    what = _say(settings, "alert.sensor", name=name, kind=kind)
    return Alert(f"sensor-{kind}", name, "new", what, stamp(now), 7)


def _told(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in _FIGURES if figures.get(name) is not None}


def _say(settings: AlertSettings, key: str, **values: Any) -> str:
    return render(phrase(key, **values), settings.language)
