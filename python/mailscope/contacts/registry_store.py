"""The registry kept in a database: imports go in whole or not at all, a newer one replaces its source's older one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

from sqlalchemy import Engine, create_engine, delete, event, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mailscope.contacts.model import Base, ConflictRow, ContactRow, ImportRow, RouteRow
from mailscope.contacts.route import Conflict, Contact, Gathered, Route
from mailscope.errors import StoreError


def save(url: str, gathered: Gathered) -> None:
    """Puts what was gathered into the registry, source by source.

    Raises:
        StoreError: the database cannot be opened or written.

    """
    with _session(url) as session:
        names = dict.fromkeys(
            [*(route.source for route in gathered.routes), *(contact.source for contact in gathered.contacts)]
        )
        ids = {name: _new_import(session, name) for name in names}
        session.add_all(_route_row(route, ids[route.source]) for route in gathered.routes)
        session.add_all(_contact_row(contact, ids[contact.source]) for contact in gathered.contacts)
        first = next(iter(ids.values()), None)
        if first is not None:
            session.add_all(
                ConflictRow(
                    import_id=first,
                    **{name: getattr(item, name)[:1000] for name in ("kind", "subject", "one", "other")},
                )
                for item in gathered.conflicts
            )


def load(url: str) -> Gathered:
    """Everything in the registry.

    Raises:
        StoreError: there is no registry.

    """
    with _session(url, must_exist=True) as session:
        sources = {row.id: row.source for row in session.scalars(select(ImportRow))}
        routes = [
            Route(
                ip_network(row.prefix),
                row.next_hop,
                sources[row.import_id],
                row.routing_table,
                row.as_of,
                row.organization,
                row.email,
                row.asn,
            )
            for row in session.scalars(select(RouteRow))
        ]
        contacts = [
            Contact(
                row.key,
                row.organization,
                row.admin_contact,
                row.email,
                row.tel,
                row.address,
                row.updated_by,
                row.updated,
                sources[row.import_id],
            )
            for row in session.scalars(select(ContactRow))
        ]
        conflicts = [
            Conflict(row.kind, row.subject, row.one, row.other) for row in session.scalars(select(ConflictRow))
        ]
        return Gathered(routes, contacts, conflicts)


def _new_import(session: Session, source: str) -> int:
    for old in session.scalars(select(ImportRow.id).where(ImportRow.source == source[:255])).all():
        for table in (RouteRow, ContactRow, ConflictRow):
            session.execute(delete(table).where(table.import_id == old))
        session.execute(delete(ImportRow).where(ImportRow.id == old))
    row = ImportRow(source=source[:255], imported_at=datetime.now(UTC).replace(tzinfo=None))
    session.add(row)
    session.flush()
    return row.id


def _route_row(route: Route, import_id: int) -> RouteRow:
    return RouteRow(
        import_id=import_id,
        prefix=str(route.prefix),
        next_hop=route.next_hop,
        routing_table=route.table[:40],
        as_of=route.as_of,
        organization=_cut(route.organization, 1000),
        email=_cut(route.email, 400),
        asn=route.asn,
    )


def _contact_row(contact: Contact, import_id: int) -> ContactRow:
    return ContactRow(
        import_id=import_id,
        key=contact.key[:255],
        organization=_cut(contact.organization, 1000),
        admin_contact=_cut(contact.admin_contact, 1000),
        email=_cut(contact.email, 400),
        tel=_cut(contact.tel, 200),
        address=_cut(contact.address, 2000),
        updated_by=_cut(contact.updated_by, 400),
        updated=contact.updated,
    )


def _cut(text: str | None, limit: int) -> str | None:
    return text[:limit] if text else None


@contextmanager
def _session(url: str, *, must_exist: bool = False) -> Iterator[Session]:
    try:
        engine = _engine(url)
        try:
            if must_exist and not inspect(engine).has_table(ImportRow.__tablename__):
                raise StoreError(
                    f"`{url.removeprefix('sqlite:///')}` is no registry", hint="`mailscope registry import` makes one"
                )
            if not must_exist:
                Base.metadata.create_all(engine)
            with Session(engine) as session, session.begin():
                yield session
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        raise StoreError(f"the registry cannot be used: {str(error).splitlines()[0]}") from error


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _wait(connection, _record) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            connection.execute("PRAGMA busy_timeout = 30000")

    return engine
