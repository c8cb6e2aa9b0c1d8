"""Who is responsible for a foreign address, asked by RWhois (RFC 2167); referrals are followed, each server once."""

import re
import socket
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network

from mailscope.contacts.sources.rdap import Foreign
from mailscope.errors import InputError

PORT = 4321
TIMEOUT = 15.0
MAX_ANSWER = 512 * 1024
MAX_REFERRALS = 5
_REFERRAL = re.compile(r"^%referral\s+rwhois://\[?([\w.:-]{1,253}?)\]?(?::(\d{1,5}))?(?:/.*)?$", re.I)
_LINE = re.compile(r"^(?:network:)?([A-Za-z][\w-]{0,60})(?:;[A-Za-z]+)?:\s*(.*)$")


@dataclass(slots=True)
class _Answer:
    objects: list[dict[str, str]]
    referrals: list[tuple[str, int]]


def find(address: str, server: str, *, timeout: float = TIMEOUT) -> Foreign | None:
    """What the server, or the one it refers to, says of an address; None where nobody knows it.

    Raises:
        InputError: the first server cannot be asked.

    """
    host, port = _place(server)
    asked: set[tuple[str, int]] = set()
    pending = [(host, port)]
    while pending and len(asked) <= MAX_REFERRALS:
        place = pending.pop(0)
        if place in asked:
            continue  # servers that refer to each other
        asked.add(place)
        try:
            answer = _ask(address, *place, timeout)
        except OSError as error:
            if len(asked) == 1:
                raise InputError(f"`{place[0]}` port {place[1]} cannot be asked: {error}") from error
            continue
        named = [found for found in answer.objects if "ip-network" in found]
        if named:
            return _foreign(max(named, key=_length), f"rwhois://{place[0]}:{place[1]}")
        pending += answer.referrals
    return None


def _ask(address: str, host: str, port: int, timeout: float) -> _Answer:
    with socket.create_connection((host, port), timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(f"-rwhois V-1.5 mailscope\r\n{address}\r\n-quit\r\n".encode("ascii"))
        data = b""
        while len(data) < MAX_ANSWER and (piece := connection.recv(65536)):
            data += piece
    return read_answer(data.decode("utf-8", "replace"))


def read_answer(text: str) -> _Answer:
    """Objects and referrals of an answer; an empty line ends an object."""
    answer = _Answer([], [])
    found: dict[str, str] = {}
    for line in [*text.splitlines(), ""]:
        line = line.strip()
        if match := _REFERRAL.match(line):
            answer.referrals.append((match[1], int(match[2] or PORT)))
        elif line.startswith("%") or not line:
            if found:
                answer.objects.append(found)
            found = {}
        elif match := _LINE.match(line):
            found.setdefault(match[1].lower(), match[2].strip())
    return answer


def _foreign(found: dict[str, str], source: str) -> Foreign:
    organization = next((found[name] for name in ("organization", "org-name", "network-name") if found.get(name)), None)
    email = next(
        (
            found[name]
            for name in ("abuse-contact", "abuse-email", "email", "tech-contact", "admin-contact")
            if "@" in found.get(name, "")
        ),
        None,
    )
    return Foreign(
        found["ip-network"],
        organization,
        email,
        found.get("phone"),
        found.get("country-code"),
        _day(found.get("updated", "")),
        source,
    )


def _length(found: dict[str, str]) -> int:
    try:
        return ip_network(found["ip-network"], strict=False).prefixlen
    except ValueError:
        return -1


def _place(server: str) -> tuple[str, int]:
    host, _, port = server.removeprefix("rwhois://").rstrip("/").rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdecimal() else (server, PORT)


def _day(text: str) -> date | None:
    digits = re.sub(r"\D", "", text)[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
