import pytest

from mailscope.errors import UsageError
from mailscope.response.probes.permission import Pace
from mailscope.response.probes.relay import Question, came_back, patterns, probe, token, verdict
from tests.fixtures.mta import Mta

SECRET = b"secret"


def question(port, **changed):
    values = {"address": "127.0.0.1", "host": "mx.own.example", "return_to": "probe@elsewhere.example"}
    values |= {"sender": "someone@foreign.example", "secret": SECRET, "port": port, "timeout_s": 3.0}
    return Question(**(values | changed))


def asked(port, **changed):
    return probe(question(port, **changed), patterns(), Pace(0))


def test_the_patterns_are_those_that_were_let_through_somewhere():
    known = patterns()
    assert len(known) == 18
    assert known["percent-at-host"] == ("mailscope-probe@{host}", "{user}%{domain}@{host}")


def test_an_open_server_accepts_and_is_not_yet_called_a_relay():
    with Mta() as mta:
        outcomes = asked(mta.port)
    assert [outcome.stage for outcome in outcomes] == ["rcpt"] * 18
    assert verdict(outcomes) == "accepts"
    assert mta.mails == []


def test_a_closed_server_says_no_at_the_recipient():
    with Mta(codes={"RCPT": "550 5.7.1 relaying denied"}) as mta:
        outcomes = asked(mta.port)
    assert {(o.stage, o.code) for o in outcomes} == {("rcpt", 550)}
    assert verdict(outcomes) == "closed"


def test_a_server_that_is_not_there_is_not_asked_eighteen_times():
    with Mta() as mta:
        port = mta.port
    outcomes = asked(port)
    assert (len(outcomes), verdict(outcomes)) == (3, "unreachable")


def test_relayed_is_only_what_came_back_with_our_seal():
    with Mta() as mta:
        asked(mta.port, deliver=True)
    mails = [mail for _to, mail in mta.mails]
    assert len(mails) == 18
    back = came_back(SECRET, mails[:2])
    assert back == {"127.0.0.1": ["foreign-to-foreign", "null-sender"]}
    assert came_back(b"another", mails) == {}
    assert verdict([], back["127.0.0.1"]) == "relays"
    forged = mails[0].replace(b"foreign-to-foreign", b"bang-path")
    assert came_back(SECRET, [forged]) == {}


def test_a_probe_says_what_it_is():
    with Mta() as mta:
        asked(mta.port, deliver=True)
    mail = mta.mails[0][1].decode()
    assert f"Subject: {token(SECRET, '127.0.0.1', 'foreign-to-foreign')}" in mail
    assert "The owner of the network of 127.0.0.1" in mail


@pytest.mark.parametrize("text", ["[a]\nmail = 'x'", "not toml", "a = 1"])
def test_a_wrong_pattern_file_is_named(tmp_path, text):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(UsageError, match=r"p\.toml"):
        patterns(tmp_path / "p.toml")


def test_an_old_server_is_greeted_its_way():
    with Mta(codes={"EHLO": "502 unknown"}) as mta:
        assert verdict(asked(mta.port)) == "accepts"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("451 4.7.1 greylisted", "later"),
        ("450 4.1.8 sender address rejected: domain not found", "closed"),
        ("550 no", "closed"),
    ],
)
def test_later_is_not_closed_unless_it_is_about_the_sender(reply, expected):
    with Mta(codes={"RCPT": reply}) as mta:
        assert verdict(asked(mta.port)) == expected


def test_a_server_that_hangs_up_at_the_recipient_has_refused():
    with Mta(drops_after="RCPT") as mta:
        outcomes = asked(mta.port)
    assert {(outcome.stage, outcome.code) for outcome in outcomes} == {("rcpt", None)}
    assert verdict(outcomes) == "closed"
