"""Whether a proxy opens a way to a mail port for anybody: by CONNECT, POST or GET, by SOCKS4, SOCKS4a or SOCKS5.

It is asked to connect to a mail server of ours (`target`), and is open only when that server's greeting is seen. No
password is ever tried: a proxy that asks for one is closed to strangers.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailscope.response.probes.line import Line
from mailscope.response.probes.permission import NAME, Pace

ANSWER_LINES = 60
"""Lines of a proxy's answer that are looked at."""
DEADLINE_FACTOR = 4
"""One way takes at most so many times the patience for one answer."""

SOCKS4_REPLIES = {
    90: "granted",
    91: "rejected or failed",
    92: "no identd at the client",
    93: "another user by identd",
}
SOCKS5_REPLIES = {
    0: "succeeded",
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
}
"""RFC 1928, section 6."""
SOCKS5_METHODS = {0: "none", 2: "asks for user name and password", 255: "takes no client without authentication"}
"""RFC 1928, section 3."""
_TRIED_STATUS = (b"502", b"503", b"504")
_TRIED_REPLIES = (3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class ProxyOutcome:
    """What one way of asking gave, in the proxy's own words.

    `opened` the way; `relays` only with the mail server's greeting behind it; `tried`: its rules let the request
    through, but the connection to the mail server failed; `reached`: there was an answer at all.
    """

    way: str
    answer: str
    opened: bool
    relays: bool
    tried: bool = False
    reached: bool = True


@dataclass(frozen=True, slots=True)
class ProxyQuestion:
    """Which proxy, and the own mail server that it is asked for (an IPv4 address for SOCKS4)."""

    address: str
    port: int
    target: str
    target_port: int = 25
    timeout_s: float = 15.0

    @property
    def authority(self) -> str:
        """The mail server as URLs name it."""
        host = f"[{self.target}]" if ":" in self.target else self.target
        return f"{host}:{self.target_port}"


@dataclass(frozen=True, slots=True)
class _Said:
    """What the proxy said to one way; the words are shown."""

    words: str
    opened: bool = False
    tried: bool = False
    greeting: bytes = b""


def probe_proxy(question: ProxyQuestion, pace: Pace, ways: Sequence[str] | None = None) -> list[ProxyOutcome]:
    """Asks once by each way, one connection each; ends early when nobody answers at all."""
    outcomes: list[ProxyOutcome] = []
    for way in ways or tuple(_WAYS):
        pace.wait()
        outcomes.append(_asked(question, way))
        if len(outcomes) == 2 and not any(outcome.reached for outcome in outcomes):
            break
    return outcomes


def proxy_verdict(outcomes: Iterable[ProxyOutcome]) -> str:
    """`relays`, `opens`, `tries`, `closed` or `unreachable`.

    `relays`: a mail server answered through it; `opens`: a way, but no greeting came; `tries`: its rules allow it, but
    the mail server was not to be reached.
    """
    outcomes = list(outcomes)
    for name in ("relays", "opened", "tried"):
        if any(getattr(outcome, name) for outcome in outcomes):
            return {"relays": "relays", "opened": "opens", "tried": "tries"}[name]
    return "closed" if any(outcome.reached for outcome in outcomes) else "unreachable"


def _asked(question: ProxyQuestion, way: str) -> ProxyOutcome:
    reached = False
    try:
        patience = question.timeout_s
        with Line(question.address, question.port, patience, patience * DEADLINE_FACTOR) as line:
            reached = True
            said = _WAYS[way](question, line)
            greeting = said.greeting
            if said.opened and not greeting:
                greeting = _greeting(line)
            words = said.words + (f" | {greeting.decode('latin-1').strip()}" if greeting else "")
            return ProxyOutcome(way, words[:300], said.opened, bool(greeting), said.tried)
    except (OSError, ValueError) as error:
        words = f"{type(error).__name__}: {error}"[:200]
        return ProxyOutcome(way, words, opened=False, relays=False, reached=reached)


def _greeting(line: Line) -> bytes:
    """The mail server's greeting, when it is the next that comes; empty when nothing comes in time."""
    try:
        said = line.line()
    except OSError:
        return b""
    return said if said.startswith((b"220 ", b"220-")) else b""


def _connect(question: ProxyQuestion, line: Line) -> _Said:
    name = question.authority
    line.send(f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {NAME}\r\n\r\n".encode())
    status, words = _http_head(line)
    return _Said(words, opened=status.startswith(b"2"), tried=status in _TRIED_STATUS)


def _post(question: ProxyQuestion, line: Line) -> _Said:
    body = f"EHLO {NAME}.invalid\r\nQUIT\r\n"
    return _fetched(question, line, "POST", f"Content-Length: {len(body)}\r\n\r\n{body}")


def _get(question: ProxyQuestion, line: Line) -> _Said:
    return _fetched(question, line, "GET", "\r\n")


def _fetched(question: ProxyQuestion, line: Line, method: str, rest: str) -> _Said:
    """A request for `http://target:25/`: its body is what the mail server said."""
    line.send(f"{method} http://{question.authority}/ HTTP/1.0\r\nUser-Agent: {NAME}\r\n{rest}".encode())
    status, words = _http_head(line)
    tried = status in _TRIED_STATUS
    for _number in range(ANSWER_LINES):
        said = line.line()
        if said.startswith((b"220 ", b"220-")):
            return _Said(words, opened=True, greeting=said)
        if not said:
            break
    return _Said(words, tried=tried)


def _http_head(line: Line) -> tuple[bytes, str]:
    """The status, and the words to show: status line, squid's own name of the error, and whom it asks for."""
    first = line.line()
    if not first.startswith(b"HTTP/"):
        if first:
            return b"", first.decode("latin-1").strip()[:100]
        raise ConnectionError("closed without an answer")
    shown = [first.decode("latin-1").strip()]
    for _number in range(ANSWER_LINES):
        said = line.line()
        if said.strip() == b"":
            break
        if said.lower().startswith((b"x-squid-error:", b"proxy-authenticate:")):
            shown.append(said.decode("latin-1").strip()[:120])
    words = first.split(None, 2)
    return (words[1] if len(words) > 1 else b""), "; ".join(shown)


def _socks4(question: ProxyQuestion, line: Line) -> _Said:
    return _socks4_said(line, question, ipaddress.IPv4Address(question.target).packed, b"")


def _socks4a(question: ProxyQuestion, line: Line) -> _Said:
    """SOCKS4a: the address as a name, which some rules for addresses do not see."""
    return _socks4_said(line, question, b"\0\0\0\1", question.target.encode() + b"\0")


def _socks4_said(line: Line, question: ProxyQuestion, target: bytes, name: bytes) -> _Said:
    line.send(struct.pack("!BBH4s", 4, 1, question.target_port, target) + NAME.encode() + b"\0" + name)
    answer = line.some(8)
    if len(answer) < 8 or answer[0] not in (0, 4):
        return _no_socks(answer)
    return _Said(f"SOCKS4 reply {answer[1]}: {SOCKS4_REPLIES.get(answer[1], 'unknown')}", opened=answer[1] == 90)


def _socks5(question: ProxyQuestion, line: Line) -> _Said:
    line.send(b"\x05\x02\x00\x02")
    method = line.some(2)
    if len(method) < 2 or method[0] != 5:
        return _no_socks(method)
    if method[1] != 0:
        return _Said(f"SOCKS5 method {method[1]}: {SOCKS5_METHODS.get(method[1], 'another method')}")
    address = ipaddress.ip_address(question.target)
    kind = b"\x01" if address.version == 4 else b"\x04"
    line.send(b"\x05\x01\x00" + kind + address.packed + struct.pack("!H", question.target_port))
    head = line.some(4)
    if len(head) < 4:
        return _no_socks(head)
    size = {1: 4, 4: 16}.get(head[3])
    if size is None:
        size = (line.some(1) or b"\0")[0]
    line.some(size + 2)
    words = f"SOCKS5 reply {head[1]}: {SOCKS5_REPLIES.get(head[1], 'unknown')}"
    return _Said(words, opened=head[1] == 0, tried=head[1] in _TRIED_REPLIES)


def _no_socks(answer: bytes) -> _Said:
    return _Said(f"no SOCKS: {answer!r}" if answer else "closed without an answer")


_WAYS: dict[str, Callable[[ProxyQuestion, Line], _Said]] = {
    "http-connect": _connect,
    "http-post": _post,
    "http-get": _get,
    "socks4": _socks4,
    "socks4a": _socks4a,
    "socks5": _socks5,
}
WAYS = tuple(_WAYS)
"""The ways of asking."""
