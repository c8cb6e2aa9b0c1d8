"""Where the desk's records are: SQLite by default, PostgreSQL by URL; brought to the newest form at opening."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""


class Desk:
    """An open database of the desk."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.url = url

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that is committed at the end, or rolled back when anything fails."""
        from sqlalchemy.orm import Session

        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Gives up all connections."""
        self.engine.dispose()


def one_at_a_time(session: Session, what: str) -> None:
    """Waits until no other transaction does `what`; held to the end of this one. SQLite has one writer anyway."""
    from sqlalchemy import func, select

    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"mailscope {what}"))))


def url_of(place: str | Path) -> str:
    """A database URL; a bare path is an SQLite file.

    >>> url_of("desk.db")
    'sqlite+pysqlite:///desk.db'
    """
    text = str(place)
    if text.startswith("postgresql://"):
        return "postgresql+psycopg://" + text.removeprefix("postgresql://")
    return text if "://" in text else f"sqlite+pysqlite:///{text}"


def open_desk(place: str | Path, *, revision: str = "head") -> Desk:
    """Opens the database, makes it when it is not there, and brings it to `revision` (tests name older ones)."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError, OperationalError

    url = url_of(place)
    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (ArgumentError, ModuleNotFoundError) as error:
        raise StoreError(f"`{place}` is no database: {error}", hint="give a file, or postgresql://...") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begins)
    try:
        _migrate(engine, revision)
    except OperationalError as error:
        raise StoreError(f"`{place}` cannot be opened: {error.orig}", hint="does its folder exist?") from error
    return Desk(engine, url)


def _sqlite_connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's BEGIN below, not the driver's late one
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begins(connection: Any) -> None:
    # Two workers that both read and then write would otherwise meet at the upgrade of their locks.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: Engine, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5322)")  # one migration at a time
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
