"""A capture cut at any byte gives what came before the cut, and says so."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from mailscope.errors import InputError
from tests.fixtures import wire
from tests.whole import reading, traffic

pytestmark = pytest.mark.long

PACKETS = traffic.everything()
CUTS = 60


def whole_packets(data: bytes, *, pcapng: bool) -> int:
    """How many records lie wholly in front of the cut."""
    count, at = 0, 0 if pcapng else 24
    while at + 16 <= len(data):
        length = (
            int.from_bytes(data[at + 4 : at + 8], "little")
            if pcapng
            else 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        )
        if at + length > len(data):
            break
        count += not pcapng or data[at : at + 4] == b"\x06\0\0\0"
        at += length
    return count


@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
def test_cut_capture_reads_like_its_whole_packets(suffix: str, tmp_path: Path) -> None:
    make = wire.pcapng_bytes if suffix == ".pcapng" else wire.pcap_bytes
    data = make(PACKETS)
    random = Random(7)
    for at in sorted(random.sample(range(100, len(data)), CUTS)):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "b").mkdir(exist_ok=True)
        cut, prefix = tmp_path / "a" / f"x{suffix}", tmp_path / "b" / f"x{suffix}"
        cut.write_bytes(data[:at])
        count = whole_packets(data[:at], pcapng=suffix == ".pcapng")
        prefix.write_bytes(make(PACKETS[:count]))
        got, inputs = reading.read([cut])
        assert reading.without_place(got) == reading.without_place(reading.rows(prefix)), f"cut at {at}"
        assert inputs[0]["packets"] == count
        assert inputs[0]["end"] == ("complete" if len(make(PACKETS[:count])) == at else "cut-off-record")


def test_capture_cut_in_its_header_is_named(tmp_path: Path) -> None:
    data = wire.pcap_bytes(PACKETS)
    for at in range(25):
        path = tmp_path / "x.pcap"
        path.write_bytes(data[:at])
        try:
            tables, inputs = reading.read([path])
        except InputError as error:
            assert "x.pcap" in str(error)  # noqa: PT017
        else:
            assert not any(tables.values())
            assert inputs[0]["end"]


@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
def test_capture_with_damaged_bytes_raises_nothing(suffix: str, tmp_path: Path) -> None:
    make = wire.pcapng_bytes if suffix == ".pcapng" else wire.pcap_bytes
    data, random = make(PACKETS), Random(11)
    for _ in range(CUTS):
        damaged = bytearray(data)
        for _ in range(random.randrange(1, 40)):
            damaged[random.randrange(28, len(data))] = random.randrange(256)
        path = tmp_path / f"x{suffix}"
        path.write_bytes(damaged)
        _, inputs = reading.read([path])
        assert inputs[0]["end"]
