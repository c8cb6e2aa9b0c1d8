"""Which times of a case are looked at, and what a source may say of them."""

from datetime import UTC, datetime, timedelta

from mailscope.desk.cases.case_store import by_id
from mailscope.desk.database import open_desk
from mailscope.desk.evidence.moments import MOMENTS_LOOKED_AT, Moment, moments_of, verdict
from mailscope.desk.intake import take
from tests.fixtures.complaints import read

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def moments(folder, *complaints):
    desk = open_desk(folder / "d.db")
    take(desk, complaints)
    with desk.transaction() as session:
        return moments_of(session, by_id(session, 1))


def test_each_time_told_is_looked_at_with_its_uncertainty(tmp_path):
    found = moments(tmp_path, read(number=1, time_uncertainty=90.0), read(number=2))
    assert [(m.time.minute, m.tolerance.total_seconds()) for m in found] == [(2, 0.0), (1, 90.0)]


def test_the_newest_of_many_are_looked_at(tmp_path):
    found = moments(tmp_path, *[read(number=n) for n in range(1, 40)])
    assert len(found) == MOMENTS_LOOKED_AT
    assert found[0].time.minute == 39


def test_a_case_without_times_has_its_address_alone(tmp_path):
    mail, told = read()
    told["parties"][0]["time"] = None
    assert moments(tmp_path, (mail, told)) == [Moment("10.1.2.3", None)]


def test_only_a_source_that_watched_may_say_nothing_was_there():
    moment = Moment("10.1.2.3", NOON, timedelta(minutes=1))
    assert verdict(moment, [], was_watched=False) == "not-watched"
    assert verdict(moment, [], was_watched=True) == "nothing-seen"
    assert verdict(moment, [NOON + timedelta(minutes=3)], was_watched=True) == "seen"
    assert verdict(moment, [NOON + timedelta(minutes=30)], was_watched=True) == "seen-around"
    assert verdict(moment, [NOON + timedelta(hours=3)], was_watched=True) == "nothing-seen"
