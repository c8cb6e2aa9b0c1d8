"""One recording gives one answer: merged, cut into files, in any order, or seen at two points."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.reference.scoring import shared
from tests.whole import reading

pytestmark = pytest.mark.long

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "link.pcap"
ROTATED = shared() / "scenarios" / "s2-phishing-intrusion"
HEADER = 24

Record = tuple[int, bytes]


def records(capture: bytes) -> Iterator[Record]:
    """Time in microseconds and bytes of every packet of a little-endian pcap file."""
    at = HEADER
    while at + 16 <= len(capture):
        seconds, us, kept, _ = struct.unpack_from("<IIII", capture, at)
        yield seconds * 1_000_000 + us, capture[at + 16 : at + 16 + kept]
        at += 16 + kept


def written(path: Path, header: bytes, packets: list[Record]) -> Path:
    """A pcap file of these packets."""
    with path.open("wb") as out:
        out.write(header[:HEADER])
        for us, packet in packets:
            out.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(packet), len(packet)) + packet)
    return path


def next_hop(packets: list[Record], clock_us: int) -> list[Record]:
    """The same packets behind a router, by another clock: Ethernet with IPv4."""

    def passed(packet: bytes) -> bytes:
        is_ip = packet[12:14] == b"\x08\x00"
        return packet[:22] + bytes([packet[22] - 1]) + packet[23:] if is_ip else packet

    return [(us + clock_us, passed(packet)) for us, packet in packets]


@pytest.fixture(scope="module")
def example() -> list[Record]:
    return list(records(EXAMPLE.read_bytes()))


@pytest.fixture(scope="module")
def expected() -> reading.Rows:
    return reading.without_place(reading.rows(EXAMPLE))


def test_the_example_cut_anywhere_gives_the_same_rows(
    example: list[Record], expected: reading.Rows, tmp_path: Path
) -> None:
    header = EXAMPLE.read_bytes()
    random = Random(1)
    borders = sorted({0, len(example), *random.sample(range(1, len(example)), 6)})
    pairs = zip(borders, borders[1:], strict=False)
    parts = [written(tmp_path / f"{n}.pcap", header, example[a:b]) for n, (a, b) in enumerate(pairs)]
    random.shuffle(parts)
    assert reading.without_place(reading.rows(*parts)) == expected


@pytest.mark.parametrize("clock_us", [0, 3_000_000])
def test_the_example_seen_again_behind_a_router_gives_the_same_rows(
    clock_us: int, example: list[Record], expected: reading.Rows, tmp_path: Path
) -> None:
    header = EXAMPLE.read_bytes()
    third = len(example) // 3
    near = written(tmp_path / "near.pcap", header, example[: 2 * third])
    far = written(tmp_path / "far.pcap", header, next_hop(example[third:], clock_us))
    tables, inputs = reading.read([far, near])
    assert inputs[0]["clock_reference"] == str(near)
    assert inputs[0]["clock_offset_us"] == clock_us
    assert inputs[0]["duplicates"] + inputs[1]["duplicates"] == third
    assert reading.without_place(tables) == expected


def test_a_rotated_recording_gives_the_rows_of_the_merged_one_in_any_order(tmp_path: Path) -> None:
    parts = sorted(ROTATED.glob("capture_*.pcap"))
    if not parts:
        pytest.skip(f"{ROTATED} is missing")
    merged = tmp_path / "merged.pcap"
    merged.write_bytes(parts[0].read_bytes() + b"".join(part.read_bytes()[HEADER:] for part in parts[1:]))
    whole, inputs = reading.read([merged])
    assert inputs[0]["duplicates"] == 0
    shuffled = list(parts)
    Random(2).shuffle(shuffled)
    expected = reading.without_place(whole)
    assert expected["http_parameters"]
    assert expected["messages"]
    for order in (parts, parts[::-1], shuffled):
        tables, inputs = reading.read(order)
        assert all(entry["clock_offset_us"] is None for entry in inputs)
        assert reading.without_place(tables) == expected
