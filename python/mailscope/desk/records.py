"""The desk's records as tables: complaints, cases, their history, notices and blocks.

Times are aware and in UTC; text that came in a mail is kept as it came and made harmless where it is shown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """An aware time, stored in UTC also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuses a time without zone: guessing one is how complaints get the wrong customer."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The same moment, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Record(DeclarativeBase):
    """What all tables of the desk share."""


class CaseRecord(Record):
    """One matter: an address of the network, what it is said to do, and what was done about it."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    accused: Mapped[str] = mapped_column(String(64), index=True)
    category: Mapped[str] = mapped_column(String(64))
    opened: Mapped[datetime] = mapped_column(Utc)
    changed: Mapped[datetime] = mapped_column(Utc)
    first_event: Mapped[datetime | None] = mapped_column(Utc)
    last_event: Mapped[datetime | None] = mapped_column(Utc)
    responsible: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    assignee: Mapped[str | None] = mapped_column(Text)
    notified: Mapped[datetime | None] = mapped_column(Utc)
    resolved: Mapped[datetime | None] = mapped_column(Utc)
    quiet_since: Mapped[datetime | None] = mapped_column(Utc)
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    watched: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class ComplaintRecord(Record):
    """One mail that came in; `digest` is the SHA-256 of its bytes, so the same mail is taken once."""

    __tablename__ = "complaints"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    message_id: Mapped[str | None] = mapped_column(Text, index=True)
    taken: Mapped[datetime] = mapped_column(Utc)
    format: Mapped[str] = mapped_column(String(32))
    category: Mapped[str | None] = mapped_column(String(64))
    needs_person: Mapped[bool] = mapped_column(Boolean, index=True)
    why: Mapped[str] = mapped_column(Text)
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("complaints.id"))
    read: Mapped[dict[str, Any]] = mapped_column(JSON)
    mail: Mapped[bytes] = mapped_column(LargeBinary)


class AccusationRecord(Record):
    """One address that a complaint accuses, who answers for it, and the case it joined.

    `address` is what stands in the mail; `responsible` is the customer's behind a relay or translation of ours.
    """

    __tablename__ = "accusations"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"), index=True)
    address: Mapped[str] = mapped_column(String(64))
    responsible: Mapped[str] = mapped_column(String(64), index=True)
    port: Mapped[int | None] = mapped_column(Integer)
    time: Mapped[datetime | None] = mapped_column(Utc)
    ours: Mapped[bool | None] = mapped_column(Boolean)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)


class HistoryRecord(Record):
    """One thing that happened to a case; `hash` covers it and the entry before, so a change shows."""

    __tablename__ = "history"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(32))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class NoticeRecord(Record):
    """One mail to a contact, whole, and how far its sending came."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), default="notice", server_default="notice")
    audience: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    recipient: Mapped[str] = mapped_column(Text, index=True)
    subject: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    mail: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16), index=True)
    created: Mapped[datetime] = mapped_column(Utc)
    approved_by: Mapped[str | None] = mapped_column(Text)
    worker: Mapped[str | None] = mapped_column(Text)
    claimed: Mapped[datetime | None] = mapped_column(Utc)
    not_before: Mapped[datetime | None] = mapped_column(Utc)
    sent: Mapped[datetime | None] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    answer: Mapped[str | None] = mapped_column(Text)


class BlockRecord(Record):
    """One block of one prefix at one target, from the plan to its undoing."""

    __tablename__ = "blocks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    target: Mapped[str] = mapped_column(String(32))
    prefix: Mapped[str] = mapped_column(String(64), index=True)
    scope: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), index=True)
    planned: Mapped[datetime] = mapped_column(Utc)
    planned_by: Mapped[str] = mapped_column(Text)
    approvals: Mapped[list[str]] = mapped_column(JSON)
    expires: Mapped[datetime] = mapped_column(Utc)
    applied: Mapped[datetime | None] = mapped_column(Utc)
    undone: Mapped[datetime | None] = mapped_column(Utc)
    reason: Mapped[str] = mapped_column(Text)
    commands: Mapped[list[str]] = mapped_column(JSON)
    answer: Mapped[str | None] = mapped_column(Text)


class MailboxRecord(Record):
    """How far an IMAP mailbox was read: UIDs count within one UIDVALIDITY (RFC 9051, section 2.3.1.1)."""

    __tablename__ = "mailboxes"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
