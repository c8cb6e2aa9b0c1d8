import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from mailscope.desk.database import open_desk, url_of
from mailscope.desk.records import CaseRecord, Record
from mailscope.errors import StoreError


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
