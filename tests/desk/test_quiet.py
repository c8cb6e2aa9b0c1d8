from datetime import UTC, datetime, timedelta

import pytest

from mailscope.desk.cases.case_store import by_id, move
from mailscope.desk.cases.history import of_case
from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from mailscope.desk.quiet import watch
from tests.fixtures.complaints import read

TOLD = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    take(desk, [read()])
    with desk.transaction() as session:
        move(session, by_id(session, 1), "notify", "wang")
        by_id(session, 1).notified = TOLD
    return desk


def watched(desk, last, until, now):
    with desk.transaction() as session:
        return {kind: cases for kind, cases in watch(session, lambda *_: (last, until), now).items() if cases}


def days(number):
    return TOLD + timedelta(days=number)


def test_silence_while_somebody_looked_is_quiet(desk):
    assert watched(desk, days(1), days(5), days(5)) == {"quiet": [1]}
    with desk.transaction() as session:
        assert by_id(session, 1).quiet_since == days(1)
        assert of_case(session, 1)[-1].action == "quiet"


def test_silence_while_nobody_looked_says_nothing(desk):
    assert watched(desk, None, None, days(9)) == {"not-watched": [1]}


def test_one_that_goes_on_is_due_for_a_reminder(desk):
    assert watched(desk, days(3.5), days(4), days(4)) == {"due": [1]}


def test_one_that_begins_again_is_told(desk):
    watched(desk, days(1), days(5), days(5))
    assert watched(desk, days(5.5), days(6), days(6)) == {"again": [1], "due": [1]}
    with desk.transaction() as session:
        assert by_id(session, 1).quiet_since is None


def test_looking_twice_writes_once(desk):
    for _turn in range(2):
        watched(desk, days(1), days(5), days(5))
    with desk.transaction() as session:
        assert [entry.action for entry in of_case(session, 1)].count("quiet") == 1
