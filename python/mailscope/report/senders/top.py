"""One frame of `mailscope top`: the queue as it stands, and what the sensors miss, in the rows of a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mailscope.harmless import visible
from mailscope.investigation.sender_queue import Queue
from mailscope.investigation.sender_story import Sender
from mailscope.wording import Phrase, phrase, render

BARS = "▁▂▃▄▅▆▇█"
_ROMAN_BARS = " .:-=+*#"
STALE_S = 30
"""A sensor that wrote nothing for so long is silent."""
NARROW = 100
"""Terminals narrower than this have no room for the reason."""
_STYLES = {"abnormal": "bold red", "watch": "yellow", "cleared": "green", "ordinary": "dim"}


@dataclass(slots=True)
class Frame:
    """What one frame shows; `sensors` are the statuses that sensors and collectors wrote last."""

    queue: Queue | None
    place: str
    at: datetime
    sensors: Sequence[Mapping[str, Any]] = field(default_factory=list)
    trouble: str = ""


def frame_of(frame: Frame, width: int, height: int, lang: str = "en", *, plain: bool = False) -> RenderableType:
    """The frame in so many columns and rows; `plain` uses characters that every terminal has."""
    head = [Text(_say(lang, "top.title", place=frame.place, at=frame.at), style="bold", no_wrap=True)]
    queue = frame.queue
    if queue is not None and queue.window is not None:
        head.append(Text(_summary(queue, lang), no_wrap=True))
    else:
        head.append(Text(_say(lang, "top.waiting"), no_wrap=True))
    if frame.trouble:
        head.append(Text(visible(frame.trouble, 500), style="red", no_wrap=True))
    head += [_sensor_line(status, frame.at, lang) for status in frame.sensors[:6]]
    if queue is None or queue.window is None:
        return Group(*(_cut(line) for line in head))
    others = queue.other[: max(0, min(5, height // 6))]
    room = height - len(head) - 2 - (len(others) + 1 if others else 0)
    parts: list[RenderableType] = [
        *(_cut(line) for line in head),
        _table(queue.senders[: max(room, 1)], width, lang, plain),
    ]
    if others:
        parts.append(_cut(Text(_say(lang, "top.other", count=f"{len(queue.other):,}"), style="bold")))
        parts += [_cut(Text(f"{visible(other.subject):<16} {render(other.why, lang)}")) for other in others]
    return Group(*parts)


def sparkline(counts: Sequence[int], width: int, *, plain: bool = False) -> str:
    """The counts as bars, the highest full; nothing is a space, and what is not nothing never is."""
    bars = _ROMAN_BARS if plain else BARS
    cut = [counts[at * len(counts) // width : (at + 1) * len(counts) // width] for at in range(min(width, len(counts)))]
    sums = [sum(part) for part in cut]
    most = max(sums, default=0)
    return "".join(" " if not count else bars[max(1, round(count * (len(bars) - 1) / most))] for count in sums)


def _summary(queue: Queue, lang: str) -> str:
    assert queue.window is not None
    counts = {
        name: sum(sender.verdict == name for sender in queue.senders) for name in ("abnormal", "watch", "cleared")
    }
    hosts = f"{int(queue.population.get('hosts', 0)):,}"
    since = queue.window.start.astimezone(UTC).strftime("%m-%d %H:%M")
    return _say(lang, "top.summary", hosts=hosts, **counts, other=len(queue.other), start=since)


def _table(senders: Sequence[Sender], width: int, lang: str, plain: bool) -> Table:
    columns = _columns(width, max([len(sender.subject) for sender in senders] or [0]))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
    table.expand = "why" in columns
    for name, room in columns.items():
        table.add_column(
            _say(lang, f"top.column-{name}"),
            justify="right" if name in ("flows", "servers", "in") else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=room or None,
            ratio=None if room else 1,
        )
    for sender in senders:
        cells = _cells(sender, columns["trend"], lang, plain)
        table.add_row(*(cells[name] for name in columns))
    return table


def _columns(width: int, longest: int) -> dict[str, int]:
    """The columns that fit, each with its width; 0 takes what is left."""
    address = min(max(longest, 15), 39)
    columns = {"address": address, "verdict": 8, "flows": 7, "servers": 7, "out": 7, "in": 6, "trend": 4, "last": 8}
    if width >= NARROW:
        return {**columns, "trend": 16, "why": 0}
    for least in ("out", "in", "last", "servers", "flows"):  # a long IPv6 address takes the room of what tells least
        if sum(columns.values()) + len(columns) <= width:
            break
        del columns[least]
    columns["trend"] += max(0, width - sum(columns.values()) - len(columns))
    return columns


def _cells(sender: Sender, bars: int, lang: str, plain: bool) -> dict[str, Text]:
    figures, style = sender.figures, _STYLES[sender.verdict]
    ports = "+".join(figures["ports"])
    last = sender.last.astimezone(UTC).strftime("%H:%M:%S") if sender.last else "-"
    why = render(sender.reason, lang) if sender.reason else "-"
    return {
        "address": Text(visible(sender.subject), style=style),
        "verdict": Text(_say(lang, f"top.verdict-{sender.verdict}"), style=style),
        "flows": Text(_short(figures["flows"])),
        "servers": Text(_short(figures["destinations"])),
        "out": Text(ports or "-"),
        "in": Text(_short(figures["in_flows"])),
        "trend": Text(sparkline(sender.trend, bars, plain=plain), style="cyan"),
        "last": Text(last),
        "why": Text(visible(why, 500)),
    }


def _short(count: Any) -> str:
    """A count in at most six characters."""
    number = float(count or 0)
    for letter in ("", "k", "M", "G"):
        if number < 100_000 or letter == "G":
            return f"{number:,.0f}{letter}" if not letter else f"{number:.0f}{letter}"
        number /= 1000
    return ""


def _sensor_line(status: Mapping[str, Any], at: datetime, lang: str) -> Text:
    """What a sensor or collector sees, loses and misses; red when it misses something now."""
    name = visible(str(status.get("sensor") or "collect"), 40)
    age = at.timestamp() - float(status.get("at") or 0)
    if "exporters" in status:
        return Text(_say(lang, "top.collector", **_collector(status)), no_wrap=True)
    if not status.get("is_running"):
        return Text(_say(lang, "top.sensor-off", name=name), style="red", no_wrap=True)
    if age > STALE_S:
        return Text(_say(lang, "top.sensor-silent", name=name, age=round(age)), style="red", no_wrap=True)
    drops = sum(int(status.get(kind) or 0) for kind in ("kernel_drops", "interface_drops"))
    open_gaps = [str(gap.get("kind")) for gap in status.get("open_gaps") or []]
    facts = {
        "name": name,
        "packets": f"{int(status.get('packets') or 0):,}",
        "drops": f"{drops:,}",
        "share": f"{100 * drops / max(int(status.get('received') or 0) + drops, 1):.2g}",
        "lost": f"{int(status.get('lost_rows') or 0):,}",
        "lag": f"{float(status.get('decode_lag_s') or 0) + float(status.get('batch_age_s') or 0):.1f}",
        "missing": visible(", ".join(open_gaps) or "-", 80),
    }
    return Text(_say(lang, "top.sensor", **facts), style="red" if open_gaps else "", no_wrap=True)


def _collector(status: Mapping[str, Any]) -> dict[str, Any]:
    exporters = list(status.get("exporters") or [])
    rates = sorted({int(rate) for one in exporters for rate in one.get("sampling") or {}})
    drops = int(status.get("queue_drops") or 0)
    drops += sum(int(one.get("kernel_drops") or 0) for one in status.get("sockets") or [])
    return {
        "exporters": len(exporters),
        "records": f"{int(status.get('records') or 0):,}",
        "lost": f"{sum(int(one.get('lost') or 0) for one in exporters):,}",
        "drops": f"{drops:,}",
        "sampling": ", ".join(f"1:{rate}" for rate in rates[:4]) or "-",
        "lag": f"{float(status.get('unstored_age_s') or 0):.1f}",
    }


def _cut(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _say(lang: str, key: str, **values: Any) -> str:
    said: Phrase = phrase(key, **values)
    return visible(render(said, lang), 2000)
