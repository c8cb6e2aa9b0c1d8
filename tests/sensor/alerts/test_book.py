import json
from datetime import UTC, datetime, timedelta

import pytest

from mailscope.errors import StoreError
from mailscope.sensor.alerts.book import TRIES, AlertBook
from mailscope.sensor.alerts.settings import of_values
from tests.sensor.alerts.test_alert import alert

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Box:
    """A channel that keeps what it is given, unless it is told to fail."""

    def __init__(self):
        self.got, self.fails = [], False

    def __call__(self, told):
        if self.fails:
            raise OSError("nobody there")
        self.got.append((told.kind, told.subject, told.state))


@pytest.fixture
def box():
    return Box()


def book(tmp_path, box, **alerts):
    settings = of_values({"alerts": alerts, "syslog": {"to": "udp:127.0.0.1:514"}}, tmp_path)
    return AlertBook(tmp_path / "book.json", settings, {"syslog": box})


def states(box):
    return [state for _kind, _subject, state in box.got]


def test_a_subject_is_told_once_also_over_a_restart_and_again_when_it_lasts(tmp_path, box):
    book(tmp_path, box).turn([alert()], NOON)
    for hours in (1, 2, 23):
        book(tmp_path, box, recovered_minutes=6000).turn([alert()], NOON + hours * HOUR)
    assert states(box) == ["new"]
    book(tmp_path, box, recovered_minutes=6000).turn([alert()], NOON + 24 * HOUR)
    assert states(box) == ["new", "again"]


def test_what_is_over_is_told_and_may_then_be_new_again(tmp_path, box):
    own = book(tmp_path, box, recovered_minutes=30)
    own.turn([alert()], NOON)
    own.turn([], NOON + 20 * MINUTE)
    own.turn([], NOON + 31 * MINUTE)
    own.turn([alert()], NOON + 32 * MINUTE)
    assert states(box) == ["new", "recovered", "new"]


def test_quiet_hours_by_the_owners_clock_hold_alerts_for_one_summary(tmp_path, box):
    own = book(tmp_path, box, quiet="19:30-07:00", zone="Asia/Taipei")
    own.turn([alert("192.0.2.1")], NOON)  # 20:00 in Taipei
    own.turn([alert(f"192.0.2.{n}") for n in range(1, 6)], NOON + HOUR)
    assert box.got == []
    assert json.loads((tmp_path / "book.json").read_text())["counts"]["held"] == 5
    again = book(tmp_path, box, quiet="19:30-07:00", zone="Asia/Taipei", recovered_minutes=6000)
    told = again.turn([], NOON + 11 * HOUR + MINUTE)
    assert box.got == [("alerts", "quiet-hours", "summary")]
    assert told[0].what == "5 alerts came in the quiet hours"
    assert len(told[0].lines) == 5


def test_more_than_the_owner_wants_in_an_hour_are_counted_and_told_of(tmp_path, box):
    own = book(tmp_path, box, most_per_hour=3, recovered_minutes=6000)
    own.turn([alert(f"192.0.2.{n}") for n in range(1, 11)], NOON)
    assert states(box) == ["new"] * 3
    assert own.counts["suppressed"] == 7
    told = own.turn([], NOON + HOUR + MINUTE)
    assert told[0].what.startswith("7 alerts were not sent")


def test_a_channel_that_fails_is_tried_again_later_and_later_and_then_given_up(tmp_path, box):
    box.fails = True
    own = book(tmp_path, box, recovered_minutes=60000)
    own.turn([alert()], NOON)
    own.deliver(NOON + 30 * timedelta(seconds=1))
    assert own.counts["failed"] == 1
    assert own.errors == {"syslog": "nobody there"}
    restarted = book(tmp_path, box, recovered_minutes=60000)
    box.fails = False
    restarted.deliver(NOON + MINUTE)
    assert (states(box), restarted.waiting) == (["new"], [])
    box.fails = True
    for hours in range(TRIES + 2):
        restarted.turn([alert("192.0.2.99")], NOON + hours * HOUR)
    assert restarted.counts["given_up"] == 1
    assert restarted.waiting == []


def test_one_failing_channel_does_not_keep_another_from_telling(tmp_path, box):
    deaf = Box()
    deaf.fails = True
    settings = of_values({}, tmp_path)
    AlertBook(tmp_path / "book.json", settings, {"deaf": deaf, "box": box}).turn([alert()], NOON)
    assert states(box) == ["new"]


def test_a_damaged_book_is_named(tmp_path, box):
    (tmp_path / "book.json").write_text("{")
    with pytest.raises(StoreError, match=r"book\.json"):
        book(tmp_path, box)
