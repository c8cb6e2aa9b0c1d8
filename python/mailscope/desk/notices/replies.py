"""Mail that comes back: replies of a case, bounces of our notices, machines' answers, our own mail in a loop.

Nothing of it is ever answered by the desk; it is written into the case that it belongs to.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from mailscope.desk.cases.case_store import MACHINE, by_id, move
from mailscope.desk.cases.history import append
from mailscope.desk.notices.compose import LOOP_FIELD, Sender, case_tag
from mailscope.desk.notices.delivery_status import Delivery, delivery
from mailscope.desk.records import NoticeRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HEAD_LIMIT = 256 * 1024
"""Bytes of a mail that are looked at."""
KINDS = ("reply", "automatic", "bounce", "delayed", "delivered", "loop")
"""What can come back; only `reply` and `bounce` move the case."""
_ID = re.compile(r"<[^<>\s]{3,250}>")
_MESSAGE_ID = re.compile(r"(?im)^[ \t>|]{0,8}message-id:\s*(<[^<>\s]{3,250}>)")
_TAG = re.compile(r"\[case (\d{1,9})-[0-9a-f]{8}\]")


@dataclass(frozen=True, slots=True)
class Returned:
    """What a mail is to us: one of `KINDS`, and of which case and notice."""

    kind: str
    case: int | None
    notice: int | None
    delivery: Delivery | None = None


def returned(session: Session, sender: Sender, mail: bytes) -> Returned | None:
    """What came back, or None when the mail answers nothing of ours."""
    head = BytesHeaderParser().parsebytes(mail[:HEAD_LIMIT])
    if head.get(LOOP_FIELD) is not None:
        return Returned("loop", None, None)
    is_report = _is_delivery_report(head)
    notice = _answered(session, mail, head, search_body=is_report or _is_from_a_machine(head))
    if is_report or (notice is not None and _is_from_a_mailer(head)):
        if notice is None:
            return None
        told = delivery(mail[:HEAD_LIMIT], notice.recipient)
        return Returned(told.kind, notice.case_id, notice.id, told)
    case = notice.case_id if notice is not None else _tagged(sender, str(head.get("Subject", "")))
    if case is None:
        return None
    kind = "automatic" if _is_from_a_machine(head) else "reply"
    return Returned(kind, case, notice.id if notice is not None else None)


def file_returned(session: Session, found: Returned, digest: str) -> None:
    """Writes it into the case; a bounce reopens the question whom to tell."""
    if found.case is None:
        return
    case = by_id(session, found.case)
    told = {"notice": found.notice, "mail_sha256": digest}
    if found.delivery is not None:
        told |= {"recipient": found.delivery.recipient, "status": found.delivery.status, "said": found.delivery.said}
    if found.kind == "bounce" and found.notice is not None:
        notice = session.get_one(NoticeRecord, found.notice)
        notice.state = "bounced"
        notice.answer = (found.delivery.said if found.delivery else "") or notice.answer
    if found.kind in ("reply", "bounce"):
        move(session, case, "bounce" if found.kind == "bounce" else "answer", MACHINE, told)
        return
    append(session, case.id, datetime.now(UTC), MACHINE, f"mail-{found.kind}", told)


def _is_delivery_report(head: Message) -> bool:
    """A multipart/report that is no complaint (RFC 6522): about delivery, or about reading."""
    kind = str(head.get("Content-Type", "")).lower()
    return head.get_content_type() == "multipart/report" and "feedback-report" not in kind


def _is_from_a_mailer(head: Message) -> bool:
    """A mail system's own words without a report for machines, as qmail and older Exim write."""
    sender = str(head.get("From", "")).lower()
    return (
        head.get("X-Failed-Recipients") is not None
        or "mailer-daemon" in sender
        or (str(head.get("Return-Path", "")).strip() == "<>" and "postmaster" in sender)
    )


def _is_from_a_machine(head: Message) -> bool:
    """Nobody wrote it (RFC 3834, section 5; the older marks are of vacation programs and mail systems)."""
    automatic = str(head.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    return (
        automatic not in ("no", "")
        or any(head.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients"))
        or str(head.get("Precedence", "")).strip().lower() in ("auto_reply", "junk")
        or str(head.get("Return-Path", "")).strip() == "<>"
        or _is_from_a_mailer(head)
    )  # fmt: skip


def _answered(session: Session, mail: bytes, head: Message, *, search_body: bool) -> NoticeRecord | None:
    """The notice whose Message-ID the mail names: in its own header, or in the mail that it returns."""
    from sqlalchemy import select

    named = _ID.findall(f"{head.get('In-Reply-To', '')} {head.get('References', '')}")
    if search_body:
        named += _MESSAGE_ID.findall(mail[:HEAD_LIMIT].decode("latin-1"))
    if not named:
        return None
    return session.scalars(select(NoticeRecord).where(NoticeRecord.message_id.in_(named[-50:]))).first()


def _tagged(sender: Sender, subject: str) -> int | None:
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    if "=?" in subject:
        try:
            subject = str(make_header(decode_header(subject)))
        except (HeaderParseError, LookupError, ValueError):
            return None
    found = _TAG.search(" ".join(subject.split()))
    if found is None:
        return None
    case = int(found[1])
    return case if hmac.compare_digest(found[0].encode(), case_tag(sender, case).encode()) else None
