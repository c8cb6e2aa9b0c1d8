"""Which packets stay together, and which are no sessions."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailscope.ingest.cluster.hosts import OTHER, key_of, may_hold_sessions

A, B = ip_address("192.0.2.1").packed, ip_address("198.51.100.2").packed
A6, B6 = ip_address("2001:db8::1").packed, ip_address("2001:db8::2").packed


def ipv4(src=A, dst=B, proto=6, payload=b"\x9c\x40\x00\x19", fragment=0):
    return struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, fragment, 64, proto, 0) + src + dst + payload


def ipv6(src=A6, dst=B6):
    return struct.pack(">IHBB", 6 << 28, 0, 6, 64) + src + dst


MACS = bytes(12)
HEADS = {
    "plain": (1, MACS + b"\x08\x00"),
    "two tags": (1, MACS + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"),
    "pppoe": (1, MACS + b"\x88\x64" + bytes(6) + b"\x00\x21"),
    "two labels": (1, MACS + b"\x88\x47" + b"\x00\x00\x10\x40" + b"\x00\x00\x11\x40"),
    "cooked": (113, bytes(14) + b"\x08\x00"),
    "cooked 2": (276, b"\x08\x00" + bytes(18)),
    "loopback": (0, b"\x02\x00\x00\x00"),
    "raw": (101, b""),
}


@pytest.mark.parametrize("name", HEADS)
def test_both_directions_have_one_key_whatever_stands_before(name):
    link, head = HEADS[name]
    assert key_of(link, head + ipv4()) == key_of(link, head + ipv4(B, A)) == A + B


def test_ipv6_has_one_too_and_what_is_unknown_stays_together():
    assert key_of(101, ipv6(B6, A6)) == A6 + B6
    assert key_of(1, MACS + b"\x08\x06" + bytes(28)) == key_of(147, b"x") == key_of(101, b"\x45") == OTHER


def test_chatter_is_left_out_and_sessions_names_fragments_and_the_unknown_are_kept():
    def kept(**parts):
        return may_hold_sessions(101, ipv4(**parts))

    ntp, dns = struct.pack(">HH", 40000, 123), struct.pack(">HH", 53, 40000)
    assert not kept(proto=17, payload=ntp)
    assert not kept(proto=1)
    assert not may_hold_sessions(1, MACS + b"\x08\x06" + bytes(28))
    assert kept()
    assert kept(proto=17, payload=dns)
    assert kept(proto=17, payload=ntp, fragment=1)
    assert kept(proto=47)
    assert may_hold_sessions(147, b"")


@given(st.integers(0, 300), st.binary(max_size=80))
def test_any_bytes_have_a_key(link_type, data):
    assert len(key_of(link_type, data)) in (0, 8, 32)
    may_hold_sessions(link_type, data)
