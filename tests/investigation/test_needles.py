"""Every way in which a command may name a destination is searched for."""

import base64

import pytest

from mailscope.investigation.needles import needles

COMMANDS = {
    "plain": b"CONNECT 192.0.2.67:25 HTTP/1.0",
    "socks4": b"\x04\x01\x00\x19\xc0\x00\x02\x43",
    "socks5": b"\x05\x01\x00\x01\xc0\x00\x02\x43\x00\x19",
    "number": b"GET http://3221226051:25/ HTTP/1.0",
    "hexadecimal": b"c0000243",
    "dotted hexadecimal": b"http://0xc0.0x0.0x2.0x43:25/",
    "octal": b"http://0300.0000.0002.0103:25/",
    "percent": b"http://192%2E0%2E2%2E67:25/",
    "percent all": "".join(f"%{ord(c):02X}" for c in "192.0.2.67").encode(),
    "mapped": b"CONNECT [::ffff:c000:243]:25",
    "base64": base64.b64encode(b"CONNECT 192.0.2.67:25 HTTP/1.0"),
    "base64 shifted": base64.b64encode(b"x CONNECT 192.0.2.67:25 HTTP/1.0"),
    "base64 shifted twice": base64.b64encode(b"xy CONNECT 192.0.2.67:25 HTTP/1.0"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_address_is_found_in_every_form(command):
    assert any(pattern in command for _id, _form, pattern in needles(["192.0.2.67"]))


def test_other_addresses_are_not_found():
    for command in (b"CONNECT 192.0.2.66:25 HTTP/1.0", b"\x04\x01\x00\x19\xc0\x00\x02\x42", b"3221226050"):
        assert not any(pattern in command for _id, _form, pattern in needles(["192.0.2.67"]))


def test_names_and_ipv6_are_searched_too():
    found = needles(["2001:db8::25"], ["mx.victim.example"])
    for command in (
        b"CONNECT [2001:db8::25]:25",
        b"\x05\x01\x00\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x25\x00\x19",
        b"CONNECT mx.victim.example:25",
        b"\x05\x01\x00\x03\x11mx.victim.example\x00\x19",
    ):
        assert any(pattern in command for _id, _form, pattern in found)


def test_no_pattern_is_short_or_twice():
    found = needles(["192.0.2.67", "192.0.2.67", "1.1.1.1"], ["a.b", "mx.victim.example"])
    assert all(len(pattern) >= 6 for _id, _form, pattern in found)
    assert len({(name, pattern) for name, _form, pattern in found}) == len(found)
