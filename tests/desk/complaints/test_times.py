import pytest

from mailscope.desk.complaints.times import ASSUMED, ELSEWHERE, SURE, UNKNOWN, Context, events

SENT = Context.of_date("Sun, 22 Nov 2026 04:44:55 +0800")


@pytest.mark.parametrize(
    ("text", "expected", "zone"),
    [
        ("received 11/21/2026 03:08:23 PM EST.", "2026-11-21T20:08:23Z", SURE),
        ("(21 November 2026 at 20:08 UTC)", "2026-11-21T20:08:00Z", SURE),
        ("between 2026/11/21 21:07:06 and 21:07:26 (GMT+1)", "2026-11-21T20:07:06Z", ELSEWHERE),
        ("时间:2026-11-22 04:06:19", "2026-11-21T20:06:19Z", ASSUMED),
        ("发生时间:2026/11/22 04:06:35\n时区:+8", "2026-11-21T20:06:35Z", ELSEWHERE),
        ("民國115年11月22日 04:08(台北時間)", "2026-11-21T20:08:00Z", SURE),
        ("2026年11月22日 下午3时8分20秒(UTC)", "2026-11-22T15:08:20Z", SURE),
        ("於11月22日上午4點5分發送", "2026-11-21T20:05:00Z", ASSUMED),
        ("date 2026-11-22, times in UTC+9:\n\n05:06:30.000000 IP 10.25.77.9", "2026-11-21T20:06:30Z", ELSEWHERE),
        ("(server time is UTC-05:00)\nNov 21 15:09:29 mail dovecot", "2026-11-21T20:09:29Z", ELSEWHERE),
        ("[21/Nov/2026:20:09:01 +0000]", "2026-11-21T20:09:01Z", SURE),
        ("10.25.17.44 1795291588", "2026-11-21T20:06:28Z", SURE),
        ("Sat Nov 21 20:08:35 CET 2026", "2026-11-21T19:08:35Z", SURE),
        ("2026-11-21T20:04:46.5Z", "2026-11-21T20:04:46Z", SURE),
        ("2026-11-21 20:06:20 Europe/Berlin", "2026-11-21T19:06:20Z", SURE),
        ("21.11.2026, 21:15 Uhr MEZ", "2026-11-21T20:15:00Z", SURE),
    ],
)
def test_spellings_of_a_moment(text, expected, zone):
    first = events(text, SENT)[0]
    assert (str(first), first.zone) == (expected, zone)


def test_day_and_month_are_told_apart_by_when_the_mail_was_sent():
    assert str(events("12/11/2026 01:00 UTC", SENT)[0]).startswith("2026-11-12")
    assert str(events("11/12/2026 01:00 UTC", SENT)[0]).startswith("2026-11-12")


def test_a_day_that_may_be_two_days_is_as_doubtful_as_they_are_apart():
    first = events("10/09/2026 01:00 UTC", SENT)[0]
    assert first.off_by > 20 * 86400


def test_doubt_is_told_in_seconds():
    assert [round(events(text, SENT)[0].off_by) for text in ("2026-11-21 20:00 UTC", "2026-11-21 20:00:01 UTC")] == [
        60,
        0,
    ]
    assert events("2026-11-21 20:00:01", Context())[0].zone == UNKNOWN
    assert events("2026-11-21 20:00:01", Context())[0].off_by > 43200


def test_the_date_of_the_notice_and_numbers_of_other_things_are_no_event():
    assert events("Notice Date: 2026-11-21 20:00:00 UTC", SENT) == []
    assert events("seq 1795291588, win 1024", SENT) == []


def test_zones_that_two_countries_share_are_read_by_the_mails_own():
    assert str(events("2026-11-22 04:06:19 CST", SENT)[0]) == "2026-11-21T20:06:19Z"
    american = Context.of_date("Sat, 21 Nov 2026 14:44:55 -0600")
    assert str(events("2026-11-21 04:06:19 CST", american)[0]) == "2026-11-21T10:06:19Z"
