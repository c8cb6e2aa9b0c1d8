"""A case's records as a draft to its contact: complaint, what our own records show, and the packets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.case_store import by_id
from mailscope.desk.evidence.joined import sentences
from mailscope.desk.notices.compose import Matter, Sender, compose, evidence_file
from mailscope.desk.notices.outbox import put
from mailscope.desk.records import AccusationRecord, CaseRecord, NoticeRecord
from mailscope.errors import MailscopeError, UsageError
from mailscope.report.complaints.accusation import Accusation, Proof
from mailscope.wording import amount, phrase, render
from mailscope.wording.english import TEMPLATES

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

CARVED_FLOWS = 5
"""Conversations that go with a notice; the rest is kept for who asks."""


def draft(
    session: Session,
    sender: Sender,
    number: int,
    *,
    recipient: str | None = None,
    audience: str = "customer",
    language: str = "en",
    form: str = "xarf",
    kind: str = "notice",
    since: datetime | None = None,
) -> NoticeRecord:
    """A draft for case `number`; it goes nowhere until a person, or a rule, approves it.

    `kind` is `notice`, `reminder` or `escalation`; the latter two say that somebody was told at `since`.
    """
    from sqlalchemy import func, select

    case = by_id(session, number)
    recipient = recipient or case.contact
    if not recipient:
        raise UsageError(f"case {number} has no contact", hint="give one with --to, or fill the registry")
    if recipient.strip().lower() == sender.address.lower():
        raise UsageError("the notice would come back to the desk", hint="give another recipient with --to")
    count = session.scalar(select(func.count()).where(AccusationRecord.case_id == number)) or 0
    earlier = (
        select(NoticeRecord.message_id)
        .where(NoticeRecord.case_id == number, NoticeRecord.state == "sent")
        .order_by(NoticeRecord.id.desc())
        .limit(1)
    )
    evidence: dict[str, Any] = case.evidence or {}
    matter = Matter(
        case=number,
        accusation=_accusation(case, sender, count, evidence, language),
        organisation=case.responsible,
        count=max(count, 1),
        first=case.first_event,
        last=case.last_event,
        findings=sentences(evidence, language),
        summary=_summary(case, count, language),
        kind=kind,
        since=since,
    )
    mail = compose(
        sender, recipient, matter,
        audience=audience, language=language, form=form, answers=session.scalars(earlier).first(),
    )  # fmt: skip
    return put(session, mail, number, audience, language, kind)


CATEGORIES: dict[str, tuple[str, str]] = {
    "spam": ("messaging", "spam"),
    "phishing": ("content", "phishing"),
    "malware": ("content", "malware"),
    "copyright": ("copyright", "copyright"),
    "scan": ("connection", "port_scan"),
    "bruteforce": ("connection", "login_attack"),
    "ddos": ("connection", "ddos"),
    "botnet": ("infrastructure", "botnet"),
}
"""A case's category as X-ARF v4's category and type."""


def _summary(case: CaseRecord, count: int, language: str) -> str:
    """What the case is about, in words of the notice's language; an unknown category as it stands."""
    key = f"notice.kind-{case.category}"
    category = render(phrase(key), language) if key in TEMPLATES else case.category
    return render(phrase("notice.summary", category=category, complaints=amount(max(count, 1), "complaint")), language)


def _accusation(
    case: CaseRecord, sender: Sender, count: int, evidence: dict[str, Any], language: str
) -> Accusation:  # fmt: skip
    category, kind = _category(case.category)
    return Accusation(
        address=case.accused,
        category=category,
        kind=kind,
        time=case.last_event or case.opened,
        reporter=sender.name,
        reporter_contact=sender.address,
        summary=_summary(case, count, "en"),
        incidents=max(count, 1),
        proofs=tuple(_proofs(evidence, language)),
    )


def _category(name: str) -> tuple[str, str]:
    """X-ARF's two words for ours; `messaging/spam` in one string is understood too."""
    if "/" in name:
        category, _slash, kind = name.partition("/")
        return category, kind
    for key, found in CATEGORIES.items():
        if key in name:
            return found
    return "connection", name.replace("-", "_")


def _proofs(evidence: dict[str, Any], language: str) -> list[Proof]:
    """The first conversations as packets, where the captures are still there."""
    import tempfile
    from pathlib import Path

    from mailscope.ingest.captures import carve
    from mailscope.store.case import Case

    by_case: dict[str, list[str]] = {}
    for row in evidence.get("flows", [])[:CARVED_FLOWS]:
        by_case.setdefault(row["case"], []).append(row["flow_id"])
    found = []
    with tempfile.TemporaryDirectory(prefix="mailscope-") as folder:
        for name, flows in by_case.items():
            out = Path(folder) / "proof.pcapng"
            try:
                packets = carve(Case.open(name), flows, out)
            except (MailscopeError, OSError):
                continue  # the captures were rotated away; the sentences stay
            said = phrase(
                "notice.proof", packets=amount(packets, "packet"), conversations=amount(len(flows), "conversation")
            )
            found.append(evidence_file(render(said, language), out.read_bytes()))
    return found
