"""Routing tables as `snmpwalk` prints them, by number or by name, of old and new programs.

ipRouteTable        1.3.6.1.2.1.4.21     RFC 1213   indexed by destination alone: two masks of one address
                                                    cannot both be in it
ipCidrRouteTable    1.3.6.1.2.1.4.24.4   RFC 2096   destination, mask, TOS, next hop
inetCidrRouteTable  1.3.6.1.2.1.4.24.7   RFC 4292   IPv4 and IPv6; destination, length, policy, next hop
"""

import re
from collections.abc import Iterable
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mailscope.contacts.route import Conflict, Gathered, Route

_LINE = re.compile(r"^\s*(\S+?)\s*=\s*(?:([A-Za-z][\w -]*?):\s*)?(.*?)\s*$")
_PREFIXES = ("1.3.6.1.2.1.", "iso.3.6.1.2.1.", "SNMPv2-SMI::mib-2.", "mib-2.")
_OLD = {"ipRouteDest": 1, "ipRouteNextHop": 7, "ipRouteType": 8, "ipRouteMask": 11}
_ROW_DEST, _ROW_HOP, _ROW_TYPE, _ROW_MASK = 1, 7, 8, 11
MAX_ROUTES = 2_000_000


def read(lines: Iterable[str], source: str, as_of: date | None = None) -> Gathered:
    """Routes of a walk, with the contradictions inside it."""
    gathered = Gathered()
    old: dict[str, dict[int, str]] = {}
    seen: set[tuple[str, str, str]] = set()
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        name, value = found[1], found[3].strip('"')
        row = _old_row(name)
        if row:
            _note_old(old, row, value, source, gathered)
        elif route := _new_row(name, source, as_of):
            key = (str(route.prefix), route.next_hop or "", route.table)
            if key not in seen and len(seen) < MAX_ROUTES:
                seen.add(key)
                gathered.routes.append(route)
    for destination, row_values in old.items():
        if route := _old_route(destination, row_values, source, as_of):
            gathered.routes.append(route)
    return gathered


def _digits(name: str) -> str | None:
    """The part of an OID below mib-2 as numbers; None for another OID."""
    for prefix in _PREFIXES:
        at = name.lstrip(".")
        if at.startswith(prefix):
            return at[len(prefix) :]
    return None


def _old_row(name: str) -> tuple[int, str] | None:
    """Column and destination of an `ipRouteTable` value."""
    digits = _digits(name)
    if digits and digits.startswith("4.21.1."):
        column, _, index = digits[7:].partition(".")
        return (int(column), index) if column.isdecimal() else None
    for word, number in _OLD.items():
        found = re.search(rf"(?:^|[.:]){word}\.((?:\d+\.){{3}}\d+)$", name)
        if found:
            return number, found[1]
    return None


def _note_old(
    old: dict[str, dict[int, str]], row: tuple[int, str], value: str, source: str, gathered: Gathered
) -> None:
    column, destination = row
    values = old.setdefault(destination, {})
    known = values.get(column)
    if known is not None and known != value and column in (_ROW_HOP, _ROW_MASK):
        kind = "two-next-hops" if column == _ROW_HOP else "two-masks"
        gathered.conflicts.append(Conflict(kind, destination, f"{known} ({source})", f"{value} ({source})"))
        return
    values.setdefault(column, value)


def _old_route(destination: str, values: dict[int, str], source: str, as_of: date | None) -> Route | None:
    mask = values.get(_ROW_MASK)
    try:
        prefix = ip_network(f"{destination}/{mask or _class_of(destination)}", strict=False)
    except ValueError:
        return None
    return Route(prefix, _hop(values.get(_ROW_HOP)), source, "ipRouteTable", as_of)


def _class_of(destination: str) -> int:
    """The length of a network without a mask, as when the table was made (RFC 791 classes)."""
    first = int(destination.split(".", 1)[0])
    return 8 if first < 128 else 16 if first < 192 else 24


def _new_row(name: str, source: str, as_of: date | None) -> Route | None:
    """The route in the index of an `ipCidrRouteTable` or `inetCidrRouteTable` value."""
    digits = _digits(name)
    if digits and digits.startswith("4.24.4.1."):
        return _cidr(digits.split(".")[5:], source, as_of)
    if digits and digits.startswith("4.24.7.1."):
        return _inet([int(part) for part in digits.split(".")[5:] if part.isdecimal()], source, as_of)
    if found := re.search(r"(?:^|[.:])ipCidrRoute[A-Z]\w+\.((?:\d+\.){12}\d+)$", name):
        return _cidr(found[1].split("."), source, as_of)
    if found := re.search(r"(?:^|[.:])inetCidrRoute[A-Z]\w+\.(.+)$", name):
        return _inet_named(found[1], source, as_of)
    return None


def _cidr(index: list[str], source: str, as_of: date | None) -> Route | None:
    if len(index) != 13:
        return None
    try:
        prefix = ip_network(f"{'.'.join(index[:4])}/{'.'.join(index[4:8])}", strict=False)
    except ValueError:
        return None
    return Route(prefix, _hop(".".join(index[9:13])), source, "ipCidrRouteTable", as_of)


def _inet(index: list[int], source: str, as_of: date | None) -> Route | None:
    """Type and length before each address (InetAddress, RFC 4001), the policy as an OID between them."""
    try:
        size = index[1]
        destination, length = _address(index[2 : 2 + size]), index[2 + size]
        at = 3 + size
        at += 1 + index[at]
        hop = _address(index[at + 2 : at + 2 + index[at + 1]]) if index[at + 1] else None
        prefix = ip_network(f"{destination}/{length}", strict=False)
    except (IndexError, ValueError):
        return None
    return Route(prefix, _hop(str(hop)) if hop else None, source, "inetCidrRouteTable", as_of)


def _inet_named(index: str, source: str, as_of: date | None) -> Route | None:
    """`ipv4."10.25.0.0".20.2.0.0.ipv4."172.31.25.29"`, as newer programs print it with the MIB loaded."""
    found = re.match(r'ipv[46]z?\."([^"]+)"\.(\d+)\.(?:[\w.:-]+?)\.ipv[46]z?\."([^"]+)"$', index)
    if not found:
        return _inet([int(part) for part in index.split(".") if part.isdecimal()], source, as_of)
    try:
        prefix = ip_network(f"{_bytes_or_text(found[1])}/{found[2]}", strict=False)
        hop = str(_bytes_or_text(found[3]))
    except ValueError:
        return None
    return Route(prefix, _hop(hop), source, "inetCidrRouteTable", as_of)


def _bytes_or_text(text: str) -> IPv4Address | IPv6Address:
    """An address as text, or as the octets `fd:00:12:...` that some programs print for IPv6."""
    octets = text.split(":")
    if len(octets) == 16:
        return IPv6Address(bytes(int(octet, 16) for octet in octets))
    return ip_address(text)


def _address(octets: list[int]) -> IPv4Address | IPv6Address:
    if len(octets) in (4, 8):
        return IPv4Address(bytes(octets[:4]))
    return IPv6Address(bytes(octets[:16]))


def _hop(text: str | None) -> str | None:
    if not text:
        return None
    try:
        hop = ip_address(text)
    except ValueError:
        return None
    return None if hop.is_unspecified else str(hop)
