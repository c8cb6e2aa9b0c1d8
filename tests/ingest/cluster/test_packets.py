"""Packets of files as the core counts them."""

import contextlib
import gzip
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailscope.errors import InputError
from mailscope.ingest.captures import read
from mailscope.ingest.cluster.packets import packets, pcapng_head, pcapng_interface, pcapng_packet

EXAMPLE = Path(__file__).parents[3] / "examples" / "link.pcap"


def pcap(order, magic, records):
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack(order + "IIII", 7, part, len(data), 99) + data for part, data in records)


def read_back(tmp_path, data):
    (tmp_path / "file").write_bytes(data)
    return list(packets(tmp_path / "file"))


@pytest.mark.parametrize(
    ("order", "magic", "unit"), [("<", 0xA1B2C3D4, 1000), (">", 0xA1B2C3D4, 1000), ("<", 0xA1B23C4D, 1)]
)
def test_pcap_of_any_byte_order_and_unit_is_read_plain_and_compressed(tmp_path, order, magic, unit):
    data = pcap(order, magic, [(5, b"one"), (6, b"")])
    found = read_back(tmp_path, data)
    assert found == [(1, 7_000_000_000 + 5 * unit, 1, 99, b"one"), (2, 7_000_000_000 + 6 * unit, 1, 99, b"")]
    assert read_back(tmp_path, gzip.compress(data)) == found
    assert read_back(tmp_path, data[:-1]) == found[:1]
    assert read_back(tmp_path, gzip.compress(data)[:-4]) == found


def test_what_is_written_as_pcapng_is_read_back_with_its_link_types(tmp_path):
    written = [(1_795_291_549_123_456_789, 0, 60, b"abc"), (1_795_291_549_123_456_790, 1, 3, b"defg")]
    data = pcapng_head() + pcapng_interface(1) + pcapng_interface(276)
    data += b"".join(pcapng_packet(index, time, length, kept) for time, index, length, kept in written)
    assert read_back(tmp_path, data) == [
        (1, written[0][0], 1, 60, b"abc"), (2, written[1][0], 276, 3, b"defg")]  # fmt: skip


def test_the_packets_are_those_that_the_core_counts():
    assert sum(1 for _packet in packets(EXAMPLE)) == read([EXAMPLE]).inputs[0]["packets"]


def test_what_is_no_capture_is_said(tmp_path):
    with pytest.raises(InputError, match="no capture"):
        read_back(tmp_path, b"hello, world")


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x0a\x0d\x0d\x0a", pcapng_head() + pcapng_interface(1)]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_packets_or_an_error_of_ours(tmp_path_factory, data, head):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + data)
    with contextlib.suppress(InputError):
        assert len(list(packets(path))) <= 300
