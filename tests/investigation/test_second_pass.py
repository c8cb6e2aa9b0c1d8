"""The search runs beside the detectors, and ends with them when they fail."""

import threading

import pytest

from mailscope.investigation.investigate import investigate
from mailscope.investigation.second_pass import Stoppable, Wanted, begun
from tests.fixtures.relays import Mail, smtp_talk
from tests.fixtures.wire import write

WANTED = Wanted([], [], [("192.0.2.67", "ascii", b"192.0.2.67")], [])


def test_the_search_is_under_way_before_its_finds_are_asked_for():
    started = threading.Event()

    def search(wanted, near):
        started.set()
        return [{"needle": wanted[0][0]}]

    with begun(search, WANTED, Stoppable(None)) as found:
        assert started.wait(120)
        assert found is not None
        assert found((), ()) == [{"needle": "192.0.2.67"}]


def test_a_search_that_fails_says_so_where_its_finds_are_asked_for():
    def search(wanted, near):
        raise OSError("gone")

    with begun(search, WANTED, Stoppable(None)) as found:
        assert found is not None
        with pytest.raises(OSError, match="gone"):
            found((), ())


def test_an_error_beside_the_search_stops_it():
    reading = Stoppable(None)
    stopped = []

    def search(wanted, near):
        try:
            while True:
                reading(1, 2, 3)
        except KeyboardInterrupt:
            stopped.append(True)
            raise

    with pytest.raises(ZeroDivisionError), begun(search, WANTED, reading):
        raise ZeroDivisionError
    assert stopped == [True]


def test_nothing_is_read_again_when_there_is_nothing_to_search_for():
    with begun(lambda wanted, near: pytest.fail("searched"), Wanted([], [], [], []), Stoppable(None)):
        pass


def test_progress_is_passed_on():
    seen = []
    Stoppable(lambda *figures: seen.append(figures))(1, None, 2)
    assert seen == [(1, None, 2)]


def test_a_host_that_sends_by_itself_over_ipv6_is_investigated(tmp_path):
    mails = tuple(Mail(sender=f"deal{n}@shop{n}.example", number=n) for n in range(4))
    talk = smtp_talk("[2001:db8:a::9]:50001", "[2001:db8:b::25]:25", mails, helo="friend")
    found = investigate(write(tmp_path / "capture.pcap", talk.packets), own=["2001:db8:a::/64"])
    assert [finding.kind for finding in found.findings] == ["direct-sender"]
    assert found.findings[0].roles["sender"] == ["2001:db8:a::9"]
