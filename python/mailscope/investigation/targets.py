"""Whether the host that a request names is the host that a connection reached."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import parsed

How = Literal["address", "encoded-address", "dns", "name"]

NAMES_LIMIT = 500_000
"""Names with an address kept from DNS answers; the first come first."""


@dataclass(slots=True)
class Names:
    """Names seen for addresses: by DNS answers, and by what mail servers call themselves."""

    by_dns: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_greeting: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of_address(self, address: str) -> set[str]:
        """All names seen for the address."""
        return self.by_dns.get(address, set()) | self.by_greeting.get(address, set())

    def how_same(self, target_host: str, address: str) -> How | None:
        """How `target_host` means `address`; None when nothing seen says so."""
        literal, is_plain = decoded_host(target_host)
        if literal is not None:
            if literal != str(parsed(address)):
                return None
            return "address" if is_plain else "encoded-address"
        name = target_host.rstrip(".").lower()
        if name in self.by_dns.get(address, ()):
            return "dns"
        return "name" if name in self.by_greeting.get(address, ()) else None


def address_answers(dns_answers: Table) -> Table:
    """Names with the addresses answered: columns query, name, answer."""
    addresses = dns_answers.filter(_.rtype.isin(["A", "AAAA"]))
    return addresses.select("query", "name", "answer").distinct().limit(NAMES_LIMIT)


def names_seen(answers: list[dict[str, Any]], greetings: Mapping[str, set[str]]) -> Names:
    """Names from DNS answers and from greetings (address -> names)."""
    names = Names()
    for row in answers:
        names.by_dns[row["answer"]].update({row["query"].rstrip(".").lower(), row["name"].rstrip(".").lower()})
    for address, own_names in greetings.items():
        names.by_greeting[address].update(name.rstrip(".").lower() for name in own_names)
    return names


def greeting_name(banner: str | None) -> str | None:
    """The host name a mail server gives in its greeting (RFC 5321, 4.2: `220 Domain`)."""
    words = (banner or "").replace("220-", "220 ", 1).split()
    if len(words) < 2 or words[0] != "220" or not re.fullmatch(r"[\w-]+(\.[\w-]+)*\.[A-Za-z][\w-]*\.?", words[1]):
        return None
    return words[1].rstrip(".").lower()


def decoded_host(text: str) -> tuple[str | None, bool]:
    """The address a target host spells, and whether it is spelled plainly; (None, False) for a name.

    Besides the canonical text, resolvers take an IPv4 address as one number, or as octal or hexadecimal parts
    (inet_aton): `3221225539`, `0xc0000243`, `0300.0.2.0103`; and percent-encoding hides any of them.

    >>> decoded_host("0xc0000243")
    ('192.0.2.67', False)
    """
    bare = text.strip().strip("[]").split("%25", 1)[0]
    address = parsed(bare)
    if address is not None:
        return str(address), True
    plain = _percent_decoded(bare)
    address = parsed(plain) or _inet_aton(plain)
    return (str(address), False) if address is not None else (None, False)


def _percent_decoded(text: str) -> str:
    out, index = [], 0
    while index < len(text):
        pair = text[index + 1 : index + 3]
        if text[index] == "%" and len(pair) == 2 and all(c in "0123456789abcdefABCDEF" for c in pair):
            out.append(chr(int(pair, 16)))
            index += 3
        else:
            out.append(text[index])
            index += 1
    return "".join(out)


def _inet_aton(text: str) -> ipaddress.IPv4Address | None:
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or len(text) > 60:
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    *heads, last = [number for number in numbers if number is not None]
    if any(head > 255 for head in heads) or last >= 256 ** (4 - len(heads)):
        return None
    value = last
    for index, head in enumerate(heads):
        value += head << (8 * (3 - index))
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int | None:
    lower = part.lower()
    if re.fullmatch(r"0x[0-9a-f]+", lower):
        return int(lower[2:], 16)
    if re.fullmatch(r"0[0-7]*", lower):
        return int(lower, 8)
    return int(lower) if re.fullmatch(r"[1-9][0-9]*", lower) else None
