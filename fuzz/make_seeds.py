"""Writes the corpus that fuzzing starts from: `fuzz/corpus/TARGET/seed-*`.

    python fuzz/make_seeds.py

Streams come from the transcripts in `fuzz/seeds/TARGET/*.txt` (their syntax: tests/fixtures/wire.py), in
the layout of crates/fuzzed/src/script.rs. Captures are made by tests/fixtures/wire.py.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ.parent))

from tests.fixtures import wire  # noqa: E402
from tests.whole import traffic  # noqa: E402

# Place of the server's port in script.rs, and other targets that start from the same conversations.
STREAMS = {
    "stack": (0, []),
    "smtp": (0, ["smtp_client", "smtp_server"]),
    "pop3": (3, []),
    "imap": (5, []),
    "http": (8, []),
    "socks": (9, []),
    "tls": (10, []),
}


def steps(transcript: str) -> Iterator[bytes]:
    """The steps of a transcript as bytes."""
    run: tuple[int, bytes] | None = None
    for line in transcript.splitlines():
        if line[:1] not in ("C", "S") or line[1:2] not in (":", ">", "-"):
            continue
        side, kind, rest = int(line[0] == "S"), line[1], line[3:]
        if run and (run[0] != side or kind == "-"):
            yield data(*run)
            run = None
        if kind == "-":
            yield bytes([side | 4]) + int(rest).to_bytes(2, "little")
            continue
        escaped = rest.encode("latin-1").decode("unicode_escape").encode("latin-1") if kind == ">" else b""
        raw = rest.encode() + b"\r\n" if kind == ":" else escaped
        run = (side, (run[1] if run else b"") + raw)
    if run:
        yield data(*run)


def data(side: int, content: bytes) -> bytes:
    """One step of data."""
    return bytes([side]) + len(content).to_bytes(2, "little") + content


def segments(packets: list[wire.Packet]) -> bytes:
    """A stream's segments as the `engine` target reads them: side, offset, length, milliseconds."""
    ends, out = {True: 0, False: 0}, b""
    for packet in packets:
        if packet.payload:
            side = bool(packet.from_client)
            place, length = ends[side], len(packet.payload)
            out += bytes([not side]) + place.to_bytes(2, "little") + length.to_bytes(2, "little") + b"\1"
            ends[side] += len(packet.payload)
    return out


def frames(packets: list[wire.Packet]) -> bytes:
    """Frames as the `packets` target reads them: link type, milliseconds, length, bytes."""
    return b"".join(bytes([0, 1]) + len(p.frame).to_bytes(2, "little") + p.frame for p in packets)


def keep(target: str, name: str, content: bytes) -> None:
    """One seed."""
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content)


# Bodies for the `web` target: byte 0 is type and coding, byte 1 the place (crates/fuzzed/src/web.rs).
PAGE = b"<html><title>Index of /</title>root:x:0:0:root<form action=//e.example/><input type=password></form></html>"
WEB = {
    "form": b"\x00\x02id=1%2527+OR+1%3D1&x=<script>alert(1)</script>&next=%2Flogin%3Fpassword%3Dx",
    "multipart": b'\x01\x02--b\r\nContent-Disposition: form-data; name="f"; filename="a.php"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG<?php eval($_POST['x']);\r\n--b--\r\n",
    "json": b'\x03\x02{"a":{"b":["x",{"password":"p"}]},"u":"\\ud83d\\ude00"}',
    "xml": b'\x04\x02<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<r k="v"><a>&x;</a><![CDATA[d]]></r>',
    "gzip-page": b"\x0e\x00" + gzip.compress(PAGE, mtime=0),
    "deflate-json": b"\x13\x01" + zlib.compress(b'{"a":1}'),
    "brotli": b"\x1f\x02\x0b\x02\x80hello\x03",
    "query": b"\x05\x00id=1+UNION+SELECT+CHAR(113,107)||0x716b6a71&q=%E5%AF%86&a;b=c",
    "cookie": b'\x06\x01PHPSESSID=abc; lang=../../etc/passwd%00; x="y"',
}


def main() -> None:
    """Writes all seeds."""
    for name, content in WEB.items():
        keep("web", name, content)
    for target, (port, others) in STREAMS.items():
        for path in sorted((FUZZ / "seeds" / target).glob("*.txt")):
            content = bytes([0, port, 7, 7]) + b"".join(steps(path.read_text()))
            for name in (target, *others):
                keep(name, path.stem, content)
    small = traffic.talk("login-pop3", 1).fin().packets
    tagged = wire.Conversation("[2001:db8::9]:40010", "[2001:db8::25]:25", vlans=(5, 7)).say("S: 220 mx").rst().packets
    dns = wire.dns_answer("10.0.1.9", "192.0.2.53", "mx.dept.example", "192.0.2.25")
    for name, packets in {"pop3": small, "vlan-ipv6": tagged, "dns": dns}.items():
        keep("packets", name, frames(packets))
        for target in ("reader", "whole"):
            keep(target, f"{name}.pcap", wire.pcap_bytes(packets))
            keep(target, f"{name}.pcapng", wire.pcapng_bytes(packets, big_endian=True, nano=True))
    keep("whole", "connect.pcap", wire.pcap_bytes(traffic.talk("tunnel-connect", 1).packets))
    keep("engine", "smtp", segments(traffic.talk("smtp", 1, mss=40).packets))
    mime = (FUZZ / "seeds" / "smtp" / "mime.txt").read_text().split("S: 354 go\n")[1].split("C: .\n")[0]
    keep("mail", "mime", b"\0" + "".join(line[3:] + "\r\n" for line in mime.splitlines()).encode())
    for packet, name in zip(dns, ("query", "answer"), strict=True):
        keep("dns", name, packet.payload)


if __name__ == "__main__":
    main()
