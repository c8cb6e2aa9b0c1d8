"""BGP tables in MRT dumps (RFC 6396, add-path: RFC 8050): prefix, next hop and origin AS of each route."""

import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import BinaryIO

from mailscope.contacts.route import Gathered, Route

_TABLE_DUMP, _TABLE_DUMP_V2 = 12, 13
_V2_IPV4, _V2_IPV6, _V2_ADD_PATH = (2, 3, 8, 9), (4, 5, 10, 11), (8, 9, 10, 11)
_AS_PATH, _NEXT_HOP, _MP_REACH = 2, 3, 14
MAX_RECORD = 1024 * 1024
MAX_ROUTES = 5_000_000


def is_mrt(head: bytes) -> bool:
    """Whether bytes begin with an MRT header: a time after 1990, a known type, a length that can be."""
    if len(head) < 12:
        return False
    when, kind, _subtype, length = struct.unpack(">IHHI", head[:12])
    return kind in (_TABLE_DUMP, _TABLE_DUMP_V2, 16, 17) and 631152000 < when < 4102444800 and length < MAX_RECORD


def read(file: BinaryIO, source: str) -> Gathered:
    """Every route of a dump; of several routes of one prefix with the same next hop, the first."""
    gathered = Gathered()
    seen: set[tuple[str, str | None]] = set()
    for prefix, hop, asn, as_of in _routes(file):
        if (prefix, hop) in seen:
            continue
        seen.add((prefix, hop))
        if len(seen) > MAX_ROUTES:
            gathered.unread.append(f"{source}: more than {MAX_ROUTES} routes")
            break
        gathered.routes.append(Route(ip_network(prefix), hop, source, "BGP", as_of, asn=asn))
    return gathered


def _routes(file: BinaryIO) -> Iterator[tuple[str, str | None, int | None, date]]:
    while len(head := file.read(12)) == 12:
        when, kind, subtype, length = struct.unpack(">IHHI", head)
        if length > MAX_RECORD:
            return
        body = file.read(length)
        if len(body) < length:
            return
        as_of = datetime.fromtimestamp(when, UTC).date()
        try:
            if kind == _TABLE_DUMP:
                found = [_table_dump(body, subtype)]
            elif kind == _TABLE_DUMP_V2 and subtype in (*_V2_IPV4, *_V2_IPV6):
                found = list(_table_dump_v2(body, subtype))
            else:
                continue
        except (struct.error, ValueError, IndexError):
            continue  # one broken record does not end the dump: its length led to the next
        for prefix, hop, asn in found:
            yield prefix, hop, asn, as_of


def _table_dump(body: bytes, subtype: int) -> tuple[str, str | None, int | None]:
    """TABLE_DUMP (RFC 6396, section 4.2): one route a record, AS numbers of two octets."""
    size = 4 if subtype == 1 else 16
    prefix = _address(body[4 : 4 + size])
    length = body[4 + size]
    at = 4 + size + 2 + 4 + size + 2
    (attributes,) = struct.unpack(">H", body[at : at + 2])
    hop, asn = _attributes(body[at + 2 : at + 2 + attributes], 2)
    return str(ip_network(f"{prefix}/{length}", strict=False)), hop, asn


def _table_dump_v2(body: bytes, subtype: int) -> Iterator[tuple[str, str | None, int | None]]:
    """TABLE_DUMP_V2 (section 4.3): all routes of one prefix a record, AS numbers of four octets."""
    size = 4 if subtype in _V2_IPV4 else 16
    length = body[4]
    octets = (length + 7) // 8
    if length > size * 8:
        raise ValueError("a prefix longer than its address")
    prefix = _address(body[5 : 5 + octets].ljust(size, b"\0"))
    text = str(ip_network(f"{prefix}/{length}", strict=False))
    at = 5 + octets
    (count,) = struct.unpack(">H", body[at : at + 2])
    at += 2
    for _ in range(count):
        at += 2 + 4 + (4 if subtype in _V2_ADD_PATH else 0)
        (attributes,) = struct.unpack(">H", body[at : at + 2])
        hop, asn = _attributes(body[at + 2 : at + 2 + attributes], 4)
        yield text, hop, asn
        at += 2 + attributes


def _attributes(data: bytes, as_size: int) -> tuple[str | None, int | None]:
    """Next hop and origin AS of a list of path attributes (RFC 4271, section 4.3)."""
    hop, asn, at = None, None, 0
    while at + 3 <= len(data):
        flags, kind = data[at], data[at + 1]
        if flags & 0x10:
            (length,) = struct.unpack(">H", data[at + 2 : at + 4])
            at += 4
        else:
            length = data[at + 2]
            at += 3
        value = data[at : at + length]
        at += length
        if kind == _NEXT_HOP and len(value) == 4:
            hop = hop or _address(value)
        elif kind == _MP_REACH:
            hop = _reached(value) or hop
        elif kind == _AS_PATH and len(value) >= as_size:
            asn = int.from_bytes(value[-as_size:], "big")
    return hop, asn


def _reached(value: bytes) -> str | None:
    """The next hop of MP_REACH_NLRI: abbreviated in TABLE_DUMP_V2 (section 4.3.4), whole from some programs."""
    if value and value[0] == len(value) - 1:
        return _address(value[1:17])
    return _address(value[4:20]) if len(value) > 20 and value[3] in (16, 32) else None


def _address(octets: bytes) -> str:
    address = IPv4Address(octets) if len(octets) == 4 else IPv6Address(octets)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
