"""Routing tables as routers print them: `show ip route`, `show ip bgp`, `display ip routing-table` and their like.

Every maker prints its own columns, but a route is always a prefix followed by a next hop, on its line or on the
lines below. A line that has a next hop and no prefix continues the prefix above.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from mailscope.contacts.route import Gathered, Route

_V4 = r"(?:\d{1,3}\.){3}\d{1,3}"
_V6 = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:" + _V4 + r")?"
_PREFIX = re.compile(rf"(?<![\w.:/])({_V4}|{_V6})/(\d{{1,3}})(?![\d.])")
_PREFIX_AND_MASK = re.compile(
    rf"(?<![\w.:/])({_V4})\s+((?:255|254|252|248|240|224|192|128|0)(?:\.\d{{1,3}}){{3}})(?![\d.])"
)
_VIA = re.compile(rf"\b(?:via|nexthop|next[- ]hop|gw)\s*:?\s*({_V4}|{_V6})(?![\w.:/])", re.I)
_DESTINATION = re.compile(
    rf"^\s*Destination\s*:\s*({_V4}|{_V6})(?:/(\d{{1,3}}))?(?:\s+PrefixLength\s*:\s*(\d+))?", re.I
)
_COLUMN = re.compile(rf"(?<![\w.:/])({_V4}|{_V6})(?![\w.:/])")
_BGP_HEADING = re.compile(r"^\s*(?:Network|Prefix)\s+Next ?Hop", re.I)
_SUMMARY = re.compile(
    r"subnetted|variably|Gateway of last resort|^Codes|BGP table version|local router ID|neighbor", re.I
)
_CLASSFUL = re.compile(rf"^\s{{3}}({_V4})\s+({_V4})\s")
MAX_LINES = 5_000_000


def looks_like_routes(text: str) -> bool:
    """Whether a text has prefixes with next hops, or connected ones, as routers print them."""
    lines = text.splitlines()[:2000]
    return sum(1 for _, hop in _pairs(lines) if hop) + sum(map(_is_connected, lines)) >= 2


def _is_connected(line: str) -> bool:
    return "directly connected" in line and bool(_PREFIX.search(line) or _PREFIX_AND_MASK.search(line))


def read(lines: Iterable[str], source: str, as_of: date | None = None) -> Gathered:
    """Routes of a router's text; connected networks have no next hop."""
    gathered = Gathered()
    seen = set()
    for prefix, hop in _pairs(lines):
        if (prefix, hop) not in seen:
            seen.add((prefix, hop))
            gathered.routes.append(Route(prefix, hop, source, "router", as_of))
    return gathered


def _pairs(lines: Iterable[str]) -> Iterator[tuple[IPv4Network | IPv6Network, str | None]]:
    prefix: IPv4Network | IPv6Network | None = None
    is_waiting, in_columns = False, False
    for number, line in enumerate(lines):
        if number >= MAX_LINES:
            return
        if _SUMMARY.search(line):
            continue
        in_columns = in_columns or bool(_BGP_HEADING.match(line))
        if in_columns and not re.search(r"[\d:]", line[:3]):
            line = "   " + line[3:]  # status and path type stand in the first three columns
        found = _prefix_of(line, in_columns=in_columns)
        if found:
            if prefix is not None and is_waiting:
                yield prefix, None
            prefix, end = found
            hop = _hop_of(line[end:], in_columns=in_columns)
            is_waiting = hop is None and "directly connected" not in line
            if hop or not is_waiting:
                yield prefix, hop
        elif prefix is not None and (hop := _hop_of(line, in_columns=in_columns)):
            is_waiting = False
            yield prefix, hop
    if prefix is not None and is_waiting:
        yield prefix, None


def _prefix_of(line: str, *, in_columns: bool) -> tuple[IPv4Network | IPv6Network, int] | None:
    if told := _DESTINATION.match(line):
        length = told[2] or told[3]
        network = _network(told[1], length) if length else None
        return (network, told.end()) if network else None
    for pattern in (_PREFIX, _PREFIX_AND_MASK):
        match = pattern.search(line)
        if match and (network := _network(match[1], match[2])):
            return network, match.end()
    if in_columns and (match := _CLASSFUL.match(line)):
        first = int(match[1].split(".", 1)[0])
        network = _network(match[1], str(8 if first < 128 else 16 if first < 192 else 24))
        return (network, match.end(1)) if network else None
    return None


def _hop_of(text: str, *, in_columns: bool) -> str | None:
    match = _VIA.search(text)
    if not match and in_columns and text[:1].isspace():
        match = _COLUMN.search(text)
    if not match:
        return None
    try:
        hop = ip_address(match[1])
    except ValueError:
        return None
    return None if hop.is_unspecified or hop.is_loopback else str(hop)


def _network(address: str, length: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        return None
