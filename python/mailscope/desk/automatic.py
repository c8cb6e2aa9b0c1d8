"""Which notices, reminders and escalations are due by the owner's rules, and which case needs a person first.

Each is drafted and approved in one transaction with its entry in the history: whoever dies leaves all of it or nothing,
and what is there is never made a second time. The outbox sends it, with its guards.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.case_store import move
from mailscope.desk.cases.history import append
from mailscope.desk.database import one_at_a_time
from mailscope.desk.evidence.joined import was_around
from mailscope.desk.notices.drafts import draft
from mailscope.desk.notices.outbox import approve
from mailscope.desk.quiet import STOPPED
from mailscope.desk.records import AccusationRecord, CaseRecord, ComplaintRecord, NoticeRecord
from mailscope.desk.rules import EVIDENCE, NEVER, Rules, SendRule
from mailscope.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.desk.database import Desk
    from mailscope.desk.settings import Settings

ACTOR = "mailscope-rule"
"""The actor of what a rule did; the rule's name stands in the details."""

UNSURE = ("in-doubt", "refused", "bounced", "draft")
"""A notice in one of these waits for a person, and with it the whole case."""

UNDER_WAY = ("approved", "sending")


def send_by_rule(desk: Desk, settings: Settings, now: datetime | None = None) -> dict[str, int]:
    """Approves everything that is due; returns how many notices, reminders and escalations."""
    counts = {"notice": 0, "reminder": 0, "escalation": 0}
    now = now or datetime.now(UTC)
    for number in _candidates(desk):
        with desk.transaction() as session:
            one_at_a_time(session, "rules")
            if _made_today(session, now) >= settings.rules.most_a_day:
                break
            kind = _one(session, session.get_one(CaseRecord, number), settings, now)
        if kind is not None:
            counts[kind] += 1
    return counts


def due(session: Session, case: CaseRecord, rules: Rules, now: datetime) -> tuple[str, SendRule | None] | None:
    """`notice` with its rule, `reminder` or `escalation`, or None when nothing is due."""
    return judged(session, case, rules, now)[1]


def needs_person(session: Session, case: CaseRecord) -> str | None:
    """Why no rule may act for this case, as a slug, or None."""
    return _reason(session, case, _notices(session, case))


def judged(
    session: Session, case: CaseRecord, rules: Rules, now: datetime
) -> tuple[str | None, tuple[str, SendRule | None] | None]:  # fmt: skip
    """Why a person must act, and if none must, what is due."""
    went = _notices(session, case)
    reason = _reason(session, case, went)
    return reason, None if reason is not None else _due(session, case, went, rules, now)


def _due(
    session: Session, case: CaseRecord, went: list[NoticeRecord], rules: Rules, now: datetime
) -> tuple[str, SendRule | None] | None:  # fmt: skip
    if any(notice.state in UNDER_WAY for notice in went):
        return None
    sent = [notice for notice in went if notice.state == "sent" and notice.sent is not None]
    if case.state in ("new", "reopened") and not sent:
        rule = next((rule for rule in rules.send if _fits(session, case, rule)), None)
        return None if rule is None else ("notice", rule)
    if case.state != "notified" or not sent or (case.watched or {}).get("standing") == STOPPED:
        return None
    return _after_notice(case, sent, rules, now)


def _reason(session: Session, case: CaseRecord, went: list[NoticeRecord]) -> str | None:
    from sqlalchemy import select

    if case.category in NEVER:
        return "category"
    if case.assignee is not None:
        return "assigned"
    if not case.contact:
        return "no-contact"
    if any(notice.state in UNSURE for notice in went):
        return "notice-waits"
    told = session.execute(
        select(AccusationRecord.ours, ComplaintRecord.needs_person, ComplaintRecord.read)
        .join(ComplaintRecord, ComplaintRecord.id == AccusationRecord.complaint_id)
        .where(AccusationRecord.case_id == case.id)
    ).all()
    if any(person for _ours, person, _read in told):
        return "complaint-unclear"
    if not any(ours for ours, _person, _read in told):
        return "not-known-to-be-ours"
    parties = [party for _o, _p, read in told for party in read.get("parties") or []]
    mine = [party for party in parties if party.get("responsible") == case.accused]
    if any(party.get("disputed") for party in mine):
        return "contact-disputed"
    return "contact-stale" if mine and all(party.get("stale") for party in mine) else None


