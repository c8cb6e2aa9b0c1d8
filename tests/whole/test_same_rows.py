"""The same packets give the same rows, in whatever files and formats they come."""

from __future__ import annotations

import gzip
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow.parquet as parquet
import pytest

from tests.fixtures import wire
from tests.whole import reading, traffic

zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")

PACKETS = traffic.everything()
PLAIN = wire.pcap_bytes(PACKETS)

ENCODINGS: dict[str, Callable[[], bytes]] = {
    "pcap-big-endian": lambda: wire.pcap_bytes(PACKETS, big_endian=True),
    "pcap-nanoseconds": lambda: wire.pcap_bytes(PACKETS, nano=True),
    "pcap-big-endian-nanoseconds": lambda: wire.pcap_bytes(PACKETS, big_endian=True, nano=True),
    "pcapng": lambda: wire.pcapng_bytes(PACKETS),
    "pcapng-big-endian-nanoseconds": lambda: wire.pcapng_bytes(PACKETS, big_endian=True, nano=True),
    "gzip": lambda: gzip.compress(PLAIN),
    "gzip-members": lambda: gzip.compress(PLAIN[:5000]) + gzip.compress(PLAIN[5000:]),
    "gzip-pcapng": lambda: gzip.compress(wire.pcapng_bytes(PACKETS)),
    "zstd": lambda: zstandard.compress(PLAIN),
    "zstd-frames": lambda: zstandard.compress(PLAIN[:5000]) + zstandard.compress(PLAIN[5000:]),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> reading.Rows:
    path = tmp_path_factory.mktemp("plain") / "x.pcap"
    path.write_bytes(PLAIN)
    return reading.rows(path)


def test_capture_holds_something_of_every_table(expected: reading.Rows) -> None:
    empty = [name for name, rows in expected.items() if not rows and name not in ("tls_handshakes", "sightings")]
    assert not empty


def test_reading_twice_gives_identical_tables(expected: reading.Rows, tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(PLAIN)
    first, second = reading.rows(path), reading.rows(path)
    assert first == second
    assert reading.without_place(first) == reading.without_place(expected)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoding_changes_no_row(encoding: str, expected: reading.Rows, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(ENCODINGS[encoding]())
    tables, inputs = reading.read([path])
    assert inputs[0]["end"] == "complete"
    assert reading.without_place(tables) == reading.without_place(expected)


@pytest.mark.parametrize("seed", range(6))
def test_split_files_in_any_order_give_the_rows_of_the_whole(seed: int, expected: reading.Rows, tmp_path: Path) -> None:
    random = Random(seed)
    borders = [0, *sorted(random.sample(range(1, len(PACKETS)), random.randrange(1, 9))), len(PACKETS)]
    paths = []
    for i, (start, stop) in enumerate(itertools.pairwise(borders)):
        suffix = random.choice([".pcap", ".pcapng"])
        paths.append(wire.write(tmp_path / f"part-{i}{suffix}", PACKETS[start:stop]))
    random.shuffle(paths)
    assert reading.without_place(reading.rows(*paths)) == reading.without_place(expected)


def test_two_captures_of_interleaved_packets_are_one_input(expected: reading.Rows, tmp_path: Path) -> None:
    paths = [
        wire.write(tmp_path / "up.pcap", [p for p in PACKETS if p.from_client]),
        wire.write(tmp_path / "down.pcap", [p for p in PACKETS if not p.from_client]),
    ]
    assert reading.without_place(reading.rows(*paths)) == reading.without_place(expected)


@pytest.mark.parametrize("encoding", ["pcap-big-endian", "pcapng", "gzip", "zstd"])
def test_standard_input_gives_the_rows_of_the_file(encoding: str, expected: reading.Rows, tmp_path: Path) -> None:
    case = tmp_path / "case"
    command = [sys.executable, "-m", "mailscope", "tables", "-", "-o", str(case)]
    subprocess.run(command, input=ENCODINGS[encoding](), check=True, capture_output=True)
    tables = {path.stem: parquet.read_table(path).to_pylist() for path in case.rglob("*.parquet")}
    assert tables.keys() == expected.keys()
    assert reading.without_place(tables) == reading.without_place(expected)


def test_link_types_change_only_what_counts_frames(tmp_path: Path) -> None:
    def read(link: int) -> reading.Rows:
        packets = traffic.talk("smtp", 1, link=link).fin().packets
        tables = reading.without_place(reading.rows(wire.write(tmp_path / f"{link}.pcap", packets, link=link)))
        for row in tables["flows"]:
            del row["orig_wire_bytes"], row["resp_wire_bytes"]
        return tables

    plain = read(wire.ETHERNET)
    for link in (wire.RAW_IP, wire.LINUX_SLL, wire.NULL_LOOPBACK):
        assert read(link) == plain
