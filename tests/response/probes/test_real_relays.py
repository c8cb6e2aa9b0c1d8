"""Probes of a real Postfix: open, closed, half open, slow, greylisting, and one that throws away what it takes."""

import subprocess
import time

import pytest

from mailscope.response.probes.permission import Pace
from mailscope.response.probes.relay import Question, came_back, patterns, probe, verdict
from tests.fixtures import postfix
from tests.fixtures.daemon import until
from tests.fixtures.postfix import Postfix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postfix.missing() is not None, reason=postfix.missing() or ""),
]
BACK, NAME = "probe@elsewhere.example", "mx.own.example"
OPEN = "mynetworks = 0.0.0.0/0\nmydestination = $myhostname, localhost, [127.0.0.1]\nlocal_transport = error:none\n"
HARD = "smtpd_soft_error_limit = 100\nsmtpd_hard_error_limit = 200\nsmtpd_client_connection_rate_limit = 0\n"


@pytest.fixture(scope="module")
def elsewhere():
    """The server of the return address, with a real mailbox."""
    with Postfix("mx.elsewhere.example", mailboxes=(BACK,)) as server:
        yield server


def relay(elsewhere, more=""):
    return Postfix(NAME, routes={"elsewhere.example": elsewhere.port}, more=more + HARD)


def asked(server, *, deliver=False, only=None, timeout_s=10.0):
    question = Question(
        "127.0.0.1", NAME, BACK, "mailscope-probe@foreign.example", b"secret",
        port=server.port, timeout_s=timeout_s, deliver=deliver,
    )  # fmt: skip
    known = {name: value for name, value in patterns().items() if only is None or name in only}
    return {outcome.pattern: outcome for outcome in probe(question, known, Pace(0))}


def back(elsewhere):
    return came_back(b"secret", elsewhere.mails(BACK))


def test_an_open_relay_is_proven_by_the_mails_that_came_back(elsewhere):
    with relay(elsewhere, OPEN) as server:
        outcomes = asked(server, deliver=True)
        assert verdict(outcomes.values()) == "accepts"
        until(lambda: "Mail queue is empty" in server.queue(), 60)
        relayed = set(back(elsewhere)["127.0.0.1"])
        log = server.log()
    assert all(outcome.stage == "content" for outcome in outcomes.values() if outcome.accepted)
    accepted = {name for name, outcome in outcomes.items() if outcome.accepted}
    assert {"foreign-to-foreign", "null-sender", "percent-at-host", "source-route-host", "bang-path"} <= relayed
    assert relayed <= accepted
    assert log.count("status=sent") == len(relayed)
    assert verdict(outcomes.values(), relayed) == "relays"


def test_a_closed_relay_refuses_every_pattern_at_the_recipient(elsewhere):
    before = back(elsewhere)
    with relay(elsewhere) as server:
        outcomes = asked(server, deliver=True)
    assert verdict(outcomes.values()) == "closed"
    assert {outcome.stage for outcome in outcomes.values()} <= {"rcpt", "mail"}
    assert outcomes["foreign-to-foreign"].code == 554
    assert "Relay access denied" in outcomes["foreign-to-foreign"].text
    assert back(elsewhere) == before


def test_a_gateway_that_passes_routes_on_to_a_trusting_server_relays_by_the_percent_hack_only(elsewhere):
    inner = f"mydestination = {NAME}\nlocal_transport = error:none\nmynetworks = 127.0.0.0/8\n"
    outer = f"relay_domains = {NAME}\nallow_untrusted_routing = yes\nallow_percent_hack = no\nswap_bangpath = no\n"
    with (
        Postfix("inner.own.example", routes={"elsewhere.example": elsewhere.port}, more=inner) as behind,
        Postfix(NAME, routes={NAME: behind.port}, more=outer + HARD) as server,
    ):
        before = set(elsewhere.mails(BACK))
        outcomes = asked(server, deliver=True)
        until(lambda: set(elsewhere.mails(BACK)) - before, 30)
        relayed = came_back(b"secret", set(elsewhere.mails(BACK)) - before)["127.0.0.1"]
    accepted = {name for name, outcome in outcomes.items() if outcome.accepted}
    assert not {"foreign-to-foreign", "null-sender", "sender-of-the-domain"} & accepted
    assert "percent-at-host" in relayed
    assert verdict(outcomes.values(), relayed) == "relays"


def test_a_server_that_takes_and_throws_away_is_not_called_a_relay(elsewhere):
    before = back(elsewhere)
    with relay(elsewhere, "mynetworks = 0.0.0.0/0\ntransport_maps =\ndefault_transport = discard:\n") as server:
        outcomes = asked(server, deliver=True, only={"foreign-to-foreign", "null-sender"})
        until(lambda: server.log().count("relay=none") == 2)
    assert verdict(outcomes.values()) == "accepts"
    assert back(elsewhere) == before


def test_a_slow_greeting_and_pauses_at_every_error_are_waited_for(elsewhere):
    more = "smtpd_client_restrictions = sleep 2\nsmtpd_delay_reject = no\nsmtpd_error_sleep_time = 1s\n"
    with relay(elsewhere, more + "smtpd_soft_error_limit = 0\n") as server:
        outcomes = asked(server, only={"foreign-to-foreign"})
    assert outcomes["foreign-to-foreign"].code == 554


def test_a_probe_is_no_pregreeter_for_postscreen(elsewhere):
    master = "postscreen_greet_action = enforce\npostscreen_greet_wait = 3s\npostscreen_dnsbl_sites =\n"
    with relay(elsewhere, master + "postscreen_cache_map =\npostscreen_access_list =\n") as server:
        etc = server.folder / "etc"
        text = (etc / "master.cf").read_text().replace("- - smtpd", "- 1 postscreen", 1)
        (etc / "master.cf").write_text(text + "smtpd pass - - n - - smtpd\ndnsblog unix - - n - 0 dnsblog\n")
        subprocess.run([postfix.PROGRAM, "-c", etc, "reload"], check=True, capture_output=True)
        until(lambda: "reload" in server.log())
        time.sleep(2)
        outcomes = asked(server, only={"foreign-to-foreign"})
        log = server.log()
    assert "PREGREET" not in log
    assert "postscreen" in log
    assert outcomes["foreign-to-foreign"].code == 554


def test_a_server_that_wants_tls_first_is_asked_under_tls(elsewhere, tmp_path):
    key = tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx.own.example"]
    subprocess.run([*made, "-keyout", key, "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    tls = f"smtpd_tls_security_level = encrypt\nsmtpd_tls_key_file = {key}\nsmtpd_tls_cert_file = {tmp_path}/cert.pem\n"
    with relay(elsewhere, OPEN + tls) as server:
        outcomes = asked(server, only={"foreign-to-foreign"}, deliver=True)
    assert (outcomes["foreign-to-foreign"].stage, outcomes["foreign-to-foreign"].accepted) == ("content", True)


def test_a_server_that_says_later_is_not_called_closed(elsewhere):
    with relay(elsewhere, "smtpd_client_restrictions = defer\n") as server:
        outcomes = asked(server)
    assert {outcome.code for outcome in outcomes.values()} == {450}
    assert verdict(outcomes.values()) == "later"
