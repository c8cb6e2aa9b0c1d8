"""Silence in flow records: of mail, of scans, and of what flows cannot show."""

from datetime import timedelta

from mailscope.desk.evidence.silence import seen_in
from tests.fixtures.flow_rows import START, attempts, mails, record, records

BOT = "10.1.2.3"
NOW = START + timedelta(days=5)


def others(hours):
    return [record("10.9.9.9", 40000 + n, "192.0.2.80", 443, 3600.0 * n) for n in range(hours)]


def sight(*groups, category="spam"):
    return seen_in(records(*groups))(BOT, category, START - timedelta(seconds=1), NOW)


def test_hours_in_which_anybody_was_recorded_count_as_watched():
    found = sight(mails(BOT, 5, over=60), others(30))
    assert found.last < START + timedelta(minutes=1)
    assert found.watched == timedelta(hours=29)


def test_a_client_that_hands_in_its_own_mail_is_silent():
    own = [record(BOT, 40000 + n, "192.0.2.25", 587, 60 * n) for n in range(9)]
    assert sight(own, others(3)).last is None


def test_scans_are_seen_and_ordinary_surfing_is_not():
    assert sight(attempts(BOT, 60, dport=445, over=60), others(3), category="scan").last is not None
    surfing = [record(BOT, 40000 + n, f"192.0.2.{n}", 443, 60 * n) for n in range(9)]
    assert sight(surfing, others(3), category="scan").last is None


def test_nobody_looking_and_nothing_to_be_seen_are_told_apart():
    assert (
        sight(others(0), mails("10.9.9.9", 1, over=1)[:0], [record("10.8.8.8", 1, "192.0.2.1", 80, -99)])
    ).why == "nobody"
    assert sight(others(3), category="copyright").why == "kind"
