"""What the desk achieved: complaints and cases a month, how fast people were told, and whether the traffic stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from mailscope.desk.records import AccusationRecord, CaseRecord, ComplaintRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

OTHER = "other"


@dataclass(slots=True)
class Month:
    """One month's figures; hours are medians over the cases opened in it, None where no case got that far."""

    month: str
    complaints: int = 0
    duplicates: int = 0
    not_ours: int = 0
    for_a_person: int = 0
    cases: int = 0
    notified: int = 0
    quiet: int = 0
    reopened: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    hours_to_notice: float | None = None
    hours_to_quiet: float | None = None


def months(session: Session) -> list[Month]:
    """The figures of every month in which something came in or was opened, oldest first (months in UTC)."""
    from sqlalchemy import select

    found: dict[str, Month] = {}
    ours = select(AccusationRecord.complaint_id).where(AccusationRecord.ours.is_not(False))
    foreign = select(AccusationRecord.complaint_id).where(AccusationRecord.complaint_id.not_in(ours))
    not_ours = set(session.scalars(foreign))
    for complaint in session.scalars(select(ComplaintRecord).where(ComplaintRecord.format.not_like("returned-%"))):
        _count_complaint(_month(found, complaint.taken), complaint, complaint.id in not_ours)
    cases = list(session.scalars(select(CaseRecord)))
    for case in cases:
        _count_case(_month(found, case.opened), case)
    for name, month in found.items():
        mine = [case for case in cases if _name(case.opened) == name]
        month.hours_to_notice = _median_hours(case.notified - case.opened for case in mine if case.notified)
        month.hours_to_quiet = _median_hours(
            case.quiet_since - case.notified for case in mine if case.quiet_since and case.notified
        )
    return [found[name] for name in sorted(found)]


def repeat_offenders(session: Session, *, at_least: int = 2) -> list[dict[str, Any]]:
    """Addresses and the organisations behind them with several cases, most first."""
    from sqlalchemy import select

    cases = list(session.scalars(select(CaseRecord)))
    rows = []
    for kind in ("accused", "responsible"):
        counts = Counter(value for case in cases if (value := getattr(case, kind)))
        rows += [{"kind": kind, "who": who, "cases": n} for who, n in counts.most_common() if n >= at_least]
    return rows


def as_rows(found: Iterable[Month]) -> list[dict[str, Any]]:
    """Months as flat rows, one column a category, for tables and CSV."""
    found = list(found)
    kinds = sorted({kind for month in found for kind in month.categories})
    names = ["month", "complaints", "duplicates", "not_ours", "for_a_person", "cases", "notified", "quiet", "reopened"]
    names += ["hours_to_notice", "hours_to_quiet"]
    return [
        {name: getattr(month, name) for name in names} | {kind: month.categories.get(kind, 0) for kind in kinds}
        for month in found
    ]


def chart(found: Iterable[Month], labels: Mapping[str, str] | None = None) -> str:
    """Complaints and cases a month as an SVG of bars, with a title and a text for screen readers."""
    from html import escape

    from mailscope.harmless import visible

    found, words = list(found), {"complaints": "complaints", "cases": "cases"} | dict(labels or {})
    most = max([1, *(max(month.complaints, month.cases) for month in found)])
    wide, high, left = 64, 160, 44
    parts = []
    for number, month in enumerate(found):
        x = left + number * wide
        for offset, kind, colour in ((6, "complaints", "#3b6ea5"), (32, "cases", "#b5651d")):
            value = getattr(month, kind)
            size = high * value / most
            parts.append(
                f'<rect x="{x + offset}" y="{20 + high - size:.1f}" width="22" height="{size:.1f}" fill="{colour}">'
                f"<title>{escape(month.month)}: {value} {escape(words[kind])}</title></rect>"
            )
        parts.append(
            f'<text x="{x + 30}" y="{high + 38}" text-anchor="middle">{escape(visible(month.month, 10))}</text>'
        )
    legend = (
        f'<rect x="{left}" y="{high + 52}" width="10" height="10" fill="#3b6ea5"/>'
        f'<text x="{left + 15}" y="{high + 61}">{escape(words["complaints"])}</text>'
        f'<rect x="{left + 110}" y="{high + 52}" width="10" height="10" fill="#b5651d"/>'
        f'<text x="{left + 125}" y="{high + 61}">{escape(words["cases"])}</text>'
    )
    scale = "".join(
        f'<text x="{left - 6}" y="{y}" text-anchor="end">{value}</text>' for y, value in ((26, most), (24 + high, 0))
    )
    width = left + max(len(found), 3) * wide + 20
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{high + 75}"'
    look = ' font-family="sans-serif" font-size="12" fill="currentColor">'
    title = f"<title>{escape(words['complaints'])} / {escape(words['cases'])}</title>"
    return f"{head}{look}{title}{scale}{''.join(parts)}{legend}</svg>"


def _count_complaint(month: Month, complaint: ComplaintRecord, is_foreign: bool) -> None:
    month.complaints += 1
    month.duplicates += complaint.duplicate_of is not None
    month.not_ours += is_foreign
    month.for_a_person += complaint.needs_person
    kind = complaint.category or OTHER
    month.categories[kind] = month.categories.get(kind, 0) + 1


def _count_case(month: Month, case: CaseRecord) -> None:
    month.cases += 1
    month.notified += case.notified is not None
    month.quiet += case.quiet_since is not None
    month.reopened += case.state == "reopened"


def _month(found: dict[str, Month], time: datetime) -> Month:
    return found.setdefault(_name(time), Month(_name(time)))


def _name(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m")


def _median_hours(spans: Iterable[Any]) -> float | None:
    hours = [span.total_seconds() / 3600 for span in spans]
    return round(median(hours), 2) if hours else None
