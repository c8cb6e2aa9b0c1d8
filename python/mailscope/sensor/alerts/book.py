"""Who was told what, and when: so that each thing is told once, also after a restart.

The book is one JSON file, written whole after every turn and before anything is sent. What was handed to a channel
and not noted as sent, because the process was killed between, is sent again: once too often rather than never.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mailscope.errors import StoreError
from mailscope.sensor.alerts.alert import Alert, alert_of, line
from mailscope.sensor.alerts.channels import Channel
from mailscope.sensor.alerts.settings import AlertSettings
from mailscope.store.write import write_json
from mailscope.wording import phrase, render

SUBJECTS = 100_000
"""Subjects remembered; beyond, those seen longest ago are forgotten."""
HELD = 1_000
"""Alerts held at most in quiet hours; more are only counted."""
LISTED = 50
"""Lines of a summary."""
WAITING = 1_000
"""Alerts that wait at most for a channel that fails; beyond, the oldest are given up."""
TRIES = 10
"""Then an alert is given up for that channel."""


class AlertBook:
    """Decides what goes out now, and sees that it does."""

    def __init__(self, path: Path, settings: AlertSettings, channels: Mapping[str, Channel]) -> None:
        self.path, self.settings, self.channels = path, settings, channels
        kept = _kept(path)
        self.known: dict[str, dict[str, Any]] = kept.get("known", {})
        self.held: list[dict[str, Any]] = kept.get("held", [])
        self.waiting: list[dict[str, Any]] = kept.get("waiting", [])
        self.told_at: list[str] = kept.get("told_at", [])
        self.counts: dict[str, int] = {
            **dict.fromkeys(("sent", "held", "suppressed", "failed", "given_up"), 0),
            **kept.get("counts", {}),
        }
        self.unsaid: int = kept.get("unsaid", 0)
        """Suppressed alerts of which nobody has been told yet."""
        self.errors: dict[str, str] = {}

    def turn(self, found: Iterable[Alert], now: datetime | None = None) -> list[Alert]:
        """Takes what is there now; returns what is told because of it, and sends what is due."""
        now = now or datetime.now(UTC)
        told = self._told(self._changes(list(found), now), now)
        for alert in told:
            self.waiting += [
                {"channel": name, "alert": asdict(alert), "tries": 0, "due": now.isoformat()} for name in self.channels
            ]
        self._forget()
        self._save()
        self.deliver(now)
        return told

    def deliver(self, now: datetime | None = None) -> None:
        """Sends what is due; what a channel does not take waits longer each time."""
        now = now or datetime.now(UTC)
        failing: set[str] = set()
        for entry in list(self.waiting):
            name = entry["channel"]
            if name in failing or datetime.fromisoformat(entry["due"]) > now:
                continue
            if name not in self.channels:
                self.waiting.remove(entry)  # the owner has taken this channel away
                continue
            try:
                self.channels[name](alert_of(entry["alert"]))
            except OSError as cause:
                failing.add(name)
                self._failed(entry, str(cause), now)
            else:
                self.errors.pop(name, None)
                self.counts["sent"] += 1
                self.waiting.remove(entry)
            self._save()

    def status(self) -> dict[str, Any]:
        """Counts for the metrics."""
        return {**self.counts, "waiting": len(self.waiting), "holding": len(self.held), "known": len(self.known)}

    def _failed(self, entry: dict[str, Any], why: str, now: datetime) -> None:
        self.counts["failed"] += 1
        self.errors[entry["channel"]] = why[:300]
        entry["tries"] += 1
        entry["due"] = (now + timedelta(minutes=min(2 ** (entry["tries"] - 1), 60))).isoformat()
        if entry["tries"] >= TRIES:
            self.waiting.remove(entry)
            self.counts["given_up"] += 1

    def _changes(self, found: list[Alert], now: datetime) -> list[Alert]:
        """What is new, what has lasted, what is over."""
        changes: list[Alert] = []
        for alert in found:
            before = self.known.get(alert.key)
            if before is None:
                changes.append(alert)
                self.known[alert.key] = {"told": now.isoformat(), "seen": now.isoformat(), "alert": asdict(alert)}
                continue
            before["seen"] = now.isoformat()
            if now - datetime.fromisoformat(before["told"]) >= self.settings.again:
                before["told"] = now.isoformat()
                changes.append(replace(alert, state="again"))
        for key, before in list(self.known.items()):
            if now - datetime.fromisoformat(before["seen"]) >= self.settings.recovered:
                alert = alert_of(before["alert"])
                del self.known[key]
                what = self._say("alert.recovered", subject=alert.subject)
                changes.append(replace(alert, state="recovered", severity=2, what=what, at=stamp(now)))
        return changes

    def _told(self, changes: list[Alert], now: datetime) -> list[Alert]:
        """The changes that go out now: not in quiet hours, and not more in an hour than the owner wants."""
        if self.settings.is_quiet(now):
            self.counts["held"] += len(changes)
            self.held += [asdict(alert) for alert in changes]
            return []
        if self.held:
            lines = [line(alert_of(values)) for values in self.held[:LISTED]]
            what = self._say("alert.quiet-summary", count=len(self.held))
            self.held = []
            changes = [Alert("alerts", "quiet-hours", "summary", what, stamp(now), 5, {}, lines), *changes]
        hour_ago = now - timedelta(hours=1)
        self.told_at = [moment for moment in self.told_at if datetime.fromisoformat(moment) > hour_ago]
        room = max(0, self.settings.most_per_hour - len(self.told_at))
        if self.unsaid and room:
            what = self._say("alert.suppressed", count=self.unsaid)
            changes = [Alert("alerts", "rate-cap", "summary", what, stamp(now)), *changes]
            self.unsaid = 0
        told, rest = changes[:room], changes[room:]
        self.counts["suppressed"] += len(rest)
        self.unsaid += len(rest)
        self.told_at += [now.isoformat()] * len(told)
        return told

    def _forget(self) -> None:
        if len(self.known) > SUBJECTS:
            newest = sorted(self.known.items(), key=lambda item: str(item[1]["seen"]))[-SUBJECTS:]
            self.known = dict(newest)
        self.counts["given_up"] += max(0, len(self.waiting) - WAITING)
        self.waiting = self.waiting[-WAITING:]
        self.held = self.held[:HELD]

    def _save(self) -> None:
        names = ("known", "held", "waiting", "told_at", "counts", "unsaid")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.path, {name: getattr(self, name) for name in names})
        except OSError as cause:
            self.errors["book"] = str(cause)  # a full disk: alerts go out all the same

    def _say(self, key: str, **values: Any) -> str:
        return render(phrase(key, **values), self.settings.language)


def stamp(now: datetime) -> str:
    """The moment as alerts tell it."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _kept(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as cause:
        raise StoreError(f"`{path}`: {cause}", hint="remove it: everything is then told anew") from None
    return kept if isinstance(kept, dict) else {}
