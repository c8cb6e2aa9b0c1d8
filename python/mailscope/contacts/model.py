"""The registry as tables: where something was learnt, prefixes, contacts, conflicts.

SQLAlchemy, so that it is SQLite in a file or PostgreSQL by URL. Prefixes are stored as text; the longest match
is made in memory (:mod:`mailscope.contacts.lookup`), because a whole registry fits there and SQL has no such
index in common.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables of the registry."""


class ImportRow(Base):
    """One import of one source; a newer import of the same source takes its place."""

    __tablename__ = "registry_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(255), index=True)
    imported_at: Mapped[datetime]


class RouteRow(Base):
    """A prefix and where it leads."""

    __tablename__ = "registry_routes"
    __table_args__ = (Index("registry_routes_prefix", "prefix"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("registry_imports.id", ondelete="CASCADE"))
    prefix: Mapped[str] = mapped_column(String(64))
    next_hop: Mapped[str | None] = mapped_column(String(255))
    routing_table: Mapped[str] = mapped_column(String(40))
    as_of: Mapped[date | None]
    organization: Mapped[str | None] = mapped_column(String(1000))
    email: Mapped[str | None] = mapped_column(String(400))
    asn: Mapped[int | None]


class ContactRow(Base):
    """Who is behind a next hop, a prefix or a handle."""

    __tablename__ = "registry_contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("registry_imports.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255), index=True)
    organization: Mapped[str | None] = mapped_column(String(1000))
    admin_contact: Mapped[str | None] = mapped_column(String(1000))
    email: Mapped[str | None] = mapped_column(String(400))
    tel: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(2000))
    updated_by: Mapped[str | None] = mapped_column(String(400))
    updated: Mapped[date | None]


class ConflictRow(Base):
    """A contradiction found inside a source when it was read; those between sources are found at each look."""

    __tablename__ = "registry_conflicts"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("registry_imports.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64))
    one: Mapped[str] = mapped_column(String(1000))
    other: Mapped[str] = mapped_column(String(1000))
