from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from mailscope.desk.cases.case_store import assign, by_id, note
from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from tests.fixtures.complaints import read


@pytest.fixture
def desk(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    take(desk, [read()])
    with desk.transaction() as session:
        note(session, by_id(session, 1), "wang", "called them")
        assign(session, by_id(session, 1), "wang", "li")
    return desk


def test_seals_hold(desk):
    with desk.transaction() as session:
        entries = of_case(session, 1)
        assert [entry.action for entry in entries] == ["new", "note", "assign"]
        assert broken_at(entries) is None


@pytest.mark.parametrize("statement", ["UPDATE history SET actor = 'x'", "DELETE FROM history"])
def test_the_database_refuses_to_rewrite(desk, statement):
    with pytest.raises(DatabaseError, match="history is final"), desk.transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ('UPDATE history SET details = \'{"text": ""}\' WHERE number = 2', 2),
        ("DELETE FROM history WHERE number = 1", 1),
        ("UPDATE history SET at = '2020-01-01 00:00:00' WHERE number = 3", 3),
        ("UPDATE history SET actor = 'nobody' WHERE number = 1", 1),
    ],
)
def test_a_rewriting_behind_its_back_shows(desk, statement, broken):
    with desk.engine.begin() as connection:
        for what in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(f"DROP TRIGGER history_{what}")
        connection.exec_driver_sql(statement)
    with desk.transaction() as session:
        assert broken_at(of_case(session, 1)) == broken


def test_times_are_in_utc(desk):
    before = datetime.now(UTC)
    with desk.transaction() as session:
        note(session, by_id(session, 1), "wang", "called them again")
    with desk.transaction() as session:
        assert before <= of_case(session, 1)[-1].at <= datetime.now(UTC)
