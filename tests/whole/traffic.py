"""One small capture with everything in it: each protocol, each kind of tunnel, each way to be damaged.

The conversations are the transcripts in `talks/` (their syntax: `wire.Conversation.say`). `@smtp` stands
for the lines of `talks/smtp.txt`, and `{n}`, `{subject}`, `{name}` are filled in.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from tests.fixtures import wire

TALKS = Path(__file__).with_name("talks")

# Every secret that is on the wire in them. None of them may come out anywhere.
SECRETS = [
    f"Tr0ub4dor-{where}"
    for where in ["smtp", "login", "pop", "imap", "literal", "socks", "proxy", "web", "form", "uri"]
]


def transcript(name: str, n: int, subject: str = "offer {n}", file_name: str = "price.exe") -> str:
    """The lines of a transcript."""
    text = (TALKS / f"{name}.txt").read_text().replace("@smtp", (TALKS / "smtp.txt").read_text())
    filled = {"{subject}": subject, "{name}": file_name, "{n}": str(n)}
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text


def talk(
    name: str, n: int, port: int | None = None, said: dict[str, str] | None = None, **how: Any
) -> wire.Conversation:
    """The conversation of that name by client number `n`, 0.2 s after the one before."""
    server = (TALKS / f"{name}.txt").read_text().split(maxsplit=3)[2]
    if port is not None:
        server = f"{server.rpartition(':')[0]}:{port}"
    how.setdefault("start_us", wire.START_US + n * 200_000)
    client = how.pop("client", f"10.0.{n}.9:{40000 + n}")
    return wire.Conversation(client, how.pop("server", server), **how).say(transcript(name, n, **(said or {})))


def conversations() -> list[wire.Conversation]:
    """Mail on its own ports and on others, over IPv6 and VLAN, ended in several ways; tunnels; logins."""
    names = sorted(path.stem for path in TALKS.glob("*.txt"))
    every = [talk(name, n) for n, name in enumerate(names)]
    middle = wire.Conversation("10.0.46.9:40046", "192.0.2.25:25", start_us=wire.START_US + 99_000, handshake=False)
    six = {"client": "[2001:db8::9]:40010", "server": "[2001:db8::25]:25", "vlans": (7,)}
    return [
        *every,
        talk("smtp", 40).fin(),
        talk("smtp", 41).rst(from_client=False),
        talk("smtp", 42, port=587).fin(from_client=False),
        talk("smtp", 43, port=2525),
        talk("smtp", 44, **six).fin(),
        middle.say(transcript("smtp", 46).replace("C: Subject", "C- 300\nC: Subject", 1)),
    ]


def everything(seed: int = 1) -> list[wire.Packet]:
    """All of it, some reordered, with packets lost, or seen from one side, merged by time."""
    runs = [conversation.packets for conversation in conversations()]
    runs.append(wire.reordered(talk("smtp", 50, mss=60).packets, Random(seed)))
    runs.append(wire.without(talk("smtp", 51, mss=60).packets, lambda i, _: i in (9, 23)))
    runs.append(wire.one_side(talk("smtp", 52).packets, from_client=True))
    runs.append(wire.one_side(talk("smtp", 53).packets, from_client=False))
    runs.append(wire.dns_answer("10.0.1.9", "192.0.2.53", "mx.dept.example", "192.0.2.25"))
    return wire.merged(*runs)
