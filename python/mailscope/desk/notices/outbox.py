"""Sends what was approved, each notice once: the only place that speaks SMTP.

States of a notice:

    draft -> approved -> sending -> sent
                |           |----> approved    the server said "later" before it took the mail (4yz)
                |           |----> refused     the server said "never" (5yz)
                |           '----> in-doubt    nobody knows whether the server took it: a person looks
                '-> cancelled                  sent -> bounced, when its bounce comes back

A notice is marked `sending` and that is on disk before the first byte goes out. Whoever dies in between leaves
it so, and `recover` makes it `in-doubt`: it is never sent a second time without a person having seen it.
"""

from __future__ import annotations

import os
import smtplib
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mailscope.desk.cases.case_store import MACHINE, by_id, move
from mailscope.desk.cases.history import append
from mailscope.desk.records import NoticeRecord
from mailscope.errors import UsageError

if TYPE_CHECKING:
    from email.message import EmailMessage

    from sqlalchemy.orm import Session

    from mailscope.desk.database import Desk

STATES = ("draft", "approved", "sending", "sent", "refused", "in-doubt", "bounced", "cancelled")
TRIES = 6
"""Attempts after "later" before a person is asked; the wait doubles from five minutes."""


@dataclass(frozen=True, slots=True)
class Mta:
    """The owner's mail server, and how much one recipient gets at most."""

    host: str = "localhost"
    port: int = 25
    timeout_s: float = 60.0
    per_recipient: int = 5
    per_recipient_in: timedelta = timedelta(days=1)


def put(
    session: Session, mail: EmailMessage, case: int, audience: str, language: str, kind: str = "notice"
) -> NoticeRecord:
    """Keeps a composed notice as a draft."""
    from email.utils import parseaddr

    notice = NoticeRecord(
        case_id=case,
        kind=kind,
        audience=audience,
        language=language,
        recipient=parseaddr(str(mail["To"]))[1],
        subject=str(mail["Subject"]),
        message_id=str(mail["Message-ID"]),
        mail=mail.as_bytes(),
        state="draft",
        created=datetime.now(UTC),
        tries=0,
    )
    session.add(notice)
    session.flush()
    return notice


def of_number(session: Session, number: int) -> NoticeRecord:
    """One notice; UsageError when there is none."""
    notice = session.get(NoticeRecord, number)
    if notice is None:
        raise UsageError(f"there is no notice {number}", hint="`mailscope notices list` shows all")
    return notice


def approve(session: Session, number: int, actor: str) -> NoticeRecord:
    """Lets a draft go out; an in-doubt or refused notice too, when a person says so."""
    notice = of_number(session, number)
    if notice.state not in ("draft", "in-doubt", "refused"):
        raise UsageError(f"notice {number} is `{notice.state}`", hint="only drafts are approved")
    notice.state, notice.approved_by, notice.not_before = "approved", actor, None
    _tell(session, notice, actor, "notice-approved")
    return notice


def cancel(session: Session, number: int, actor: str) -> NoticeRecord:
    """Takes a notice back that has not gone out."""
    notice = of_number(session, number)
    if notice.state not in ("draft", "approved", "in-doubt", "refused"):
        raise UsageError(f"notice {number} is `{notice.state}`", hint="what went out cannot be taken back")
    notice.state = "cancelled"
    _tell(session, notice, actor, "notice-cancelled")
    return notice


def _tell(session: Session, notice: NoticeRecord, actor: str, action: str) -> None:
    told = {"notice": notice.id, "recipient": notice.recipient}
    append(session, notice.case_id, datetime.now(UTC), actor, action, told)


def send_approved(desk: Desk, mta: Mta, *, limit: int = 1000) -> dict[str, int]:
    """Sends what may go now; returns how many ended in which state."""
    ended: dict[str, int] = {}
    for _turn in range(limit):
        number = _claim(desk, mta)
        if number is None:
            break
        state = _send(desk, number, mta)
        ended[state] = ended.get(state, 0) + 1
    return ended


def recover(desk: Desk, *, older_than: timedelta = timedelta(minutes=10)) -> int:
    """Notices whose sender is gone become `in-doubt`; returns how many."""
    from sqlalchemy import select

    count = 0
    with desk.transaction() as session:
        for notice in session.scalars(select(NoticeRecord).where(NoticeRecord.state == "sending")):
            if _is_alive(notice.worker) and (notice.claimed or datetime.now(UTC)) > datetime.now(UTC) - older_than:
                continue
            notice.state, notice.answer = "in-doubt", "the sending process ended before it knew"
            case = by_id(session, notice.case_id)
            move(session, case, "answer", MACHINE, {"notice": notice.id, "in_doubt": notice.message_id})
            count += 1
    return count


