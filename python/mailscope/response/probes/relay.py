"""Does a mail server relay for strangers? Each pattern's outcome, and the stage at which it fell.

Accepted is not relayed: some servers take everything and throw it away. The verdict is `relays` only when a
probe mail has come back (`came_back`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailscope.errors import UsageError
from mailscope.response.probes.permission import NAME, Pace

PATTERNS = Path(__file__).with_name("relay_patterns.toml")
STAGES = ("connect", "greeting", "helo", "mail", "rcpt", "data", "content")
LINE_LIMIT = 4096
REPLY_LINES = 100

_TOKEN = re.compile(r"mailscope-probe ([0-9.:a-f]+) ([a-z0-9-]+) ([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far one pattern came: `stage` is the last that was tried, `code` the reply there (None: none came)."""

    pattern: str
    stage: str
    code: int | None
    text: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom: `return_to` is a mailbox of ours outside the server's domains."""

    address: str
    host: str
    return_to: str
    sender: str
    secret: bytes
    port: int = 25
    timeout_s: float = 20.0
    deliver: bool = False


def patterns(file: Path = PATTERNS) -> dict[str, tuple[str, str]]:
    """The patterns of a file: name -> (MAIL, RCPT); UsageError names a wrong one."""
    try:
        values = tomllib.loads(file.read_text("utf-8"))
        return {name: (str(value["mail"]), str(value["rcpt"])) for name, value in values.items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UsageError(f"`{file}`: {error}", hint="a pattern has `mail` and `rcpt`") from error


def probe(
    question: Question,
    known: Mapping[str, tuple[str, str]],
    pace: Pace,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Asks once by each pattern, one connection each; ends early when nobody answers at all."""
    outcomes: list[Outcome] = []
    for name, (mail, rcpt) in known.items():
        pace.wait()
        outcome = _ask(question, name, _filled(question, mail), _filled(question, rcpt))
        outcomes.append(outcome)
        if progress is not None:
            progress(outcome)
        if outcome.stage == "connect" and len(outcomes) >= 3 and all(o.stage == "connect" for o in outcomes):
            break
    return outcomes


def verdict(outcomes: Iterable[Outcome], returned: Iterable[str] = ()) -> str:
    """`relays` (a mail came back), `accepts` (open, delivery not seen), `closed`, or `unreachable`."""
    outcomes, back = list(outcomes), set(returned)
    if back:
        return "relays"
    if any(outcome.accepted for outcome in outcomes):
        return "accepts"
    return "unreachable" if all(outcome.stage in ("connect", "greeting") for outcome in outcomes) else "closed"


def token(secret: bytes, address: str, pattern: str) -> str:
    """What the Subject of a probe carries, so that only our own probes count when they come back."""
    seal = hmac.new(secret, f"{address} {pattern}".encode(), hashlib.sha256).hexdigest()[:16]
    return f"{NAME} {address} {pattern} {seal}"


def came_back(secret: bytes, mails: Iterable[bytes]) -> dict[str, list[str]]:
    """Probes among these mails: address -> patterns that really were relayed."""
    found: dict[str, list[str]] = {}
    for mail in mails:
        for match in _TOKEN.finditer(mail[:65536].decode("latin-1")):
            address, pattern = match[1], match[2]
            if hmac.compare_digest(match[0], token(secret, address, pattern)) and pattern not in found.get(address, []):
                found.setdefault(address, []).append(pattern)
    return found


def _filled(question: Question, text: str) -> str:
    user, _at, domain = question.return_to.rpartition("@")
    return text.format(
        host=question.host, ip=question.address, user=user, domain=domain, sender=question.sender
    )  # fmt: skip


def _ask(question: Question, name: str, mail: str, rcpt: str) -> Outcome:
    """One connection, one envelope, and the mail itself when that was asked for."""
    stage = "connect"
    try:
        with socket.create_connection((question.address, question.port), timeout=question.timeout_s) as line:
            file = line.makefile("rb")
            steps = [
                ("greeting", None, (220,)),
                ("helo", f"EHLO {NAME}.invalid", (250,)),
                ("mail", f"MAIL FROM:<{mail}>", (250,)),
                ("rcpt", f"RCPT TO:<{rcpt}>", (250, 251)),
            ]
            if question.deliver:
                steps += [("data", "DATA", (354,)), ("content", _content(question, name), (250,))]
            code, text = 0, ""
            for stage, command, good in steps:
                if command is not None:
                    line.sendall(command.encode() + b"\r\n")
                code, text = _reply(file)
                if code not in good:
                    return Outcome(name, stage, code, text, accepted=False)
            line.sendall(b"RSET\r\nQUIT\r\n" if not question.deliver else b"QUIT\r\n")
            return Outcome(name, stage, code, text, accepted=True)
    except (OSError, ValueError) as error:
        return Outcome(name, stage, None, f"{type(error).__name__}: {error}"[:200], accepted=False)


def _reply(file: Iterable[bytes]) -> tuple[int, str]:
    """One reply (RFC 5321, section 4.2), bounded in lines and length."""
    texts = []
    for number, raw in enumerate(file):
        line = raw[:LINE_LIMIT].decode("utf-8", "replace").rstrip("\r\n")
        if number >= REPLY_LINES or not line[:3].isdigit():
            raise ValueError(f"no reply: {line[:60]!r}")
        texts.append(line[4:])
        if line[3:4] != "-":
            return int(line[:3]), " ".join(texts)[:400]
    raise ConnectionError("closed without a reply")


def _content(question: Question, pattern: str) -> str:
    lines = [
        f"From: {NAME} <{question.return_to}>",
        f"To: <{question.return_to}>",
        f"Subject: {token(question.secret, question.address, pattern)}",
        "Auto-Submitted: auto-generated",
        "",
        f"The owner of the network of {question.address} checks whether this server relays.",
        f"Questions: {question.return_to}",
        ".",
    ]
    return "\r\n".join(lines)
