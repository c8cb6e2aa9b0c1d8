"""The desk's months as a drawing: complaints and cases as bars, and how many hosts the queue held before as a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from mailscope.harmless import visible

if TYPE_CHECKING:
    from mailscope.desk.figures import Month
    from mailscope.investigation.hit_rate import Rate

LEFT, RIGHT, TOP, HIGH, WIDE = 56, 44, 22, 180, 72
MONTHS_SHOWN = 24

BARS = (("complaints", 10, "#1f5fa8"), ("cases", 38, "#b3261e"))
"""Figure, offset within its month, colour; pages replace the colours by their own."""

LINE = "#1c6b3a"


def chart(
    found: Iterable[Month], say: Callable[[str], str] | None = None, rates: Mapping[str, Rate] | None = None
) -> str:  # fmt: skip
    """The newest months as SVG, with words for those who cannot see it; `say` gives the page's words."""
    say, months = say or _english, list(found)[-MONTHS_SHOWN:]
    most = _round_up(max([1, *(max(month.complaints, month.cases) for month in months)]))
    width = LEFT + max(len(months), 4) * WIDE + RIGHT
    title = f"{say('page.complaints')} / {say('page.cases')}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {width} {TOP + HIGH + 70}" width="{width}" '
        'font-family="sans-serif" font-size="12" fill="currentColor">',
        f"<title>{escape(title)}</title>",
    ]
    parts += _scale(most, width, has_rates=bool(rates))
    for number, month in enumerate(months):
        parts += _month(month, LEFT + number * WIDE, most, say)
    parts += _line(months, rates or {}, say)
    parts += _legend(say, has_rates=bool(rates))
    return "".join([*parts, "</svg>"])


def _scale(most: int, width: int, *, has_rates: bool) -> list[str]:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = TOP + HIGH * (1 - share)
        value = most * share
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.0f}" y2="{y:.0f}" stroke="#8888" />'
            f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{value:,g}</text>'
        )
        if has_rates:
            parts.append(f'<text x="{width - RIGHT + 6}" y="{y + 4:.0f}">{share:.0%}</text>')
    return parts


def _month(month: Month, x: int, most: int, say: Callable[[str], str]) -> list[str]:
    name = escape(visible(month.month, 10))
    parts = [f'<text x="{x + WIDE / 2:.0f}" y="{TOP + HIGH + 18}" text-anchor="middle">{name}</text>']
    for kind, offset, colour in BARS:
        value = getattr(month, kind)
        size = HIGH * value / most
        parts.append(
            f'<rect class="{kind}" x="{x + offset}" y="{TOP + HIGH - size:.1f}" width="24" height="{size:.1f}" '
            f'fill="{colour}"><title>{name}: {value:,} {escape(say("page." + kind))}</title></rect>'
        )
    return parts


def _line(months: list[Month], rates: Mapping[str, Rate], say: Callable[[str], str]) -> list[str]:
    points = []
    dots = []
    for number, month in enumerate(months):
        rate = rates.get(month.month)
        if rate is None or not rate.of:
            continue
        x, y = LEFT + number * WIDE + WIDE / 2, TOP + HIGH * (1 - rate.hits / rate.of)
        points.append(f"{x:.0f},{y:.1f}")
        note = f"{visible(month.month, 10)}: {say('page.hit-rate')} {rate.hits}/{rate.of}"
        dots.append(
            f'<circle class="dot" cx="{x:.0f}" cy="{y:.1f}" r="4" fill="{LINE}"><title>{escape(note)}</title></circle>'
        )
    line = f'<polyline class="share" points="{" ".join(points)}" fill="none" stroke="{LINE}" stroke-width="2.5"/>'
    return [line, *dots] if points else []


def _legend(say: Callable[[str], str], *, has_rates: bool) -> list[str]:
    y, parts = TOP + HIGH + 40, []
    entries = [(kind, colour, say(f"page.{kind}")) for kind, _offset, colour in BARS]
    if has_rates:
        entries.append(("dot", LINE, say("page.hit-rate")))
    for number, (kind, colour, word) in enumerate(entries):
        x = LEFT + number * 110
        parts.append(
            f'<rect class="{kind}" x="{x}" y="{y}" width="11" height="11" fill="{colour}"/>'
            f'<text x="{x + 17}" y="{y + 10}">{escape(word)}</text>'
        )
    return parts


def _round_up(value: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100, ...: half of it is a whole number, too."""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if value <= factor * step:
                return factor * step
        step *= 10


def _english(key: str) -> str:
    from mailscope.wording import phrase, render

    return render(phrase(key)).lower()
