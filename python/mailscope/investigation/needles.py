"""How a destination can be written in a command: the byte patterns to search for in all other traffic."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterable, Iterator

from mailscope.detect.endpoints import parsed

Needle = tuple[str, str, bytes]
"""What is searched (an address or name), in which form, as which bytes."""

SHORTEST_BYTES = 6
"""Shorter patterns turn up by chance."""

DESTINATIONS_LIMIT = 200
"""Destinations searched for; more than that are no longer one case."""


def needles(addresses: Iterable[str], names: Iterable[str] = (), ports: Iterable[int] = (25,)) -> list[Needle]:
    """Patterns for addresses (with the ports they were reached on) and host names, without repeats."""
    found: dict[tuple[str, bytes], Needle] = {}
    ports = sorted(set(ports))
    for text in list(dict.fromkeys(addresses))[:DESTINATIONS_LIMIT]:
        address = parsed(text)
        if address is None:
            continue
        forms = _ipv4_forms(address, ports) if address.version == 4 else _ipv6_forms(address, ports)
        for form, pattern in forms:
            if len(pattern) >= SHORTEST_BYTES:
                found.setdefault((text, pattern), (text, form, pattern))
    for name in list(dict.fromkeys(names))[:DESTINATIONS_LIMIT]:
        for form, pattern in _name_forms(name, ports):
            if len(pattern) >= SHORTEST_BYTES:
                found.setdefault((name, pattern), (name, form, pattern))
    return list(found.values())


def _ipv4_forms(address: ipaddress.IPv4Address, ports: list[int]) -> Iterator[tuple[str, bytes]]:
    text = str(address)
    packed = address.packed
    hexadecimal = packed.hex()
    yield "ascii", text.encode()
    yield "url-encoded", text.replace(".", "%2E").encode()
    yield "url-encoded", text.replace(".", "%2e").encode()
    yield "url-encoded", "".join(f"%{ord(c):02X}" for c in text).encode()
    yield "url-encoded", "".join(f"%{ord(c):02x}" for c in text).encode()
    yield "hex", hexadecimal.encode()
    yield "hex", hexadecimal.upper().encode()
    yield "hex", ".".join(f"0x{byte:02x}" for byte in packed).encode()
    yield "hex", ".".join(f"0x{byte:x}" for byte in packed).encode()
    yield "octal", ".".join(f"0{byte:o}" for byte in packed).encode()
    yield "octal", ".".join(f"0{byte:03o}" for byte in packed).encode()
    yield "decimal", str(int(address)).encode()
    yield "ipv6", f"::ffff:{hexadecimal[:4]}:{hexadecimal[4:]}".encode()
    yield "ipv6", str(ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + packed)).encode()
    yield "ipv6", f"2002:{hexadecimal[:4]}:{hexadecimal[4:]}".encode()
    for port in ports:
        number = port.to_bytes(2, "big")
        yield "socks", b"\x04\x01" + number + packed
        yield "socks", b"\x05\x01\x00\x01" + packed + number
        yield "socks", b"\x05\x01\x00\x04" + b"\0" * 10 + b"\xff\xff" + packed + number
    yield from _base64_forms(text)


def _ipv6_forms(address: ipaddress.IPv6Address, ports: list[int]) -> Iterator[tuple[str, bytes]]:
    text, full = address.compressed, address.exploded
    yield "ascii", text.encode()
    yield "ascii", text.upper().encode()
    yield "ascii", full.encode()
    yield "ascii", ":".join(f"{int(part, 16):x}" for part in full.split(":")).encode()
    yield "url-encoded", text.replace(":", "%3A").encode()
    yield "url-encoded", text.replace(":", "%3a").encode()
    yield "hex", address.packed.hex().encode()
    yield "hex", address.packed.hex().upper().encode()
    for port in ports:
        yield "socks", b"\x05\x01\x00\x04" + address.packed + port.to_bytes(2, "big")
    yield from _base64_forms(text)


def _name_forms(name: str, ports: list[int]) -> Iterator[tuple[str, bytes]]:
    lower = name.rstrip(".").lower()
    raw = lower.encode("idna" if not lower.isascii() else "ascii", "ignore")
    yield "hostname", raw
    yield "hostname", raw.upper()
    yield "url-encoded", raw.replace(b".", b"%2E")
    yield "url-encoded", raw.replace(b".", b"%2e")
    for port in ports:
        number = port.to_bytes(2, "big")
        if len(raw) < 256:
            yield "socks", b"\x05\x01\x00\x03" + bytes([len(raw)]) + raw + number
    yield "socks", raw + b"\0"
    yield from _base64_forms(lower)


def _base64_forms(text: str) -> Iterator[tuple[str, bytes]]:
    """The middle of the base64 text at each of the three alignments, without the characters its neighbours change."""
    raw = text.encode("ascii", "ignore")
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        first = (0, 2, 3)[shift]
        last = (len(raw) + shift) * 8 // 6
        middle = encoded[first:last]
        if len(middle) >= 2 * SHORTEST_BYTES:
            yield "base64", middle
