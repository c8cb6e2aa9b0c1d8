"""Bursts and bins."""

from datetime import UTC, datetime, timedelta

from mailscope.investigation.timeline import BINS, bins, bursts

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_a_long_pause_ends_a_burst():
    moments = [(NOON + timedelta(seconds=n), 2) for n in range(5)]
    moments += [(NOON + timedelta(hours=6, seconds=n), 1) for n in range(3)]
    found = bursts(moments)
    assert [(burst.sessions, burst.mails) for burst in found] == [(5, 10), (3, 3)]


def test_one_session_is_one_burst_and_none_is_none():
    assert len(bursts([(NOON, 1)])) == 1
    assert bursts([]) == []


def test_every_moment_falls_into_a_bin():
    moments = [(NOON, 1), (NOON + timedelta(minutes=5), 2)]
    found = bins(moments, NOON, NOON + timedelta(minutes=5))
    assert len(found) == BINS
    assert sum(sessions for _start, sessions, _mails in found) == 2
    assert sum(mails for _start, _sessions, mails in found) == 3
    assert bins(moments[:1], NOON, NOON)[0][1] == 1
