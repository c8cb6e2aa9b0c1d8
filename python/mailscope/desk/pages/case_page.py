"""One case on one page: who, what, our evidence, the complaints, what was sent and blocked, and whether it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.case_store import by_id
from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.complaints.mail import Mail, read_mail
from mailscope.desk.evidence.joined import sentences
from mailscope.desk.pages.look import Words, lines, moment, pages, shown
from mailscope.desk.records import (
    AccusationRecord,
    BlockRecord,
    CaseRecord,
    ComplaintRecord,
    HistoryRecord,
    NoticeRecord,
)
from mailscope.harmless import visible

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

COMPLAINTS_SHOWN = 50
NOTICES_SHOWN = 50
HISTORY_SHOWN = 500
BLOCKS_SHOWN = 50
EVIDENCE_SHOWN = 20
QUOTED = 12_000
"""Characters of one mail shown; the database keeps all of it."""


def case_page(session: Session, number: int, lang: str = "en") -> str:
    """The page of one case; UsageError when there is none."""
    from sqlalchemy import select

    words, case = Words(lang), by_id(session, number)
    entries = of_case(session, number)
    complaints, complaints_left = shown(_complaints(session, number, words), COMPLAINTS_SHOWN)
    notices = select(NoticeRecord).where(NoticeRecord.case_id == number).order_by(NoticeRecord.id)
    blocks = select(BlockRecord).where(BlockRecord.case_id == number).order_by(BlockRecord.id)
    told, told_left = shown([_notice(notice) for notice in session.scalars(notices)], NOTICES_SHOWN)
    history, history_left = shown([_entry(entry, words) for entry in entries], HISTORY_SHOWN)
    blocked, blocked_left = shown(session.scalars(blocks), BLOCKS_SHOWN)
    evidence = case.evidence or {}
    page: str = (
        pages(words)
        .get_template("case.html")
        .render(
            case=case,
            facts=_facts(case, words),
            standing=_standing(case, words),
            is_calm=(case.watched or {}).get("standing") != "goes-on" or case.state == "resolved",
            evidence=evidence,
            says=[visible(sentence, 600) for sentence in sentences(evidence, lang)],
            kinds=list(dict.fromkeys(kind for row in evidence.get("moments", []) for kind in row.get("by", {}))),
            most=EVIDENCE_SHOWN,
            complaints=complaints,
            complaints_left=complaints_left,
            notices=told,
            notices_left=told_left,
            blocks=blocked,
            blocks_left=blocked_left,
            history=history,
            history_left=history_left,
            broken=broken_at(entries),
        )
    )
    return page


def _facts(case: CaseRecord, words: Words) -> list[tuple[str, str]]:
    span = [moment(time) for time in (case.first_event, case.last_event) if time is not None]
    values: list[tuple[str, Any]] = [
        (words.say("page.state"), words.slug("page.state", case.state)),
        (words.say("page.accused"), case.accused),
        (words.say("page.category"), words.slug("notice.kind", case.category)),
        (words.say("page.responsible"), case.responsible or words.say("page.unknown")),
        (words.say("page.contact"), case.contact or words.say("page.unknown")),
        (words.say("page.assignee"), case.assignee or words.say("page.nobody")),
        (words.say("page.events"), " – ".join(dict.fromkeys(span)) or words.say("page.unknown")),
        (words.say("page.opened"), moment(case.opened)),
    ]
    values += [(words.say("page.notified"), moment(case.notified))] if case.notified else []
    values += [(words.say("page.resolved"), moment(case.resolved))] if case.resolved else []
    return [(label, visible(value, 300)) for label, value in values]


def _standing(case: CaseRecord, words: Words) -> str:
    """Whether it stopped, in one sentence."""
    watched = case.watched or {}
    if case.notified is None:
        return words.say("page.standing-none")
    if not watched:
        return words.say("page.standing-unchecked")
    values = {
        "hours": round(watched.get("hours") or 0),
        "since": moment(case.quiet_since),
        "last": moment(watched.get("last")),
    }
    if watched.get("why") == "kind":
        return words.say("page.standing-kind")
    return words.say(f"page.standing-{watched['standing']}", **values)


def _complaints(session: Session, number: int, words: Words) -> list[dict[str, Any]]:
    """The complaints of the case, each once with its quoted mail."""
    from sqlalchemy import select

    wanted = (
        select(ComplaintRecord, AccusationRecord)
        .join(AccusationRecord, AccusationRecord.complaint_id == ComplaintRecord.id)
        .where(AccusationRecord.case_id == number)
        .order_by(ComplaintRecord.id)
    )
    found: dict[int, dict[str, Any]] = {}
    for complaint, accusation in session.execute(wanted):
        if complaint.id in found:
            continue
        is_shown = len(found) < COMPLAINTS_SHOWN
        text, cut = lines(_readable(read_mail(complaint.mail)), QUOTED) if is_shown else ([], False)
        found[complaint.id] = {
            "head": words.say(
                "page.complaint",
                number=complaint.id,
                format=visible(complaint.format, 40),
                taken=moment(complaint.taken),
            ),
            "reporter": complaint.read.get("reporter"),
            "address": accusation.address,
            "port": accusation.port,
            "time": accusation.time,
            "duplicate_of": complaint.duplicate_of,
            "text": text,
            "cut": cut,
        }
    return list(found.values())


def _readable(mail: Mail) -> str:
    """The mail as a person reads it: its main fields, its text, and the mails that it quotes."""
    parts = []
    for each in [mail, *mail.attached[:2]]:
        fields = [f"{name}: {each.headers.text(name)}" for name in ("From", "To", "Date", "Subject", "Received")]
        parts.append("\n".join([*(field for field in fields if not field.endswith(": ")), "", each.body]))
    return "\n\n----\n\n".join(parts)


def _notice(notice: NoticeRecord) -> dict[str, Any]:
    """A notice with its own text; the mail was composed here, its words may quote others."""
    body = message_from_bytes(notice.mail, policy=default).get_body(("plain",))
    text, _cut = lines(str(body.get_content()) if body is not None else "", QUOTED)
    names = ("id", "kind", "state", "recipient", "language", "subject", "created", "sent", "approved_by", "answer")
    return {name: getattr(notice, name) for name in names} | {"text": text}


def _entry(entry: HistoryRecord, words: Words) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.astimezone(UTC),
        "actor": visible(entry.actor, 80),
        "what": words.slug("page.action", entry.action),
        "details": _details(entry.details, words),
    }


def _details(details: Mapping[str, Any], words: Words) -> str:
    """What an entry tells besides, in one line: the change of state first."""
    told = []
    if details.get("to") and details.get("from") and details["to"] != details["from"]:
        told.append(" → ".join(words.slug("page.state", details[name]) for name in ("from", "to")))
    for name, value in details.items():
        if (name in ("from", "to") and told) or value is None or value == "":
            continue
        if isinstance(value, list):
            value = ", ".join(_one(item) for item in value[:10])
        told.append(f"{name} {_one(value)}")
    return visible("; ".join(told), 500)


def _one(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(item) for item in value.values())
    is_time = isinstance(value, str) and len(value) in range(19, 33) and value[4:5] == "-" and value[10:11] in "T "
    return moment(value) if is_time else str(value)