def _candidates(desk: Desk) -> list[int]:
    from sqlalchemy import select

    wanted = select(CaseRecord.id).where(CaseRecord.state.in_(("new", "reopened", "notified"))).order_by(CaseRecord.id)
    with desk.transaction() as session:
        return list(session.scalars(wanted))


def _one(session: Session, case: CaseRecord, settings: Settings, now: datetime) -> str | None:
    found = due(session, case, settings.rules, now)
    if found is None:
        return None
    kind, rule = found
    try:
        notice = _drafted(session, case, settings, kind, rule)
    except UsageError as error:  # such as a contact that is no address: a person must look
        move(session, case, "wait", ACTOR, {"kind": kind, "why": str(error)})
        return None
    told = {"kind": kind, "rule": rule.name if rule else None, "notice": notice.id, "to": notice.recipient}
    append(session, case.id, now, ACTOR, "rule", told)
    approve(session, notice.id, ACTOR)
    return kind


def _drafted(
    session: Session, case: CaseRecord, settings: Settings, kind: str, rule: SendRule | None
) -> NoticeRecord:  # fmt: skip
    first = next((notice for notice in _notices(session, case) if notice.state == "sent"), None)
    if rule is not None:
        language = rule.language or settings.language
        return draft(
            session, settings.sender, case.id, audience=rule.audience, language=language, form=rule.form
        )  # fmt: skip
    assert first is not None
    is_above = kind == "escalation"
    return draft(
        session,
        settings.sender,
        case.id,
        recipient=settings.rules.next_contact(case.accused) if is_above else first.recipient,
        audience="administrator" if is_above else first.audience,
        language=first.language,
        kind=kind,
        since=first.sent,
    )


def _after_notice(
    case: CaseRecord, sent: list[NoticeRecord], rules: Rules, now: datetime
) -> tuple[str, SendRule | None] | None:  # fmt: skip
    """A reminder while some are left, then one escalation, each so long after the notice before it."""
    if any(notice.kind == "escalation" for notice in sent):
        return None
    since = now - max(notice.sent for notice in sent if notice.sent is not None)
    reminders = sum(notice.kind == "reminder" for notice in sent)
    if rules.remind_after is not None and reminders < rules.reminders:
        return ("reminder", None) if since >= rules.remind_after else None
    above = rules.next_contact(case.accused)
    if rules.escalate_after is None or above is None or above.lower() == (case.contact or "").lower():
        return None
    return ("escalation", None) if since >= rules.escalate_after else None


def _fits(session: Session, case: CaseRecord, rule: SendRule) -> bool:
    from sqlalchemy import func, select

    if case.category not in rule.category:
        return False
    if EVIDENCE[rule.evidence] and not was_around(case.evidence, EVIDENCE[rule.evidence]):
        return False
    sure: list[Any] = [row.get("confidence") or 0.0 for row in (case.evidence or {}).get("findings", [])]
    if rule.confidence and max(sure, default=0.0) < rule.confidence:
        return False
    count = select(func.count(AccusationRecord.complaint_id.distinct())).where(AccusationRecord.case_id == case.id)
    return (session.scalar(count) or 0) >= rule.complaints


def _notices(session: Session, case: CaseRecord) -> list[NoticeRecord]:
    """The case's notices since it was opened anew, without those taken back, oldest first."""
    from sqlalchemy import select
    from sqlalchemy.orm import defer

    mine = select(NoticeRecord).where(NoticeRecord.case_id == case.id, NoticeRecord.state != "cancelled")
    found = list(session.scalars(mine.order_by(NoticeRecord.id).options(defer(NoticeRecord.mail))))
    if not found:
        return []
    reopened = _reopened(session, case)
    return [notice for notice in found if reopened is None or notice.created > reopened]


def _reopened(session: Session, case: CaseRecord) -> datetime | None:
    """When a resolved case came back for the last time: what was sent before does not count any more."""
    from mailscope.desk.cases.history import of_case

    if case.state == "new":
        return None
    moves = [entry for entry in of_case(session, case.id) if (entry.details or {}).get("to") == "reopened"]
    back = [entry.at for entry in moves if entry.details.get("from") == "resolved"]
    return max(back, default=None)


def _made_today(session: Session, now: datetime) -> int:
    from sqlalchemy import func, select

    today = select(func.count()).where(
        NoticeRecord.approved_by == ACTOR, NoticeRecord.created > now - timedelta(days=1)
    )
    return session.scalar(today) or 0
