"""A capture as each side of its connections alone would show it.

`split` reads any capture through the core's own `carve` (one form for all formats), keeps what lies plainly on
IPv4 or IPv6 behind a common link header, and writes three files: both sides, the clients', the servers'. Other
packets (tunnelled, cut inside a header, later fragments without their first) are in none of them.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailscope import _core
from tests.fixtures import wire
from tests.whole import reading

End = tuple[str, int]

# Bytes before the EtherType, and its place, by link type; None: the IP header begins after so many bytes.
ETHERTYPE_AT = {1: 12, 113: 14, 276: 0}
IP_AT = {0: 4, 12: 0, 14: 0, 101: 0, 108: 4, 228: 0, 229: 0}
SLL2_HEADER = 20
VLAN = {0x8100, 0x88A8, 0x9100}
IP_TYPES = {0x0800, 0x86DD}


@dataclass(frozen=True)
class Split:
    """Three captures of the same packets."""

    both: Path
    client: Path
    server: Path


def split(path: Path, folder: Path) -> Split | None:
    """The captures of each side; None when the capture holds no TCP flow that was seen from both.

    Who the client is, says the two-way reading: the decoders where they know, else the SYN or the port.
    """
    tables = reading.rows(path)
    clients = oriented(tables)
    if not clients:
        return None
    flows = [row["flow_id"] for row in tables["flows"] if row["proto"] == "tcp"]
    carved = folder / "carved.pcapng"
    _core.carve([str(path)], flows, str(carved), _core.Options(), None)
    made = Split(folder / "both.pcap", folder / "client.pcap", folder / "server.pcap")
    packets = list(plain_packets(carved, clients))
    for file, kept in zip(
        (made.both, made.client, made.server),
        (packets, [p for p in packets if p.from_client], [p for p in packets if not p.from_client]),
        strict=True,
    ):
        wire.write(file, kept, link=wire.RAW_IP)
    return made


def oriented(tables: reading.Rows) -> dict[tuple[End, End], bool]:
    """Whether a packet from the first end to the second comes from the client, by flow seen from both sides."""
    swapped = {}
    for name in ("mail_sessions", "http_requests", "tls_handshakes"):
        for row in tables[name]:
            swapped.setdefault(row["flow_id"], (row["client_addr"], row["client_port"]))
    found: dict[tuple[End, End], bool] = {}
    for row in tables["flows"]:
        if row["proto"] != "tcp" or row["sides"] != "both":
            continue
        orig, resp = (row["orig_addr"], row["orig_port"]), (row["resp_addr"], row["resp_port"])
        is_orig = swapped.get(row["flow_id"], orig) == orig
        found[orig, resp] = is_orig
        found[resp, orig] = not is_orig
    return found


def plain_packets(pcapng: Path, clients: dict[tuple[End, End], bool]) -> Iterator[wire.Packet]:
    """The packets of these flows as bare IP, each with its side."""
    fragments: dict[tuple[str, str, int], bool] = {}
    for ts_us, link, frame, length in blocks(pcapng.read_bytes()):
        at = ip_offset(link, frame)
        if at is None:
            continue
        found = ends(frame[at:])
        if found is None:
            continue
        source, target, ident, ports = found
        if ports is None:
            from_client = fragments.get((source, target, ident))
        else:
            from_client = clients.get(((source, ports[0]), (target, ports[1])))
            if from_client is not None and ident >= 0:
                fragments[source, target, ident] = from_client
        if from_client is not None:
            yield wire.Packet(ts_us, frame[at:], from_client, wire_bytes=length - at)


def blocks(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Time in microseconds, link type, bytes and original length of each packet that `carve` wrote."""
    links: list[int] = []
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 1:
            links.append(struct.unpack_from("<H", data, at + 8)[0])
        elif kind == 6:
            interface, high, low, kept, length = struct.unpack_from("<5I", data, at + 8)
            yield ((high << 32) + low) // 1000, links[interface], data[at + 28 : at + 28 + kept], length
        at += size


def ip_offset(link: int, frame: bytes) -> int | None:
    """Where the IP header begins; None behind anything but the common link headers."""
    if link in IP_AT:
        return IP_AT[link]
    if link not in ETHERTYPE_AT or len(frame) < SLL2_HEADER:
        return None
    at = ETHERTYPE_AT[link]
    kind = int.from_bytes(frame[at : at + 2])
    at = SLL2_HEADER if link == 276 else at + 2
    while kind in VLAN and len(frame) >= at + 4:
        kind = int.from_bytes(frame[at + 2 : at + 4])
        at += 4
    return at if kind in IP_TYPES else None


def ends(ip: bytes) -> tuple[str, str, int, tuple[int, int] | None] | None:
    """Source, target, fragment id (-1: no fragment) and ports (None: a later fragment) of a TCP packet."""
    if len(ip) >= 20 and ip[0] >> 4 == 4 and ip[9] == 6:
        head, source, target = (ip[0] & 15) * 4, ip[12:16], ip[16:20]
        flags = int.from_bytes(ip[6:8])
        ident = int.from_bytes(ip[4:6]) if flags & 0x3FFF else -1
        is_later = bool(flags & 0x1FFF)
    elif len(ip) >= 40 and ip[0] >> 4 == 6 and ip[6] == 6:
        head, source, target, ident, is_later = 40, ip[8:24], ip[24:40], -1, False
    else:
        return None
    names = str(ipaddress.ip_address(source)), str(ipaddress.ip_address(target))
    if is_later:
        return *names, ident, None
    if len(ip) < head + 4:
        return None
    return *names, ident, struct.unpack_from(">HH", ip, head)
