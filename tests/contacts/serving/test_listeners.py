"""The servers over loopback: real clients from packages, and noise that must not end them."""

import asyncio
import contextlib
import json
import random
import shutil
import socket
import subprocess
import threading
import traceback
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailscope.contacts.serving.listeners import IDLE_SECONDS, Listeners
from tests.contacts.serving.registries import small


@pytest.fixture(scope="module")
def ports():
    """Both servers in a thread of their own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    found = {}

    def broken(_loop, what):
        cause = what.get("exception")
        found.setdefault("errors", []).append(
            what["message"] + "".join(traceback.format_exception(cause) if cause else [])
        )

    async def start():
        loop.set_exception_handler(broken)
        found["listeners"] = listeners = Listeners(small(), "127.0.0.1")
        servers = [await listeners.rwhois("127.0.0.1", 0), await listeners.rdap("127.0.0.1", 0)]
        found["ports"] = [server.sockets[0].getsockname()[1] for server in servers]
        ready.set()

    def run():
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(120)
    yield found["ports"]

    # A client that is still there when the servers stop is no error.
    with socket.create_connection(("127.0.0.1", found["ports"][0]), 120) as left_open:
        left_open.recv(1)
        asyncio.run_coroutine_threadsafe(found["listeners"].close(), loop).result(120)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(120)
    loop.close()
    assert found.get("errors", []) == []


def talk(port, data, *, until_closed=True):
    with socket.create_connection(("127.0.0.1", port), 120) as connection:
        connection.sendall(data)
        if until_closed:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def shout(port, data):
    """Noise, which a server may leave unread: what is behind the size that it takes then meets a closed connection."""
    with contextlib.suppress(ConnectionError):
        talk(port, data)


@pytest.mark.skipif(not shutil.which("whois"), reason="the Debian package `whois` is not installed")
def test_the_whois_client_of_debian_is_answered(ports):
    done = subprocess.run(
        ["whois", "-h", "127.0.0.1", "-p", str(ports[0]), "10.1.2.7"], capture_output=True, text=True, timeout=120
    )
    assert "network:Email:li@small.example" in done.stdout


def test_a_connection_is_held_when_asked(ports):
    answer = talk(ports[0], b"-rwhois V-1.5 test\r\n-holdconnect on\r\n10.1.2.7\r\n10.1.9.9\r\n-quit\r\n").decode()
    assert answer.count("network:Class-Name:network") == 2
    assert answer.startswith("%rwhois V-1.5")
    assert answer.rstrip().endswith("%ok")


def test_rdap_is_answered_over_http(ports):
    with urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/ip/10.1.2.7", timeout=120) as answer:
        assert answer.headers["Content-Type"].startswith("application/rdap+json")
        assert json.load(answer)["objectClassName"] == "ip network"


def test_noise_does_not_end_the_servers(ports):
    random.seed(5)
    for number in range(120):
        data = bytes(random.randrange(256) for _ in range(random.randrange(1, 3000)))
        shout(ports[number % 2], data + random.choice([b"", b"\r\n", b"\r\n\r\n"]))
    for data in (b"GET " + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"POST /ip/1 HTTP/1.1\r\n\r\n", b"\r\n\r\n"):
        shout(ports[1], data)
    shout(ports[0], b"-limit " + b"9" * 50000 + b"\r\n")
    assert b"%ok" in talk(ports[0], b"10.1.2.7\r\n")
    assert b"200 OK" in talk(ports[1], b"GET /help HTTP/1.1\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize("turns", range(12))
def test_the_servers_stop_at_any_moment_of_a_conversation(turns):
    """Whatever it waits for: its banner to go out, a line, the end of the connection."""
    errors = []

    async def stopped():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, what: errors.append(what))
        listeners = Listeners(small(), "127.0.0.1")
        server = await listeners.rwhois("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _turn in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(IDLE_SECONDS / 2):
            await listeners.close()
            while await reader.read(1000):
                pass
        writer.close()
        await writer.wait_closed()

    asyncio.run(stopped())
    assert errors == []


REQUESTS = (
    (b"-rwhois V-1.5:00ffff:00 client\r\n-holdconnect on\r\n-limit 20\r\n-display dump\r\n",
     b"network IP-Network=10.1.2.0/26 and Organization=\"Big Network\"\r\n-soa\r\n-class . network\r\n-quit\r\n"),
    (b"GET /ip/10.1.2.7 HTTP/1.1\r\nHost: localhost\r\nAccept: application/rdap+json\r\nConnection: keep-alive\r\n\r\n",
     b"HEAD /ip/2001:db8::/48?x=%41 HTTP/1.0\r\nContent-Length: 3\r\n\r\nabcGET /help HTTP/1.1\r\nHost: x\r\n\r\n"),
)  # fmt: skip


def spoilt(data, chance):
    """The request with bytes changed, cut out, doubled, or cut off."""
    data = bytearray(data)
    for _turn in range(chance.randrange(6)):
        at, size = chance.randrange(len(data) or 1), chance.randrange(1, 40)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size] * chance.randrange(1, 50)
            case 3:
                data[at:at] = chance.choice([b"\0", b"\r\n", b"%", b"-", b"9" * 40, b"\xff\xfe", b" ", b"::", b"/"])
            case _:
                del data[at:]
    return bytes(data)


@pytest.mark.slow
def test_two_thousand_spoilt_requests_from_many_at_once_end_neither_server(ports):
    def one(number):
        chance = random.Random(number)
        port, requests = ports[number % 2], REQUESTS[number % 2]
        try:
            talk(port, spoilt(b"".join(requests), chance), until_closed=chance.random() < 0.995)
        except (ConnectionError, TimeoutError):
            return

    with ThreadPoolExecutor(16) as many:
        list(many.map(one, range(2000)))
    assert b"%ok" in talk(ports[0], b"10.1.2.7\r\n")
    assert b"200 OK" in talk(ports[1], b"GET /help HTTP/1.1\r\nHost: x\r\n\r\n")


def test_the_rdap_client_ipwhois_reads_the_answers(ports, monkeypatch):
    pytest.importorskip("ipwhois")
    from ipwhois import rdap
    from ipwhois.net import Net

    monkeypatch.setitem(rdap.RIR_RDAP["arin"], "ip_url", f"http://127.0.0.1:{ports[1]}/ip/{{0}}")
    found = rdap.RDAP(Net("128.66.4.9")).lookup(asn_data={"asn_registry": "arin"}, retry_count=0)
    assert (found["network"]["cidr"], found["network"]["name"]) == ("128.66.4.0/24", "Big Network")
    contact = next(iter(found["objects"].values()))["contact"]
    assert (contact["name"], contact["email"][0]["value"]) == ("Ann", "ann@big.example")


def test_the_rdap_client_whoisit_reads_the_answers(ports):
    whoisit = pytest.importorskip("whoisit")
    query = whoisit.Query(whoisit.get_session(), "GET", f"http://127.0.0.1:{ports[1]}/ip/10.1.2.7")
    found = whoisit.parse(whoisit._bootstrap, "ip", "10.1.2.7", query.request())
    assert str(found["network"]) == "10.1.2.0/26"
    assert found["entities"]["abuse"][0]["email"] == "li@small.example"
