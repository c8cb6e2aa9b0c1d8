"""Probes of a real squid and a real Dante: open, closed, and open for something else."""

import time

import pytest

from mailscope.cli.main import main
from mailscope.response.probes.permission import Pace
from mailscope.response.probes.proxy import ProxyQuestion, probe_proxy, proxy_verdict
from tests.fixtures import dante, postfix, squid
from tests.fixtures.dante import Dante
from tests.fixtures.ports import refusing
from tests.fixtures.postfix import Postfix
from tests.fixtures.squid import Squid

pytestmark = pytest.mark.slow
with_squid = pytest.mark.skipif(squid.missing() is not None, reason=squid.missing() or "")
with_dante = pytest.mark.skipif(dante.missing() is not None, reason=dante.missing() or "")
HTTP, SOCKS = {"http-connect", "http-post", "http-get"}, {"socks4", "socks5"}


@pytest.fixture(scope="module")
def mx():
    """The own mail server that the proxies are asked for: its greeting is the proof."""
    if postfix.missing():
        pytest.skip(postfix.missing())
    with Postfix("mx.own.example") as server:
        yield server


def asked(port, target_port):
    question = ProxyQuestion("127.0.0.1", port, "127.0.0.1", target_port, timeout_s=3)
    outcomes = probe_proxy(question, Pace(0))
    return {outcome.way: outcome for outcome in outcomes}, proxy_verdict(outcomes)


@with_squid
def test_an_open_squid_relays_by_connect_post_and_get_with_the_greeting_as_proof(mx):
    with Squid(squid.OPEN) as proxy:
        outcomes, verdict = asked(proxy.port, mx.port)
    assert verdict == "relays"
    assert {way for way, outcome in outcomes.items() if outcome.relays} == HTTP
    assert outcomes["http-connect"].answer.endswith("200 Connection established | 220 mx.own.example ESMTP Postfix")


@with_squid
def test_a_closed_squid_is_closed_in_its_own_words(mx):
    with Squid("http_access deny all") as proxy:
        outcomes, verdict = asked(proxy.port, mx.port)
    assert verdict == "closed"
    for way in HTTP:
        assert outcomes[way].answer == "HTTP/1.1 403 Forbidden; X-Squid-Error: ERR_ACCESS_DENIED 0"


@with_squid
def test_a_squid_with_the_usual_rules_is_closed_for_port_25(mx):
    with Squid(squid.USUAL) as proxy:
        outcomes, verdict = asked(proxy.port, 25)
        by_high_port, _verdict = asked(proxy.port, mx.port)
    assert verdict == "closed"
    assert "ERR_ACCESS_DENIED" in outcomes["http-connect"].answer
    assert {way for way, outcome in by_high_port.items() if outcome.relays} == {"http-post", "http-get"}


@with_squid
def test_a_squid_that_asks_for_a_password_is_closed_and_says_so(mx, tmp_path):
    rules = (
        "auth_param basic program /usr/lib/squid/basic_ncsa_auth FOLDER/users\n"
        "auth_param basic realm own\nacl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all"
    )
    with Squid(rules) as proxy:
        outcomes, verdict = asked(proxy.port, mx.port)
    assert verdict == "closed"
    assert outcomes["http-connect"].answer.startswith("HTTP/1.1 407 Proxy Authentication Required")
    assert 'Basic realm="own"' in outcomes["http-connect"].answer


@with_squid
def test_an_open_proxy_whose_mail_server_is_away_tries(mx):
    with Squid(squid.OPEN) as proxy, refusing() as nobody:
        outcomes, verdict = asked(proxy.port, nobody)
    assert verdict == "tries"
    assert "ERR_CONNECT_FAIL 111" in outcomes["http-connect"].answer


@with_dante
def test_an_open_dante_relays_by_socks(mx):
    with Dante(dante.OPEN) as proxy:
        outcomes, verdict = asked(proxy.port, mx.port)
        with refusing() as nobody:
            away, tried = asked(proxy.port, nobody)
    assert verdict == "relays"
    assert {way for way, outcome in outcomes.items() if outcome.relays} >= SOCKS
    assert outcomes["socks5"].answer == "SOCKS5 reply 0: succeeded | 220 mx.own.example ESMTP Postfix"
    assert tried == "tries"
    assert away["socks5"].answer == "SOCKS5 reply 5: connection refused"


@with_dante
@pytest.mark.parametrize(
    ("rules", "method", "words"),
    [
        (dante.CLOSED, "none", "SOCKS5 reply 2: not allowed by its rules"),
        (dante.OPEN, "username", "SOCKS5 method 2: asks for user name and password"),
        ("socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 port = 443 }", "none", "SOCKS5 reply 2: not allowed by its rules"),
    ],
)
def test_a_dante_that_does_not_let_mail_through_is_closed_in_its_own_words(mx, rules, method, words):
    with Dante(rules, method) as proxy:
        outcomes, verdict = asked(proxy.port, mx.port)
    assert verdict == "closed"
    assert outcomes["socks5"].answer == words
    assert outcomes["socks4"].answer.startswith("SOCKS4 reply 91")


@with_squid
def test_the_verb_asks_own_proxies_only_and_at_its_pace(mx, tmp_path, capsys):
    settings = tmp_path / "mailscope.toml"
    settings.write_text('[network]\nown = ["127.0.0.0/8"]\n')
    with Squid(squid.OPEN) as proxy:
        verb = ["probe", "proxy", "127.0.0.1", "--port", str(proxy.port), "--settings", str(settings), "--json"]
        begun = time.monotonic()
        assert main([*verb, "--target", "127.0.0.1", "--target-port", str(mx.port), "--pause", "0.5"]) == 0
        assert time.monotonic() - begun >= 2.5
        assert '"verdict": "relays"' in capsys.readouterr().out
        asked = proxy.requests()
        assert asked
        assert main([*verb, "--target", "192.0.2.25"]) != 0
        settings.write_text('[network]\nown = ["10.0.0.0/8"]\n')
        assert main([*verb, "--target", "127.0.0.1"]) != 0
        assert "not in your own networks" in capsys.readouterr().err
        assert proxy.requests() == asked
