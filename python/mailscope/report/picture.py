"""Two drawings over all findings: who did what to whom, and when. Plain SVG, no script, every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

from mailscope.report.events import LANES, Event
from mailscope.report.trail import clock

if TYPE_CHECKING:
    from mailscope.report.build import Report

WIDTH = 940
SHOWN = 8
"""Hosts of one column drawn one by one; the rest are counted."""

BOX_WIDTH, BOX_HEIGHT, ROW = 250, 34, 46

_OUTSIDE = ("attacker", "commander", "sender_ip", "collector")
_OWN = ("proxy", "relay", "target", "sender")
_HIT = ("victim", "recipient")

_EDGES = {
    "web-intrusion": (("attacker", "target", "report.edge-broke-in"),),
    "phishing-campaign": (("sender_ip", "recipient", "report.edge-mail"),),
    "credential-theft": (("victim", "collector", "report.edge-password"),),
    "open-proxy-relay": (("commander", "proxy", "report.edge-commands"), ("proxy", "victim", "report.edge-mail")),
    "proxy-policy": (("proxy", "victim", "report.edge-mail"),),
    "open-mail-relay": (("commander", "relay", "report.edge-mail"), ("relay", "victim", "report.edge-mail")),
    "account-abuse": (("commander", "relay", "report.edge-mail"), ("relay", "victim", "report.edge-mail")),
    "direct-sender": (("sender", "victim", "report.edge-mail"),),
}


def graph(view: Report) -> str:
    """Attackers on the left, the owner's hosts in the middle, victims on the right; nothing when only one is known."""
    columns: list[dict[str, str]] = [{}, {}, {}]
    lines: dict[tuple[str, str, str], None] = {}
    for finding in view.found.findings:
        for source, target, label in _EDGES.get(finding.kind, ()):
            for name in finding.roles.get(source, ()):
                columns[_column(source)].setdefault(name, "")
            for name in finding.roles.get(target, ()):
                columns[_column(target)].setdefault(name, "")
            lines |= _joined(finding.roles.get(source, []), finding.roles.get(target, []), label)
    taken: set[str] = set()
    kept = []
    for column in columns:
        kept.append([name for name in column if name not in taken])
        taken |= set(column)
    return _drawn(view, kept, list(lines)) if sum(map(len, kept)) > 1 else ""


def _column(role: str) -> int:
    return 0 if role in _OUTSIDE else 1 if role in _OWN else 2


def _joined(sources: Sequence[str], targets: Sequence[str], label: str) -> dict[tuple[str, str, str], None]:
    return {(one, other, label): None for one in sources[: SHOWN + 1] for other in targets[: SHOWN + 1]}


def _drawn(view: Report, columns: list[list[str]], lines: list[tuple[str, str, str]]) -> str:
    places: dict[str, tuple[float, float]] = {}
    parts: list[str] = []
    rows = max(min(len(column), SHOWN + 1) for column in columns)
    height = 30 + ROW * rows
    gap = (WIDTH - 3 * BOX_WIDTH - 4) / 2
    for number, (column, style) in enumerate(zip(columns, ("bad", "own", "victim"), strict=True)):
        shown = column[:SHOWN]
        rest = len(column) - len(shown)
        top = 20 + (height - 30 - ROW * (len(shown) + bool(rest))) / 2
        x = 2 + number * (BOX_WIDTH + gap)
        for row, name in enumerate(shown):
            places[name] = (x, top + ROW * row)
            parts.append(_box(view.prose(name), x, top + ROW * row, style))
        if rest:
            parts.append(_box(f"+ {rest:,}", x, top + ROW * len(shown), style))
    arrows, labelled = [], set()
    for one, other, label in lines:
        if one in places and other in places:
            with_label = (places[one][0], places[other][0], label) not in labelled
            labelled.add((places[one][0], places[other][0], label))
            arrows.append(_arrow(places[one], places[other], view.say(label) if with_label else ""))
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(view.say("report.graph"))}">'
    return "".join([head, *arrows, *parts, "</svg>"])


def _box(name: str, x: float, y: float, style: str) -> str:
    short = name if len(name) <= 30 else name[:29] + "…"
    return (
        f'<g><title>{escape(name)}</title><rect class="box {style}" x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDTH}" '
        f'height="{BOX_HEIGHT}" rx="7"/><text class="name small" x="{x + BOX_WIDTH / 2:.0f}" y="{y + 22:.0f}">'
        f"{escape(short)}</text></g>"
    )


def _arrow(one: tuple[float, float], other: tuple[float, float], label: str) -> str:
    is_right = other[0] > one[0]
    x1, x2 = (one[0] + BOX_WIDTH, other[0]) if is_right else (one[0], other[0] + BOX_WIDTH)
    if one[0] == other[0]:
        x1 = x2 = one[0] + BOX_WIDTH
    y1, y2 = one[1] + BOX_HEIGHT / 2, other[1] + BOX_HEIGHT / 2
    bend = 40 if abs(x2 - x1) < 400 else 120
    sign = 1 if is_right else -1
    path = f"M{x1:.0f} {y1:.0f}C{x1 + sign * bend:.0f} {y1:.0f} {x2 - sign * bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    text = (
        f'<text class="arrow-label" x="{(x1 + x2) / 2:.0f}" y="{(y1 + y2) / 2 - 6:.0f}">{escape(label)}</text>'
        if label
        else ""
    )
    return f'<path class="arrow" d="{path}" marker-end="url(#head)"/>{text}'


def strip(view: Report, found: Sequence[Event]) -> str:
    """All events on one line of time, a lane for each kind of actor."""
    if len(found) < 2:
        return ""
    lanes = [lane for lane in LANES if any(event.lane == lane for event in found)]
    first, last = found[0].start, max(event.end for event in found)
    span = max(last - first, timedelta(seconds=1))
    left, row = 150, 34
    base = 14 + row * len(lanes)
    parts = [f'<svg viewBox="0 0 {WIDTH} {base + 30}" role="img" aria-label="{escape(view.say("report.all-events"))}">']
    for number, lane in enumerate(lanes):
        y = 14 + row * number
        parts.append(f'<text class="tick" x="0" y="{y + 16}">{escape(view.say(f"report.lane-{lane}"))}</text>')
        parts.append(f'<line class="grid" x1="{left}" y1="{y + 12}" x2="{WIDTH}" y2="{y + 12}"/>')
        for event in found:
            if event.lane == lane:
                parts.append(
                    _mark(event, lane, y, _x(event.start, first, span, left), _x(event.end, first, span, left))
                )
    middle = first + (last - first) / 2
    for x, anchor, moment in ((left, "start", first), ((left + WIDTH) / 2, "middle", middle), (WIDTH, "end", last)):
        parts.append(f'<text class="tick" x="{x}" y="{base + 22}" text-anchor="{anchor}">{clock(moment)}</text>')
    return "".join([*parts, "</svg>"])


def _x(moment: datetime, first: datetime, span: timedelta, left: int) -> float:
    return left + (WIDTH - left - 6) * ((moment - first) / span)


def _mark(event: Event, lane: str, y: float, x1: float, x2: float) -> str:
    note = escape(f"{clock(event.start)} {event.who}: {event.what}"[:400])
    return (
        f'<rect class="mark {lane}" x="{x1:.1f}" y="{y + 3}" width="{max(x2 - x1, 4):.1f}" height="18" rx="2">'
        f"<title>{note}</title></rect>"
    )
