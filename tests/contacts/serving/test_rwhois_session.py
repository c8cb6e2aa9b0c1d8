import random

import pytest

from mailscope.contacts.serving.rwhois_session import RwhoisSession
from tests.contacts.serving.registries import small

REGISTRY = small()


@pytest.fixture
def session():
    return RwhoisSession(small(), "host.example", {"0.0.0.0/0": "rwhois://root.example:4321"}, lambda: 1)


def test_an_address_is_answered_with_the_longest_prefix(session):
    answer = session.answer("10.1.2.7")
    assert "network:IP-Network:10.1.2.0/26" in answer
    assert answer[-1] == "%ok"
    assert session.is_over


def test_a_prefix_is_answered_by_what_covers_it_whole(session):
    assert "network:IP-Network:10.1.0.0/16" in session.answer("network 10.1.2.0/24")


def test_a_line_break_in_a_name_cannot_forge_an_answer(session):
    lines = session.answer("10.1.2.7")
    assert [line for line in lines if line == "%ok"] == ["%ok"]
    assert not any("\r" in line or "\n" in line for line in lines)


def test_an_organisation_is_found_by_name_and_by_its_beginning(session):
    session.answer("-holdconnect on")
    assert "network:Organization:Big Network" in session.answer("Organization=big network")
    assert "network:Organization:Big Network" in session.answer("Big*")
    assert session.answer("Nobody") == ["%error 230 No Objects Found"]
    assert not session.is_over


def test_a_foreign_address_is_referred(session):
    assert session.answer("192.0.2.1") == ["%referral rwhois://root.example:4321/auth-area=0.0.0.0/0", "%ok"]
    assert session.answer("2001:db9::1") == ["%error 230 No Objects Found"]


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("-rwhois V-1.5 client", "%ok"),
        ("-rwhois V-9", "%error 300 Not Compatible With Version"),
        ("-limit 5", "%ok"),
        ("-limit 0", "%error 331 Invalid Limit"),
        ("-limit ²", "%error 331 Invalid Limit"),
        ("-holdconnect perhaps", "%error 338 Invalid Directive Syntax"),
        ("-forward off", "%ok"),
        ("-forward on", "%error 400 Directive Not Available"),
        ("-load", "%ok"),
        ("-notify badref host:1 query", "%ok"),
        ("-display", "%ok"),
        ("-directive", "%ok"),
        ("-directive nothing", "%error 400 Directive Not Available"),
        ("-class . network", "%ok"),
        ("-class . nothing", "%error 341 Invalid Class"),
        ("-schema . network", "%ok"),
        ("-soa", "%ok"),
        ("-soa 192.0.2.0/24", "%error 340 Invalid Authority Area"),
        ("-status", "%ok"),
        ("-register on", "%error 400 Directive Not Available"),
        ("-x" * 5, "%error 400 Directive Not Available"),
        ("-", "%error 338 Invalid Directive Syntax"),
        ("IP-Network=10.1.2.7 or Organization=x", "%error 351 Query Too Complex"),
        ("network", "%error 350 Invalid Query Syntax"),
        ("-display html", "%error 436 Invalid Display Format"),
    ],
)
def test_directives_end_in_ok_or_a_named_error(session, line, last):
    assert session.answer(line)[-1] == last


def test_quitting_ends_the_conversation(session):
    assert session.answer("-quit") == ["%ok"]
    assert session.is_over


def test_any_line_is_answered_and_never_raises():
    random.seed(7)
    words = ["-", "-limit", "-class", "network", "=", "10.1.2.7", "/", "999", "*", "Organization=", "\x00", "::", "%ok"]
    for _ in range(3000):
        line = "".join(random.choice([*words, " ", chr(random.randrange(0x3000))]) for _ in range(random.randrange(12)))
        answer = RwhoisSession(REGISTRY, "h", {}, lambda: 0).answer(line)
        assert not line.strip() or answer[-1].startswith(("%ok", "%error", "%referral"))
