"""Which two hosts a packet is between, as a key: packets of one conversation have the same one, in both directions.

The outermost IP header tells, so that fragments and all that a tunnel carries stay together; ports are not looked at.
"""

from __future__ import annotations

import struct

_ETHERNET, _RAW, _LOOPS, _COOKED, _COOKED2 = 1, (12, 14, 101, 228, 229), (0, 108), 113, 276
_VLAN = (0x8100, 0x88A8, 0x9100)
_IP = (0x0800, 0x86DD)
_PPPOE = 0x8864
_MPLS = (0x8847, 0x8848)
TAGS_LIMIT = 8
"""Tags or labels looked behind at most."""

OTHER = b""
"""The key of everything without an IP header that is known here: it stays together too."""

TCP, UDP = 6, 17
DNS = 53


def key_of(link_type: int, data: bytes) -> bytes:
    """Both addresses in order; OTHER where there are none."""
    start = _ip_start(link_type, data)
    if start is None:
        return OTHER
    version = data[start] >> 4
    if version == 4 and len(data) >= start + 20:
        one, other = data[start + 12 : start + 16], data[start + 16 : start + 20]
    elif version == 6 and len(data) >= start + 40:
        one, other = data[start + 8 : start + 24], data[start + 24 : start + 40]
    else:
        return OTHER
    return one + other if one <= other else other + one


def may_hold_sessions(link_type: int, data: bytes) -> bool:
    """False for what holds no session and leads to none: plain UDP that is not DNS, ICMP, ARP and the like.

    TCP, DNS, fragments, tunnels and everything unknown are kept.
    """
    start = _ip_start(link_type, data)
    if start is None:
        return not _is_arp(link_type, data)
    if data[start] >> 4 != 4 or len(data) < start + 20:
        return True
    size, protocol = (data[start] & 15) * 4, data[start + 9]
    if protocol == 1:
        return False
    is_fragment = struct.unpack_from(">H", data, start + 6)[0] & 0x3FFF
    if protocol != UDP or is_fragment or len(data) < start + size + 4:
        return True
    ports = struct.unpack_from(">HH", data, start + size)
    # Ports below 1024 other than these, and 4789 and the like, may be tunnels: only known chatter is left out.
    return DNS in ports or not (set(ports) & _CHATTER)


_CHATTER = frozenset((67, 68, 123, 137, 138, 161, 1900, 5353, 5355))
"""UDP ports of what every network says all the time: DHCP, NTP, NetBIOS, SNMP, SSDP, mDNS, LLMNR."""


def _is_arp(link_type: int, data: bytes) -> bool:
    return link_type == _ETHERNET and data[12:14] == b"\x08\x06"


def _ip_start(link_type: int, data: bytes) -> int | None:
    """Where the outermost IP header begins; None where none is found or nothing of it was captured."""
    if link_type == _ETHERNET:
        start = _behind_tags(data, 12)
    elif link_type in _RAW:
        start = 0
    elif link_type in _LOOPS:
        start = 4
    elif link_type == _COOKED:
        start = _behind_tags(data, 14)
    elif link_type == _COOKED2:
        start = 20 if data[:2] in (b"\x08\x00", b"\x86\xdd") else None
    else:
        start = None
    return start if start is not None and start < len(data) else None


def _behind_tags(data: bytes, place: int) -> int | None:
    """The place behind an EtherType, VLAN tags, PPPoE and MPLS labels."""
    for _tag in range(TAGS_LIMIT):
        if place + 2 > len(data):
            return None
        kind = data[place] << 8 | data[place + 1]
        place += 2
        if kind in _IP:
            return place
        if kind in _VLAN:
            place += 2
        elif kind == _PPPOE:
            return place + 8
        elif kind in _MPLS:
            while place + 4 <= len(data) and not data[place + 2] & 1:
                place += 4
            return place + 4
        else:
            return None
    return None
