"""Addresses, and the ends of a million flows as plain numbers: what is asked of each must be cheap."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

Site = tuple[int, int]
"""IP version, and the leading bits of an address."""

PRIVATE: tuple[Prefix, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598: behind a carrier's NAT
        "fc00::/7",  # RFC 4193
    )
)
"""Addresses that can't be reached from the Internet. Documentation ranges count as public."""

_BITS = {4: 32, 6: 128}

_PRIVATE_BITS = tuple(
    (number, prefix.version, int(prefix.network_address), int(prefix.netmask)) for number, prefix in enumerate(PRIVATE)
)


def parsed(text: str | None) -> Address | None:
    """The address, with an IPv4-mapped one as IPv4; None for a name."""
    try:
        address = ipaddress.ip_address((text or "").strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def asked_host(host: str) -> str:
    """The host that a browser asks for: numbers read as an IPv4 address, letters of IDN as punycode.

    Source: WHATWG URL Standard, section 3.5 (IPv4 parser, IPv4 number parser); RFC 3490 for letters.

    >>> asked_host("3325256786"), asked_host("0xc6.0x33.25682"), asked_host("www.example.org.")
    ('198.51.100.82', '198.51.100.82', 'www.example.org')
    """
    name = host.strip().lower().removesuffix(".")
    number = _ipv4_number(name)
    if number is not None:
        return str(ipaddress.IPv4Address(number))
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _ipv4_number(name: str) -> int | None:
    parts = [_whole(part) for part in name.split(".")]
    if not 1 <= len(parts) <= 4 or any(part is None for part in parts):
        return None
    *leading, last = [part or 0 for part in parts]
    if any(part > 255 for part in leading) or last >= 256 ** (5 - len(parts)):
        return None
    return sum(part << 8 * (3 - place) for place, part in enumerate(leading)) + last


def _whole(text: str) -> int | None:
    """A decimal, hexadecimal (`0x`) or octal (`0`) number; at most 16 digits are read."""
    base, digits = (16, text[2:]) if text.startswith("0x") else (8, text[1:]) if text[:1] == "0" else (10, text)
    if len(text) > 16 or not text or not text.isascii() or not text[0].isdigit() or "_" in text:
        return None
    try:
        return int(digits or "0", base)
    except ValueError:
        return None


def is_private(address: Address) -> bool:
    """True for RFC 1918, RFC 6598 and unique local addresses."""
    return _private(address.version, int(address)) is not None


@dataclass(frozen=True, slots=True)
class End:
    """One address of many flows; `private` is its place in `PRIVATE`, None for a public one."""

    version: int
    number: int
    private: int | None

    def site(self, lengths: tuple[int, int]) -> Site:
        """The network of that prefix length (IPv4, IPv6) around it."""
        length = lengths[0] if self.version == 4 else lengths[1]
        return self.version, self.number >> (_BITS[self.version] - length)


Edge = tuple[End, End, int]
"""Two ends, and the flows between them."""


def prefix_of(site: Site, lengths: tuple[int, int]) -> Prefix:
    """The network that the leading bits stand for."""
    version, leading = site
    length = lengths[0] if version == 4 else lengths[1]
    number = leading << (_BITS[version] - length)
    return ipaddress.IPv4Network((number, length)) if version == 4 else ipaddress.IPv6Network((number, length))


def unicast_edges(pairs: Iterable[Mapping[str, Any]]) -> list[Edge]:
    """Pairs of hosts (columns orig_addr, resp_addr, flows) whose ends can be somebody's address."""
    ends: dict[str, End | None] = {}

    def end_of(text: str) -> End | None:
        if text not in ends:
            ends[text] = _end(text)
        return ends[text]

    edges = []
    for pair in pairs:
        orig, resp = end_of(pair["orig_addr"]), end_of(pair["resp_addr"])
        if orig is not None and resp is not None:
            edges.append((orig, resp, int(pair["flows"])))
    return edges


def _end(text: str) -> End | None:
    """The end of that address; None for a name, or for what stands for many hosts or none."""
    number = _dotted(text)
    if number is not None:
        private = _private(4, number)
        first = number >> 24
        is_broadcast = private is not None and number & 0xFF == 0xFF
        is_special = 224 <= first < 240 or number == 0 or number >> 16 == 0xA9FE or is_broadcast
        return None if is_special else End(4, number, private)
    address = parsed(text)
    if address is None or address.is_multicast or address.is_unspecified or address.is_link_local:
        return None
    if address.version == 4:  # mapped into IPv6
        return _end(str(address))
    return End(6, int(address), _private(6, int(address)))


def _dotted(text: str) -> int | None:
    """The number of a dotted quad as tables write it."""
    try:
        a, b, c, d = map(int, text.split("."))
    except ValueError:
        return None
    return a << 24 | b << 16 | c << 8 | d if 0 <= a | b | c | d < 256 else None


def _private(version: int, number: int) -> int | None:
    for place, of_version, network, mask in _PRIVATE_BITS:
        if version == of_version and number & mask == network:
            return place
    return None
