import os
import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk, url_of
from mailscope.desk.intake import take
from mailscope.desk.records import CaseRecord, Record
from mailscope.errors import StoreError
from tests.fixtures import postgres
from tests.fixtures.complaints import read


def test_the_migrations_end_at_what_the_records_say(tmp_path):
    desk = open_desk(tmp_path / "desk.db")
    with desk.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Record.metadata) == []


def test_records_of_an_older_form_are_carried_over(tmp_path):
    old = open_desk(tmp_path / "desk.db", revision="0001")
    with old.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cases (id, state, accused, category, opened, changed)"
                " VALUES (7, 'open', '10.0.0.9', 'spam', '2026-01-02 03:04:05', '2026-01-02 03:04:05')"
            )
        )
    old.close()
    with open_desk(tmp_path / "desk.db").transaction() as session:
        case = session.get_one(CaseRecord, 7)
        assert (case.accused, case.quiet_since, case.opened.isoformat()) == (
            "10.0.0.9",
            None,
            "2026-01-02T03:04:05+00:00",
        )


def test_a_desk_is_opened_twice_without_harm(tmp_path):
    first = open_desk(tmp_path / "desk.db")
    second = open_desk(tmp_path / "desk.db")
    with first.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM cases")).scalar() == 0
    second.close()


def test_a_place_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        open_desk(tmp_path / "missing" / "desk.db")


def test_what_is_committed_is_on_disk(tmp_path):
    open_desk(tmp_path / "desk.db").close()
    plain = sqlite3.connect(tmp_path / "desk.db")
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()


@pytest.mark.parametrize(
    ("place", "url"),
    [("x.db", "sqlite+pysqlite:///x.db"), ("postgresql://h/d", "postgresql+psycopg://h/d"), ("sqlite://", "sqlite://")],
)
def test_a_bare_path_is_sqlite(place, url):
    assert url_of(place) == url


@pytest.fixture(scope="module")
def cluster():
    if why := postgres.missing():
        pytest.skip(why)
    with postgres.Postgres() as server:
        yield server


@pytest.mark.slow
def test_postgresql_keeps_the_same_records_by_the_same_migrations(cluster):
    desk = open_desk(cluster.database("same"), revision="0001")
    desk.close()
    desk = open_desk(cluster.database("same2"))
    with desk.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Record.metadata) == []
    take(desk, [read(number=1), read(number=1), read(number=2)])
    with desk.transaction() as session:
        assert broken_at(of_case(session, 1)) is None
    with pytest.raises(DatabaseError, match="history is final"), desk.transaction() as session:
        session.execute(text("UPDATE history SET actor = 'x'"))
    desk.close()


TAKE = """
import sys
from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from tests.fixtures.complaints import read
desk = open_desk(sys.argv[1])
for number in range(40):
    take(desk, [read(f"10.0.0.{number % 8}", number=number)])
"""


def workers_at_once(place):
    """Four processes file the same forty mails; returns complaints, cases, and whether histories hold."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    workers = [subprocess.Popen([sys.executable, "-c", TAKE, place], env=environment) for _ in range(4)]
    codes = [worker.wait(600) for worker in workers]
    desk = open_desk(place)
    with desk.transaction() as session:
        counts = [session.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in ("complaints", "cases")]
        whole = all(broken_at(of_case(session, number)) is None for number in range(1, counts[1] + 1))
    desk.close()
    return codes, *counts, whole


@pytest.mark.long
def test_workers_at_once_neither_lose_nor_double(tmp_path):
    open_desk(tmp_path / "d.db").close()
    assert workers_at_once(str(tmp_path / "d.db")) == ([0] * 4, 40, 8, True)


@pytest.mark.slow
def test_workers_at_once_neither_lose_nor_double_on_postgresql(cluster):
    place = cluster.database("many")
    open_desk(place).close()
    assert workers_at_once(place) == ([0] * 4, 40, 8, True)
