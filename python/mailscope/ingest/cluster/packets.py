"""Packets of a capture file, one at a time: pcap (libpcap's formats) and pcapng (draft-ietf-opsawg-pcapng).

Only what dealing packets out needs: number, time, link type, bytes. What is inside is the core's matter. A file that
ends in the middle of a packet, or breaks its format, ends there.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from mailscope.errors import InputError

PACKET_LIMIT = 1 << 24
"""Bytes of a packet or a block at most: a longer one is damage."""

_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""Magic to byte order and nanoseconds of the time's smaller unit."""

_PCAPNG = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_TSRESOL, _TSOFFSET = 9, 14


class Packet(NamedTuple):
    """One packet: `number` from 1 as Wireshark shows it, `time_ns` since 1970 (UTC), `length` as it was on the wire."""

    number: int
    time_ns: int
    link_type: int
    length: int
    data: bytes


class _Interface(NamedTuple):
    link_type: int
    units_per_second: int
    offset_s: int
    snap: int


def packets(path: Path) -> Iterator[Packet]:
    """The packets of the file, plain or gzip, in its order; InputError where it is no capture or cannot be read."""
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_gzip else raw  # type: ignore[assignment]
            magic = file.read(4)
            if magic in _PCAP:
                yield from _pcap(file, *_PCAP[magic])
            elif magic == _PCAPNG:
                yield from _pcapng(file)
            else:
                raise InputError(f"`{path}` is no capture", hint="pcap and pcapng are read, plain or gzip")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return  # a cut or damaged gzip file ends where it breaks
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror or error}") from None


def _pcap(file: IO[bytes], order: str, unit_ns: int) -> Iterator[Packet]:
    rest = file.read(20)
    if len(rest) < 20:
        return
    # The upper bits may tell of a frame check sequence (draft-ietf-opsawg-pcap, section 4).
    link_type = struct.unpack(order + "I", rest[16:])[0] & 0x0FFFFFFF
    head = struct.Struct(order + "IIII")
    number = 0
    while len(record := file.read(16)) == 16:
        seconds, part, kept, length = head.unpack(record)
        if kept > PACKET_LIMIT or len(data := file.read(kept)) < kept:
            return
        number += 1
        yield Packet(number, seconds * 1_000_000_000 + part * unit_ns, link_type, length, data)


def _pcapng(file: IO[bytes]) -> Iterator[Packet]:
    order, number = "<", 0
    interfaces: list[_Interface] = []
    kind_bytes = _PCAPNG
    while len(kind_bytes) == 4:
        length_bytes = file.read(4)
        if kind_bytes == _PCAPNG:
            magic = file.read(4)
            order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        done = 12 if kind_bytes == _PCAPNG else 8
        if len(length_bytes) < 4:
            return
        length = struct.unpack(order + "I", length_bytes)[0]
        if not done + 4 <= length <= PACKET_LIMIT or len(body := file.read(length - done)) < length - done:
            return
        kind = struct.unpack(order + "I", kind_bytes)[0]
        try:
            if kind_bytes == _PCAPNG:
                pass
            elif kind == _INTERFACE:
                interfaces.append(_interface(body, order))
            elif kind in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
                number += 1
                yield _packet(kind, body, order, interfaces, number)
        except (struct.error, IndexError):
            return
        kind_bytes = file.read(4)


def _interface(body: bytes, order: str) -> _Interface:
    link_type, _reserved, snap = struct.unpack(order + "HHI", body[:8])
    units, offset, place = 1_000_000, 0, 8
    while place + 4 <= len(body) - 4:
        code, size = struct.unpack(order + "HH", body[place : place + 4])
        value = body[place + 4 : place + 4 + size]
        if code == _TSRESOL and value:
            # Beyond these no clock counts: such a unit is damage.
            units = 2 ** min(value[0] & 0x7F, 63) if value[0] & 0x80 else 10 ** min(value[0], 18)
        elif code == _TSOFFSET and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
        if code == 0:
            break
        place += 4 + size + (-size) % 4
    return _Interface(link_type, units, offset, snap)


def _packet(kind: int, body: bytes, order: str, interfaces: list[_Interface], number: int) -> Packet:
    if kind == _SIMPLE_PACKET:
        interface = interfaces[0]
        (length,) = struct.unpack(order + "I", body[:4])
        kept = min(length, interface.snap or length, len(body) - 8)
        return Packet(number, 0, interface.link_type, length, body[4 : 4 + kept])
    index, high, low, kept, length = struct.unpack(order + ("IIIII" if kind == _PACKET else "HxxIIII"), body[:20])
    interface = interfaces[index]
    time_ns = ((high << 32) | low) * 1_000_000_000 // interface.units_per_second + interface.offset_s * 1_000_000_000
    return Packet(number, time_ns, interface.link_type, length, body[20 : 20 + kept])


def pcapng_head() -> bytes:
    """A section header; its interfaces are written as link types come up."""
    return struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


def pcapng_interface(link_type: int) -> bytes:
    """An interface whose times are nanoseconds."""
    options = struct.pack("<HHB3xHH", _TSRESOL, 1, 9, 0, 0)
    size = 20 + len(options)
    return struct.pack("<IIHHI", _INTERFACE, size, link_type, 0, 0) + options + struct.pack("<I", size)


def pcapng_packet(index: int, time_ns: int, length: int, data: bytes) -> bytes:
    """A packet of the interface with that index, from 0."""
    padding = -len(data) % 4
    size = 32 + len(data) + padding
    head = struct.pack("<IIIIIII", _PACKET, size, index, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), length)
    return head + data + bytes(padding) + struct.pack("<I", size)
