"""How to alert: one TOML file, every key known, every wrong value named with its place.

[alerts]   own, roles, since, every_seconds, again_hours, recovered_minutes, most_per_hour, verdicts, others,
           quiet ("22:00-07:00"), zone ("Asia/Taipei"), language
[mail]     host, port, from, to
[webhook]  url, secret_file
[syslog]   to ("udp:HOST:PORT", "tcp:HOST:PORT", "unix:PATH"), body ("plain" or "cef"), facility
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailscope.errors import UsageError

_KNOWN: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "alerts": {
        "own": list,
        "roles": str,
        "since": str,
        "every_seconds": (int, float),
        "again_hours": (int, float),
        "recovered_minutes": (int, float),
        "most_per_hour": int,
        "verdicts": list,
        "others": bool,
        "quiet": str,
        "zone": str,
        "language": str,
    },
    "mail": {"host": str, "port": int, "from": str, "to": list},
    "webhook": {"url": str, "secret_file": str},
    "syslog": {"to": str, "body": str, "facility": int},
}
_NEEDED = {"mail": ("from", "to"), "webhook": ("url",), "syslog": ("to",)}
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_SYSLOG = re.compile(r"(udp|tcp):.+:\d{1,5}|unix:/.+")


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What to watch and when to tell; `channels` has a table for each channel that is set."""

    own: list[str] = field(default_factory=list)
    roles: Path | None = None
    since: str = "24h"
    every_s: float = 60.0
    again: timedelta = timedelta(hours=24)
    """A subject that stays what it is is told again after so long."""
    recovered: timedelta = timedelta(minutes=60)
    """And called recovered when it was not seen for so long."""
    most_per_hour: int = 30
    verdicts: frozenset[str] = frozenset({"abnormal"})
    others: bool = True
    quiet: tuple[time, time] | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    language: str = "en"
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)

    def is_quiet(self, now: datetime) -> bool:
        """Whether alerts are held now: by the clock of the zone, also over midnight."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        at = now.astimezone(self.zone).time()
        return begin <= at < end if begin <= end else at >= begin or at < end


def load(path: Path) -> AlertSettings:
    """The settings in that file."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"`{path}`: {why}", hint="docs/guides/live.md has an example") from None
    return of_values(values, path.resolve().parent)


def of_values(values: Mapping[str, Any], folder: Path) -> AlertSettings:
    """Settings from parsed TOML; UsageError names what is unknown or wrong."""
    _check(values)
    told = values.get("alerts", {})
    channels = {name: dict(values[name]) for name in _NEEDED if name in values}
    if "secret_file" in channels.get("webhook", {}):
        channels["webhook"]["secret_file"] = folder / channels["webhook"]["secret_file"]
    return AlertSettings(
        own=[str(network) for network in told.get("own", [])],
        roles=folder / told["roles"] if "roles" in told else None,
        since=told.get("since", "24h"),
        every_s=max(1.0, float(told.get("every_seconds", 60))),
        again=timedelta(hours=float(told.get("again_hours", 24))),
        recovered=timedelta(minutes=float(told.get("recovered_minutes", 60))),
        most_per_hour=int(told.get("most_per_hour", 30)),
        verdicts=frozenset(map(str, told.get("verdicts", ["abnormal"]))),
        others=told.get("others", True),
        quiet=_quiet(told["quiet"]) if "quiet" in told else None,
        zone=_zone(told.get("zone", "UTC")),
        language=told.get("language", "en"),
        channels=channels,
    )


def _check(values: Mapping[str, Any]) -> None:
    for part, keys in values.items():
        if part not in _KNOWN or not isinstance(keys, dict):
            raise UsageError(f"[{part}] is no part of the alerts' settings", hint=f"known are: {', '.join(_KNOWN)}")
        for key, value in keys.items():
            kind = _KNOWN[part].get(key)
            if kind is None:
                raise UsageError(f"[{part}] {key} is unknown", hint=f"known are: {', '.join(_KNOWN[part])}")
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise UsageError(f"[{part}] {key} has the wrong type")
        missing = [key for key in _NEEDED.get(part, ()) if not keys.get(key)]
        if missing:
            raise UsageError(f"[{part}] {missing[0]} is missing")
    told, syslog = values.get("alerts", {}), values.get("syslog", {})
    if not set(map(str, told.get("verdicts", []))) <= {"abnormal", "watch"}:
        raise UsageError("[alerts] verdicts are `abnormal` and `watch`")
    if told.get("language", "en") not in ("en", "zh"):
        raise UsageError("[alerts] language is `en` or `zh`")
    if syslog and not _SYSLOG.fullmatch(syslog["to"]):
        raise UsageError("[syslog] to is udp:HOST:PORT, tcp:HOST:PORT or unix:/PATH")
    if syslog.get("body", "plain") not in ("plain", "cef"):
        raise UsageError("[syslog] body is `plain` or `cef`")
    if not values.get("webhook", {}).get("url", "https://").startswith(("http://", "https://")):
        raise UsageError("[webhook] url begins with https:// or http://")


def _quiet(text: str) -> tuple[time, time]:
    match = _QUIET.fullmatch(text)
    if not match:
        raise UsageError(f"[alerts] quiet: `{text}` is not like 22:00-07:00")
    hours = [int(part) for part in match.groups()]
    return time(hours[0], hours[1]), time(hours[2], hours[3])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise UsageError(f"[alerts] zone: `{name}` is no time zone", hint="such as Asia/Taipei") from None
