"""A host's own past: what it excuses and what it shows."""

from datetime import timedelta

import pytest

from mailscope.investigation.sender_queue import sender_queue
from tests.fixtures.flow_rows import mails, received, records

pytestmark = pytest.mark.long
OWN = ["10.0.0.0/8"]
DAY = timedelta(days=1)


def on(day, rows):
    for row in rows:
        row["start"], row["end"] = row["start"] + day * DAY, row["end"] + day * DAY
    return rows


def same_days(days, make):
    return [row for day in days for row in on(day, make(day))]


def verdicts(*groups, today=10):
    clock = on(today, mails("10.0.1.1", servers=1, over=86000.0, net="192.88"))
    last = on(today, mails("10.0.1.1", servers=1, each=2, over=160000.0, net="192.88"))
    queue = sender_queue(records(*groups, clock, last), OWN, since=timedelta(hours=24))
    return {sender.subject: (sender.verdict, sender.cleared_as) for sender in queue.senders}


def test_a_sender_whose_correspondents_come_back_is_known():
    found = verdicts(same_days(range(11), lambda _day: mails("10.0.0.9", servers=40)))
    assert found["10.0.0.9"] == ("cleared", "known-sender")


def test_days_without_mail_do_not_lower_what_is_usual():
    workdays = (0, 1, 2, 3, 4, 7, 8, 9, 10)
    found = verdicts(same_days(workdays, lambda _day: mails("10.0.0.9", servers=40)))
    assert found["10.0.0.9"] == ("cleared", "known-sender")


def test_a_spammer_is_not_excused_by_having_gone_on_for_days():
    found = verdicts(same_days(range(11), lambda day: mails("10.0.0.9", servers=40, net=f"198.{20 + day}")))
    assert found["10.0.0.9"] == ("abnormal", None)


def test_a_mail_server_far_beyond_its_busiest_day_is_watched():
    usual = same_days(range(10), lambda _day: mails("10.0.0.9", servers=20) + received("10.0.0.9", sources=60))
    today = on(10, mails("10.0.0.9", servers=300, net="198.60") + received("10.0.0.9", sources=60))
    assert verdicts(usual, today)["10.0.0.9"] == ("watch", "mail-server")


def test_a_new_mail_server_is_compared_with_its_peers_alone():
    today = on(10, mails("10.0.0.9", servers=80) + received("10.0.0.9", sources=40))
    older = same_days(range(10), lambda _day: mails("10.0.1.2", servers=1))
    assert verdicts(older, today)["10.0.0.9"] == ("cleared", "mail-server")
