"""What the desk achieved: complaints and cases a month, how fast people were told, and whether the traffic stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.moments import MAIL_KINDS
from mailscope.desk.figures_chart import chart
from mailscope.desk.records import AccusationRecord, CaseRecord, ComplaintRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.investigation.hit_rate import Complaint, Rate

__all__ = ["Month", "as_rows", "chart", "complaints_told", "months", "rated_too", "repeat_offenders"]

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


def rated_too(found: Iterable[Month], rates: Mapping[str, Rate]) -> list[Month]:
    """The months, with those besides of which complaints tell but in which none came in; oldest first."""
    by_name = {month.month: month for month in found}
    by_name |= {name: Month(name) for name in rates if name not in by_name and name != "all"}
    return [by_name[name] for name in sorted(by_name)]


def repeat_offenders(session: Session, *, at_least: int = 2) -> list[dict[str, Any]]:
    """Addresses and the organisations behind them with several cases, most first."""
    from sqlalchemy import select

    cases = list(session.scalars(select(CaseRecord)))
    rows = []
    for kind in ("accused", "responsible"):
        counts = Counter(value for case in cases if (value := getattr(case, kind)))
        rows += [{"kind": kind, "who": who, "cases": n} for who, n in counts.most_common() if n >= at_least]
    return rows


def as_rows(found: Iterable[Month], rates: Mapping[str, Rate] | None = None) -> list[dict[str, Any]]:
    """Months as flat rows, one column a category, for tables and CSV; `rates` adds how the queue did that month."""
    found = list(found)
    kinds = sorted({kind for month in found for kind in month.categories})
    names = ["month", "complaints", "duplicates", "not_ours", "for_a_person", "cases", "notified", "quiet", "reopened"]
    names += ["hours_to_notice", "hours_to_quiet"]
    return [
        {name: getattr(month, name) for name in names}
        | (_rated(rates.get(month.month)) if rates is not None else {})
        | {kind: month.categories.get(kind, 0) for kind in kinds}
        for month in found
    ]


def _rated(rate: Rate | None) -> dict[str, Any]:
    names = ("hits", "hits_of", "hit_percent", "hit_low", "hit_high", "lead_hours")
    if rate is None:
        return dict.fromkeys(names)
    lead = rate.median_lead
    hours = round(lead.total_seconds() / 3600, 2) if lead is not None else None
    return dict(zip(names, (rate.hits, rate.of, rate.percent, *rate.interval, hours), strict=True))


def complaints_told(session: Session) -> list[Complaint]:
    """Every accusation of ours with its time, for the comparison with the queue; without a time, when it was taken."""
    from sqlalchemy import select

    from mailscope.investigation.hit_rate import Complaint

    wanted = (
        select(AccusationRecord.responsible, AccusationRecord.time, ComplaintRecord.taken)
        .join(ComplaintRecord, ComplaintRecord.id == AccusationRecord.complaint_id)
        .where(AccusationRecord.ours.is_not(False), ComplaintRecord.category.in_(MAIL_KINDS))
    )
    return [Complaint(address, time or taken) for address, time, taken in session.execute(wanted)]


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