def worker_name() -> str:
    """The name of this process, as another process of the same machine can look for it."""
    return f"{socket.gethostname()}/{os.getpid()}"


def _is_alive(worker: str | None) -> bool:
    host, _slash, pid = (worker or "").partition("/")
    if host != socket.gethostname():
        return True  # another machine's: only its age can tell
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _claim(desk: Desk, mta: Mta) -> int | None:
    """Marks one notice as being sent, on disk, and returns its number."""
    from sqlalchemy import func, or_, select

    now = datetime.now(UTC)
    lately = (
        select(func.lower(NoticeRecord.recipient))  # one mailbox, however it is written
        .where(
            NoticeRecord.state.in_(("sent", "sending", "bounced")), NoticeRecord.claimed > now - mta.per_recipient_in
        )
        .group_by(func.lower(NoticeRecord.recipient))
        .having(func.count() >= mta.per_recipient)
    )
    with desk.transaction() as session:
        wanted = (
            select(NoticeRecord)
            .where(
                NoticeRecord.state == "approved",
                or_(NoticeRecord.not_before.is_(None), NoticeRecord.not_before <= now),
                func.lower(NoticeRecord.recipient).not_in(lately),
            )
            .order_by(NoticeRecord.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        notice = session.scalars(wanted).first()
        if notice is None:
            return None
        notice.state, notice.worker, notice.claimed = "sending", worker_name(), now
        notice.tries += 1
        return notice.id


def _send(desk: Desk, number: int, mta: Mta) -> str:
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, number)
        sender, recipient, mail = _sender(notice.mail), notice.recipient, notice.mail
    state, answer = _deliver(mta, sender, recipient, mail)
    with desk.transaction() as session:
        notice = session.get_one(NoticeRecord, number)
        _ended(session, notice, state, answer)
        return notice.state


def _deliver(mta: Mta, sender: str, recipient: str, mail: bytes) -> tuple[str, str]:
    """What the server said, and so what the notice is now."""
    is_handed_over = False
    try:
        with smtplib.SMTP(mta.host, mta.port, timeout=mta.timeout_s) as server:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls()
                server.ehlo()
            eight_bit = ["BODY=8BITMIME"] if server.has_extn("8bitmime") and not mail.isascii() else []
            for code, text in (server.mail(sender, eight_bit), server.rcpt(recipient)):
                if code not in (250, 251):
                    return _by_code(code, text)
            is_handed_over = True  # from here on only the server knows
            code, text = server.data(mail)
            return ("sent", _said(code, text)) if code == 250 else _by_code(code, text)
    except smtplib.SMTPDataError as error:  # refused at DATA: no byte of the mail went out
        return _by_code(error.smtp_code, error.smtp_error)
    except smtplib.SMTPResponseException as error:
        return _by_code(error.smtp_code, error.smtp_error) if not is_handed_over else ("in-doubt", str(error))
    except (OSError, smtplib.SMTPException) as error:
        return ("in-doubt" if is_handed_over else "later", f"{type(error).__name__}: {error}"[:500])


def _by_code(code: int, text: bytes | str) -> tuple[str, str]:
    return ("later" if 400 <= code < 500 else "refused"), _said(code, text)


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"[:500]


def _ended(session: Session, notice: NoticeRecord, state: str, answer: str) -> None:
    notice.answer = answer
    case = by_id(session, notice.case_id)
    told = {"notice": notice.id, "recipient": notice.recipient, "message_id": notice.message_id, "answer": answer}
    if state == "sent":
        notice.state, notice.sent = "sent", datetime.now(UTC)
        move(session, case, "notify", MACHINE, told)
    elif state == "later" and notice.tries < TRIES:
        notice.state = "approved"
        notice.not_before = datetime.now(UTC) + timedelta(minutes=5) * 2 ** (notice.tries - 1)
    else:
        notice.state = "refused" if state == "later" else state
        move(session, case, "answer", MACHINE, told | {"notice_state": notice.state})


def _sender(mail: bytes) -> str:
    """The address in From: bounces come back to the desk's mailbox."""
    from email import message_from_bytes
    from email.utils import parseaddr

    head = mail.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
    return parseaddr(str(message_from_bytes(head)["From"]))[1]
