"""Memory stays inside the budget, whatever the capture holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures import wire

BUDGET_MB = 48
# What Python, Arrow and the tables' batches take beside the budget.
BESIDE_MB = 110

PROGRAM = """
import resource, sys
from mailscope import _core
_core.write([sys.argv[1]], sys.argv[2], _core.Options(memory_mb=int(sys.argv[3])), None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mb(capture: Path, out: Path) -> int:
    """Peak resident memory of a process that writes the tables of a capture."""
    out.mkdir()
    command = [sys.executable, "-c", PROGRAM, str(capture), str(out), str(BUDGET_MB)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def addresses(n: int) -> str:
    """A client of its own for each number."""
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}:{1024 + n % 60000}"


def unfinished_mails(n: int) -> list[wire.Packet]:
    """A session that stops inside a message of 60 kB."""
    talk = wire.Conversation(addresses(n), "192.0.2.25:25", start_us=wire.START_US + n * 100)
    talk.say("S: 220 mx\nC: EHLO a\nS: 250 mx\nC: MAIL FROM:<a@a.example>\nS: 250 ok\nC: RCPT TO:<b@b.example>")
    talk.say("S: 250 ok\nC: DATA\nS: 354 go\nC: Subject: x\nC:")
    return talk.send(True, b"text and more text\r\n" * 3000).packets


def waiting_segments(n: int) -> list[wire.Packet]:
    """The first segment is missing, so everything after it waits."""
    talk = wire.Conversation(addresses(n), "192.0.2.25:25", start_us=wire.START_US + n * 100)
    talk.skip(True, 100)
    return talk.send(True, b"z" * 60_000).packets


def connection_attempts(n: int) -> list[wire.Packet]:
    """Two hundred SYNs, each a flow of its own."""
    return [
        wire.Conversation(addresses(n * 200 + i), "192.0.2.25:25", start_us=wire.START_US + n * 100).packets[0]
        for i in range(200)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "count"),
    [(unfinished_mails, 2500), (waiting_segments, 2500), (connection_attempts, 2000)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_memory_stays_inside_the_budget(make: Callable[[int], list[wire.Packet]], count: int, tmp_path: Path) -> None:
    path = tmp_path / "large.pcap"
    with path.open("wb") as file:
        file.write(wire.pcap_bytes([]))
        for n in range(count):
            file.write(wire.pcap_bytes(make(n))[24:])
    assert peak_mb(path, tmp_path / "case") <= BUDGET_MB + BESIDE_MB


INVESTIGATION_MB = 800
"""What the libraries of an investigation take (250 MB), both passes' budgets, and what it holds of a large case."""

INVESTIGATED = """
import contextlib, os, resource, sys
from mailscope.cli.main import main
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    main(["investigate", sys.argv[1], "-o", sys.argv[2]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def abused_relay(n: int) -> list[wire.Packet]:
    """A mail of its own for each number, from outside to one server, with a text of 2 kB."""
    talk = wire.Conversation(addresses(n), "192.0.2.25:25", start_us=wire.START_US + n * 1000)
    talk.say(
        f"S: 220 mx\nC: EHLO h{n}\nS: 250 mx\nC: MAIL FROM:<a{n}@a.example>\nS: 250 ok\nC: RCPT TO:<b{n}@b.example>"
    )
    talk.say(f"S: 250 ok\nC: DATA\nS: 354 go\nC: Subject: x{n}\nC: From: a{n}@a.example\nC:")
    talk.send(True, b"text http://192.0.2.9/login and more text\r\n" * 50)
    return talk.say("C: .\nS: 250 taken").packets


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "count"),
    [(abused_relay, 4000), (connection_attempts, 400)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_whole_investigation_stays_under_its_bound(
    make: Callable[[int], list[wire.Packet]], count: int, tmp_path: Path
) -> None:
    path = tmp_path / "large.pcap"
    with path.open("wb") as file:
        file.write(wire.pcap_bytes([]))
        for n in range(count):
            file.write(wire.pcap_bytes(make(n))[24:])
    command = [sys.executable, "-c", INVESTIGATED, str(path), str(tmp_path / "case")]
    assert int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) <= INVESTIGATION_MB
