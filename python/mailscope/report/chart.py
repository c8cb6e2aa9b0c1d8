"""The drawings of the HTML report: the chain from commander to victims, and the timeline. Plain SVG, no script."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from mailscope.detect.finding import Finding
from mailscope.investigation.timeline import BINS, bins
from mailscope.report.build import Report
from mailscope.report.trail import clock
from mailscope.wording import amount

ROWS_SHOWN = 6
"""Commanders or victims drawn one by one; the rest are counted."""

BOX_WIDTH, BOX_HEIGHT, ROW = 232, 46, 62
WIDTH = 940


_LEFT = {
    "direct-sender": "report.sender",
    "web-intrusion": "report.attacker",
    "phishing-campaign": "report.sender_ip",
    "credential-theft": "report.collector",
}
"""Who stands on the left of the drawing, where it is not the commander."""


def _first(finding: Finding, *roles: str) -> list[str]:
    """The hosts of the first of these roles that anybody has."""
    return next((finding.roles[role] for role in roles if finding.roles.get(role)), [])


def chain(view: Report, finding: Finding) -> str:
    """Commander -> proxy -> victims as boxes and arrows; empty where the finding (a rule's) names none of them."""
    lefts = _shown(view, _first(finding, "commander", "sender", "collector", "sender_ip", "attacker"), "client")
    is_relayed = bool(finding.roles.get("commander")) or finding.kind == "open-proxy-relay"
    if not lefts and is_relayed:
        lefts = [view.say("word.not-seen")]
    middles = _shown(view, finding.roles.get("proxy") or finding.roles.get("relay") or [], "server")
    rights = _shown(view, _first(finding, "victim", "target", "recipient"), "server")
    columns = [
        (_LEFT.get(finding.kind, "report.commander"), lefts, "bad"),
        ("report.relay" if finding.roles.get("relay") else "report.proxy", middles, "own"),
        ("report.target" if finding.roles.get("target") else "report.victims", rights, "victim"),
    ]
    columns = [column for column in columns if column[1]]
    if not columns:
        return ""
    height = 64 + ROW * max(len(column[1]) for column in columns)
    gap = (WIDTH - 2 * 12 - BOX_WIDTH * len(columns)) / max(len(columns) - 1, 1)
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(view.say("report.chain"))}">']
    for number, (label, names, style) in enumerate(columns):
        x = 12 + number * (BOX_WIDTH + gap)
        parts.append(f'<text class="label" x="{x + BOX_WIDTH / 2}" y="22">{escape(view.say(label))}</text>')
        parts += [_box(x, _y(height, len(names), row), name, style) for row, name in enumerate(names)]
        if number:
            before = columns[number - 1][1]
            is_command = number == 1 and len(columns) == 3
            label = view.say("report.command-arrow" if is_command else "report.mail-arrow")
            parts += _arrows(x - gap, x, height, len(before), len(names), label)
    return "".join([*parts, "</svg>"])


def _shown(view: Report, names: list[str], unit: str) -> list[str]:
    shown = [view.prose(name) for name in names[:ROWS_SHOWN]]
    rest = len(names) - ROWS_SHOWN
    return [*shown, "+ " + view.say("report.list", items=amount(rest, unit))] if rest > 0 else shown


def _y(height: float, count: int, row: int) -> float:
    return 40 + (height - 64 - ROW * count) / 2 + ROW * row + (ROW - BOX_HEIGHT) / 2


def _box(x: float, y: float, name: str, style: str) -> str:
    text = escape(name)
    size = ' textLength="212" lengthAdjust="spacingAndGlyphs"' if len(name) > 26 else ""
    return (
        f'<rect class="box {style}" x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{x + BOX_WIDTH / 2:.0f}" y="{y + BOX_HEIGHT / 2 + 5:.0f}"{size}>{text}</text>'
    )


def _arrows(x1: float, x2: float, height: float, before: int, after: int, label: str) -> list[str]:
    middle = 40 + (height - 64) / 2
    parts = []
    for row in range(max(before, after)):
        from_y = _y(height, before, min(row, before - 1)) + BOX_HEIGHT / 2
        to_y = _y(height, after, min(row, after - 1)) + BOX_HEIGHT / 2
        parts.append(
            f'<path class="arrow" d="M{x1 + 4:.0f} {from_y:.0f}L{x2 - 4:.0f} {to_y:.0f}" marker-end="url(#head)"/>'
        )
    label_y = middle + (4 if max(before, after) > 1 else -8)
    parts.append(f'<text class="arrow-label" x="{(x1 + x2) / 2:.0f}" y="{label_y:.0f}">{escape(label)}</text>')
    return parts


def timeline(view: Report, finding: Finding) -> str:
    """Mails over the captured time as bars, each with its figures as tooltip."""
    moments = finding.details.get("moments")
    if not moments:
        return ""
    first, last = _span(view, finding)
    columns = bins(moments, first, last)
    is_mail = any(mails for _start, _sessions, mails in columns)
    heights = [mails if is_mail else sessions for _start, sessions, mails in columns]
    top = max([*heights, 1])
    width, base, tall = WIDTH / BINS, 130, 104
    parts = [f'<svg viewBox="0 0 {WIDTH} 160" role="img" aria-label="{escape(view.say("report.timeline"))}">']
    parts.append(f'<line class="axis" x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>')
    parts.append(f'<text class="tick" x="0" y="14">{top:,}</text>')
    parts.append(f'<line class="grid" x1="24" y1="{base - tall}" x2="{WIDTH}" y2="{base - tall}"/>')
    for number, ((start, sessions, mails), value) in enumerate(zip(columns, heights, strict=True)):
        if not value:
            continue
        size = max(2.0, tall * value / top)
        note = view.say("report.list", items=[clock(start), amount(mails, "mail"), amount(sessions, "session")])
        parts.append(
            f'<rect class="bar" x="{number * width + 1:.1f}" y="{base - size:.1f}" width="{width - 2:.1f}" '
            f'height="{size:.1f}"><title>{escape(note)}</title></rect>'
        )
    middle = first + (last - first) / 2
    for x, anchor, moment in ((0, "start", first), (WIDTH / 2, "middle", middle), (WIDTH, "end", last)):
        parts.append(f'<text class="tick" x="{x}" y="150" text-anchor="{anchor}">{clock(moment)}</text>')
    return "".join([*parts, "</svg>"])


def _span(view: Report, finding: Finding) -> tuple[datetime, datetime]:
    """The captured time, so that quiet before and after the abuse is seen, too."""
    first, last = view.found.coverage.get("first"), view.found.coverage.get("last")
    starts = [moment for moment, _mails in finding.details["moments"]]
    low = min(first, *starts) if isinstance(first, datetime) else min(starts)
    high = max(last, *starts) if isinstance(last, datetime) else max(starts)
    return low, max(high, low + timedelta(seconds=1))
