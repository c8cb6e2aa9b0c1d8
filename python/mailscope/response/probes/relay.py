"""Does a mail server relay for strangers? Each pattern's outcome, and the stage at which it fell.

Accepted is not relayed: some servers take everything and throw it away. The verdict is `relays` only when a
probe mail has come back (`came_back`). A server that says "later" (greylisting, an overloaded filter) is not
closed either: it is to be asked again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mailscope.errors import UsageError
from mailscope.response.probes.line import REPLY_LINES, Line
from mailscope.response.probes.permission import NAME, Pace

PATTERNS = Path(__file__).with_name("relay_patterns.toml")
STAGES = ("connect", "greeting", "helo", "mail", "rcpt", "data", "content")
DEADLINE_FACTOR = 6
"""One pattern takes at most so many times the patience for one answer: a tar-pit ends."""

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
    timeout_s: float = 30.0
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
    """`relays` (a mail came back), `accepts` (open, delivery not seen), `later`, `closed`, or `unreachable`.

    `later` is a server that refused some pattern for now only: 4yz, but not because of the sender's address (X.1.z).
    """
    outcomes, back = list(outcomes), set(returned)
    if back:
        return "relays"
    if any(outcome.accepted for outcome in outcomes):
        return "accepts"
    if any(outcome.code and 400 <= outcome.code < 500 and not outcome.text.startswith("4.1.") for outcome in outcomes):
        return "later"
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
    at = ["connect"]
    try:
        patience = question.timeout_s
        with Line(question.address, question.port, patience, patience * DEADLINE_FACTOR) as line:
            code, text, good = 0, "", False
            for stage, command in _steps(question, name, mail, rcpt):
                at[0] = stage
                code, text = _asked(line, stage, command)
                good = code in _GOOD[stage]
                if not good:
                    break
            with suppress(OSError):  # it may have hung up with its refusal
                line.send(b"QUIT\r\n")
            return Outcome(name, at[0], code, text, accepted=good)
    except (OSError, ValueError) as error:
        return Outcome(name, at[0], None, f"{type(error).__name__}: {error}"[:200], accepted=False)


_GOOD = {"greeting": (220,), "helo": (250,), "mail": (250,), "rcpt": (250, 251), "data": (354,), "content": (250,)}
"""What lets a conversation go on at each stage."""
_HELLO = f"EHLO {NAME}.invalid"


def _steps(question: Question, name: str, mail: str, rcpt: str) -> list[tuple[str, str | None]]:
    steps = [
        ("greeting", None),
        ("helo", _HELLO),
        ("mail", f"MAIL FROM:<{mail}>"),
        ("rcpt", f"RCPT TO:<{rcpt}>"),
    ]
    delivery = [("data", "DATA"), ("content", _content(question, name))] if question.deliver else []
    return [*steps, *delivery]


def _asked(line: Line, stage: str, command: str | None) -> tuple[int, str]:
    """The reply to one command; an old server is greeted again its way, one that wants TLS gets it."""
    if command is not None:
        line.send(command.encode() + b"\r\n")
    code, text = _reply(line)
    if stage == "helo" and code in (500, 502, 504, 550):
        line.send(_HELLO.replace("EHLO", "HELO").encode() + b"\r\n")
        return _reply(line)
    if stage == "mail" and code == 530 and command is not None:
        line.send(b"STARTTLS\r\n")
        if _reply(line)[0] != 220:
            return code, text
        line.start_tls()
        for again in (_HELLO, command):
            line.send(again.encode() + b"\r\n")
            code, text = _reply(line)
    return code, text


def _reply(line: Line) -> tuple[int, str]:
    """One reply (RFC 5321, section 4.2), bounded in lines and length."""
    texts = []
    for _number in range(REPLY_LINES):
        raw = line.line()
        if not raw:
            raise ConnectionError("closed without a reply")
        said = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not (said[:3].isascii() and said[:3].isdigit()):
            raise ValueError(f"no reply: {said[:60]!r}")
        texts.append(said[4:])
        if said[3:4] != "-":
            return int(said[:3]), " ".join(texts)[:400]
    raise ValueError("a reply without end")


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
