import socket
import threading

import pytest

from mailscope.response.probes.permission import Pace
from mailscope.response.probes.proxy import WAYS, ProxyQuestion, probe_proxy, proxy_verdict
from tests.fixtures.mta import Mta
from tests.fixtures.ports import refusing
from tests.fixtures.proxies import Proxy


def asked(proxy_port, mta_port, ways=None):
    return probe_proxy(ProxyQuestion("127.0.0.1", proxy_port, "127.0.0.1", mta_port, timeout_s=60), Pace(0), ways)


@pytest.mark.parametrize("way", WAYS)
def test_an_open_proxy_is_told_by_the_mail_servers_own_greeting(way):
    with Mta() as mta, Proxy(way, mta.port) as proxy:
        outcomes = asked(proxy.port, mta.port, [way])
    assert [(o.opened, o.relays) for o in outcomes] == [(True, True)]
    assert proxy_verdict(outcomes) == "relays"


@pytest.mark.parametrize("way", WAYS)
def test_a_closed_proxy_is_closed_by_every_way(way):
    with Mta() as mta, Proxy(way, mta.port, is_open=False) as proxy:
        outcomes = asked(proxy.port, mta.port)
    assert [outcome.way for outcome in outcomes] == list(WAYS)
    assert proxy_verdict(outcomes) == "closed"


def test_a_way_without_a_greeting_behind_it_is_open_and_no_more():
    with Mta() as mta, Proxy("http-connect", 1) as proxy:
        outcomes = asked(proxy.port, mta.port, ["http-connect"])
    assert proxy_verdict(outcomes) == "opens"


def test_a_proxy_that_is_not_there_is_not_called_closed_and_says_why():
    with Mta() as mta, refusing() as nobody:
        outcomes = asked(nobody, mta.port)
    assert proxy_verdict(outcomes) == "unreachable"
    assert all("refused" in outcome.answer for outcome in outcomes)
    assert len(outcomes) == 2


@pytest.mark.parametrize(
    ("way", "answer", "words", "verdict"),
    [
        ("http-connect", b"HTTP/1.1 503 No\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n", "CONNECT_FAIL", "tries"),
        ("http-connect", b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", "Basic", "closed"),
        ("http-connect", b"<html>220 go away\r\n", "<html>", "closed"),
        ("http-get", b"HTTP/1.0 200 OK\r\n\r\n<p>220 rooms</p>\r\n", "200 OK", "closed"),
        ("socks5", b"\x05\x02", "user name and password", "closed"),
        ("socks5", b"\x05\xff", "without authentication", "closed"),
        ("socks5", b"\x05\x00\x05\x05\x00\x01" + bytes(6), "connection refused", "tries"),
        ("socks5", b"\x05\x00\x05\x02\x00\x03\x01x\0\0", "not allowed", "closed"),
        ("socks5", b"HTTP/1.1 400 Bad\r\n\r\n", "no SOCKS", "closed"),
        ("socks4", b"\0\x5b" + bytes(6), "rejected or failed", "closed"),
        ("socks4", b"", "without an answer", "closed"),
    ],
)
def test_the_proxys_own_words_are_told(way, answer, words, verdict):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            line, _from = server.accept()
            with line:
                line.recv(4096)
                line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        question = ProxyQuestion("127.0.0.1", server.getsockname()[1], "127.0.0.1", 25, timeout_s=60)
        outcomes = probe_proxy(question, Pace(0), [way])
    assert words in outcomes[0].answer
    assert proxy_verdict(outcomes) == verdict
