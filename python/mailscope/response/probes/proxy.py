"""Whether a proxy opens a way to a mail port for anybody: by CONNECT, by POST, by SOCKS4 or SOCKS5.

It is asked to connect to a mail server of ours (`target`), and is open only when that server's greeting is seen.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailscope.response.probes.permission import NAME, Pace

ANSWER_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class ProxyOutcome:
    """What one way of asking gave: `opened` the way, `relays` only with the mail server's greeting behind it."""

    way: str
    answer: str
    opened: bool
    relays: bool


@dataclass(frozen=True, slots=True)
class ProxyQuestion:
    """Which proxy, and the own mail server that it is asked for (an IPv4 address for SOCKS4)."""

    address: str
    port: int
    target: str
    target_port: int = 25
    timeout_s: float = 15.0


def probe_proxy(question: ProxyQuestion, pace: Pace, ways: Sequence[str] | None = None) -> list[ProxyOutcome]:
    """Asks once by each way, one connection each."""
    outcomes = []
    for way in ways or tuple(_WAYS):
        pace.wait()
        outcomes.append(_asked(question, way))
    return outcomes


def proxy_verdict(outcomes: Iterable[ProxyOutcome]) -> str:
    """`relays` (a mail server answered through it), `opens` (a way, but no greeting came), or `closed`."""
    outcomes = list(outcomes)
    if any(outcome.relays for outcome in outcomes):
        return "relays"
    return "opens" if any(outcome.opened for outcome in outcomes) else "closed"


def _asked(question: ProxyQuestion, way: str) -> ProxyOutcome:
    try:
        with socket.create_connection((question.address, question.port), timeout=question.timeout_s) as line:
            opened, answer = _WAYS[way](question, line)
            greeting = _has_greeting(answer) if way == "http-post" else opened and _has_greeting(_some(line))
            words = answer[:200].decode("latin-1", "replace").split("\r\n")[0]
            return ProxyOutcome(way, words, opened, greeting)
    except (OSError, ValueError) as error:
        return ProxyOutcome(way, f"{type(error).__name__}: {error}"[:200], opened=False, relays=False)


def _has_greeting(data: bytes) -> bool:
    """Whether a mail server's greeting stands at the beginning of a line."""
    return any(line.startswith((b"220 ", b"220-")) for line in data.split(b"\n"))


def _some(line: socket.socket, enough: Callable[[bytes], bool] = lambda data: b"\n" in data) -> bytes:
    """What comes, until it is enough, the other side ends, or the limit is reached."""
    data = b""
    while not enough(data) and len(data) < ANSWER_LIMIT:
        part = line.recv(1024)
        if not part:
            break
        data += part
    return data


def _authority(question: ProxyQuestion) -> str:
    host = f"[{question.target}]" if ":" in question.target else question.target
    return f"{host}:{question.target_port}"


def _connect(question: ProxyQuestion, line: socket.socket) -> tuple[bool, bytes]:
    head = f"CONNECT {_authority(question)} HTTP/1.1\r\nHost: {_authority(question)}\r\nUser-Agent: {NAME}\r\n\r\n"
    line.sendall(head.encode())
    # Byte by byte up to the empty line: what follows is the mail server's.
    answer = b""
    while not answer.endswith(b"\r\n\r\n") and len(answer) < ANSWER_LIMIT:
        part = line.recv(1)
        if not part:
            break
        answer += part
    words = answer.split(None, 2)
    return len(words) > 1 and words[1].startswith(b"2"), answer


def _post(question: ProxyQuestion, line: socket.socket) -> tuple[bool, bytes]:
    body = f"EHLO {NAME}.invalid\r\nQUIT\r\n"
    head = f"POST http://{_authority(question)}/ HTTP/1.0\r\nUser-Agent: {NAME}\r\nContent-Length: {len(body)}\r\n\r\n"
    line.sendall((head + body).encode())
    answer = _some(line, _has_greeting)
    return _has_greeting(answer), answer


def _socks4(question: ProxyQuestion, line: socket.socket) -> tuple[bool, bytes]:
    target = ipaddress.IPv4Address(question.target).packed
    line.sendall(struct.pack("!BBH4s", 4, 1, question.target_port, target) + NAME.encode() + b"\0")
    answer = _some(line, lambda data: len(data) >= 8)[:8]
    return len(answer) == 8 and answer[1] == 90, b"SOCKS4 reply " + str(answer[1] if len(answer) > 1 else None).encode()


def _socks5(question: ProxyQuestion, line: socket.socket) -> tuple[bool, bytes]:
    line.sendall(b"\x05\x01\x00")
    method = _exactly(line, 2)
    if method != b"\x05\x00":
        return False, b"SOCKS5 method " + method.hex().encode()
    address = ipaddress.ip_address(question.target)
    kind = b"\x01" if address.version == 4 else b"\x04"
    line.sendall(b"\x05\x01\x00" + kind + address.packed + struct.pack("!H", question.target_port))
    head = _exactly(line, 4)
    sizes = {1: 4, 4: 16}
    rest = sizes.get(head[3]) if len(head) == 4 else None
    if rest is None and len(head) == 4:
        rest = (_exactly(line, 1) or b"\0")[0]
    _exactly(line, (rest or 0) + 2)
    return len(head) == 4 and head[1] == 0, b"SOCKS5 reply " + str(head[1] if len(head) > 1 else None).encode()


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = line.recv(size - len(data))
        if not part:
            break
        data += part
    return data


_WAYS: dict[str, Callable[[ProxyQuestion, socket.socket], tuple[bool, bytes]]] = {
    "http-connect": _connect,
    "http-post": _post,
    "socks4": _socks4,
    "socks5": _socks5,
}
WAYS = tuple(_WAYS)
"""The ways of asking."""
