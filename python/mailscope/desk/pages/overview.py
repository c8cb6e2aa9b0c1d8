"""All of the desk on one page: what is open and for how long, what waits for a person, what is due, what is blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailscope.desk.automatic import judged
from mailscope.desk.blocks import STANDING
from mailscope.desk.figures import as_rows, chart, months
from mailscope.desk.pages.look import Words, pages, shown
from mailscope.desk.records import BlockRecord, CaseRecord, ComplaintRecord
from mailscope.desk.rules import Rules

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.investigation.hit_rate import Rate

CASES_SHOWN = 1000
QUEUE_SHOWN = 100
DUE_SHOWN = 100
BLOCKS_SHOWN = 200

AGES: tuple[tuple[str, float], ...] = (("day", 1), ("three", 3), ("week", 7), ("month", 30), ("older", float("inf")))
"""Buckets of age: up to so many days."""


def overview(
    session: Session,
    rules: Rules,
    lang: str = "en",
    *,
    linked: frozenset[int] = frozenset(),
    rates: Mapping[str, Rate] | None = None,
    now: datetime | None = None,
) -> str:
    """The page; cases in `linked` have a page of their own beside it, `rates` are the queue's hits a month."""
    from sqlalchemy import select

    words, now = Words(lang), now or datetime.now(UTC)
    cases = list(session.scalars(select(CaseRecord).where(CaseRecord.state != "resolved").order_by(CaseRecord.id)))
    queue, coming = _waiting(session, cases, rules, words, now)
    mails = select(ComplaintRecord).where(ComplaintRecord.needs_person).order_by(ComplaintRecord.id)
    read = [
        (words.say("page.queue-mail", number=mail.id), None, mail.format, mail.why) for mail in session.scalars(mails)
    ]
    blocks = select(BlockRecord).where(BlockRecord.state.in_(STANDING)).order_by(BlockRecord.expires)
    found = months(session)
    rows = as_rows(found, rates)
    page: str = (
        pages(words)
        .get_template("overview.html")
        .render(
            states=Counter(case.state for case in cases),
            cases=shown(cases, CASES_SHOWN),
            ages=_ages(cases, words, now),
            queue=shown([*read, *queue], QUEUE_SHOWN),
            coming=shown(coming, DUE_SHOWN),
            blocks=shown(session.scalars(blocks), BLOCKS_SHOWN),
            linked=linked,
            months=rows,
            chart=_drawn(chart(found, words.say, rates)) if found else "",
            waiting=len(read) + len(queue),
        )
    )
    return page


def _drawn(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704  # the drawing escapes every value itself


def _waiting(
    session: Session, cases: Sequence[CaseRecord], rules: Rules, words: Words, now: datetime
) -> tuple[list[tuple[str, int | None, str, str]], list[tuple[int, str, str]]]:
    """Cases that no rule moves, with the reason; and what the rules send at the next round."""
    queue: list[tuple[str, int | None, str, str]] = []
    coming: list[tuple[int, str, str]] = []
    for case in cases:
        reason, found = judged(session, case, rules, now)
        if found is not None:
            coming.append((case.id, words.slug("page.kind", found[0]), case.accused))
        elif reason != "assigned" and (reason is not None or case.state in ("new", "reopened", "open")):
            why = words.slug("page.why", reason or "no-rule")
            what = f"{case.accused}: {words.slug('notice.kind', case.category)}"
            queue.append((words.say("page.queue-case", number=case.id), case.id, what, why))
    return queue, coming


def _ages(cases: Sequence[CaseRecord], words: Words, now: datetime) -> dict[str, Any]:
    """Open cases by category (rows) and age (columns), with sums; the commonest category first."""
    names = [name for name, _days in AGES]
    counts: dict[str, Counter[str]] = {}
    for case in cases:
        days = (now - case.opened).total_seconds() / 86400
        age = next(name for name, most in AGES if days < most)
        counts.setdefault(case.category, Counter())[age] += 1
    order = sorted(counts, key=lambda category: -counts[category].total())
    rows = [
        [words.slug("notice.kind", category), *(counts[category][name] for name in names), counts[category].total()]
        for category in order
    ]
    sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)] if rows else []
    heads = [words.say("page.category"), *(words.slug("page.age", name) for name in names), words.say("page.sum")]
    return {"heads": heads, "rows": rows, "sums": sums}
