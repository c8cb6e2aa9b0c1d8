from datetime import UTC, datetime, timedelta

import pytest

from mailscope.desk.cases.case_store import by_id, move
from mailscope.desk.cases.history import of_case
from mailscope.desk.database import open_desk
from mailscope.desk.evidence.silence import Sight
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


def days(number):
    return TOLD + timedelta(days=number)


def watched(desk, last, until, hours=0):
    with desk.transaction() as session:
        (row,) = watch(session, lambda *_: Sight(last, until, timedelta(hours=hours)), days(9))
    return row["standing"]


def actions(desk):
    with desk.transaction() as session:
        return [entry.action for entry in of_case(session, 1)][2:]


def test_silence_while_somebody_looked_is_stopped(desk):
    assert watched(desk, days(1), days(5), 60) == "stopped"
    with desk.transaction() as session:
        assert by_id(session, 1).quiet_since == days(1)
    assert actions(desk) == ["quiet"]


def test_silence_while_nobody_looked_says_nothing(desk):
    assert watched(desk, None, None) == "not-visible"
    with desk.transaction() as session:
        assert by_id(session, 1).quiet_since is None


def test_days_of_which_only_hours_were_watched_are_too_few(desk):
    assert watched(desk, None, days(8), 30) == "watching"


def test_what_is_seen_on_the_first_day_is_not_held_against_the_contact(desk):
    assert watched(desk, days(0.5), days(1), 10) == "watching"
    assert watched(desk, days(3), days(4), 20) == "goes-on"


def test_one_that_begins_again_is_told(desk):
    watched(desk, days(1), days(5), 90)
    assert watched(desk, days(5.5), days(6), 12) == "goes-on"
    assert actions(desk) == ["quiet", "seen-again"]
    with desk.transaction() as session:
        assert by_id(session, 1).quiet_since is None


def test_looking_twice_writes_once(desk):
    for _turn in range(2):
        watched(desk, days(1), days(5), 60)
    assert actions(desk) == ["quiet"]
