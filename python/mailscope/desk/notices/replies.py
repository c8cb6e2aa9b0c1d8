"""Mail that comes back: replies that belong to a case, bounces of our notices, and our own mail in a loop."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import TYPE_CHECKING

from mailscope.desk.cases.case_store import MACHINE, by_id, move
from mailscope.desk.notices.compose import LOOP_FIELD, Sender, case_tag
from mailscope.desk.records import NoticeRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HEAD_LIMIT = 256 * 1024
_ID = re.compile(r"<[^<>\s]{3,250}>")
_TAG = re.compile(r"\[case (\d{1,9})-[0-9a-f]{8}\]")


@dataclass(frozen=True, slots=True)
class Returned:
    """What a mail is to us: `reply`, `bounce` or `loop`, and of which case and notice."""

    kind: str
    case: int | None
    notice: int | None


def returned(session: Session, sender: Sender, mail: bytes) -> Returned | None:
    """What came back, or None when the mail answers nothing of ours."""
    head = message_from_bytes(mail[:HEAD_LIMIT])
    notice = _answered(session, mail, head)
    if head.get(LOOP_FIELD) is not None:
        return Returned("loop", None, None)
    if head.get_content_type() == "multipart/report" and "feedback-report" not in str(head.get("Content-Type")).lower():
        return Returned("bounce", notice.case_id, notice.id) if notice else None
    if notice is not None:
        return Returned("reply", notice.case_id, notice.id)
    case = _tagged(sender, str(head.get("Subject", "")))
    return Returned("reply", case, None) if case is not None else None


def file_returned(session: Session, found: Returned, digest: str) -> None:
    """Writes it into the case; a bounce reopens the question whom to tell."""
    if found.case is None:
        return
    case = by_id(session, found.case)
    if found.kind == "bounce" and found.notice is not None:
        notice = session.get_one(NoticeRecord, found.notice)
        notice.state = "bounced"
    event = "bounce" if found.kind == "bounce" else "answer"
    move(session, case, event, MACHINE, {"notice": found.notice, "mail_sha256": digest})


def _answered(session: Session, mail: bytes, head: Message) -> NoticeRecord | None:
    """The notice whose Message-ID the mail names: in its own header, or in the mail that it returns."""
    from sqlalchemy import select

    named = _ID.findall(f"{head.get('In-Reply-To', '')} {head.get('References', '')}")
    if head.get_content_type() == "multipart/report":
        named += re.findall(r"(?im)^message-id:\s*(<[^<>\s]{3,250}>)", mail[:HEAD_LIMIT].decode("latin-1"))
    if not named:
        return None
    return session.scalars(select(NoticeRecord).where(NoticeRecord.message_id.in_(named[-50:]))).first()


def _tagged(sender: Sender, subject: str) -> int | None:
    found = _TAG.search(subject)
    if found is None:
        return None
    case = int(found[1])
    return case if hmac.compare_digest(found[0].encode(), case_tag(sender, case).encode()) else None
