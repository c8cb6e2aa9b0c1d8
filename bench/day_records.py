"""A day of a large network's flow records, made fast: as Arrow batches for the store, and as files for nfdump.

One record is one direction, as NetFlow v5 exports them. 65,536 own hosts, 1.5 million others. Conversations: 48 %
web, 19 % DNS, 9 % QUIC, 8 % tried from outside and unanswered, 5 % to own web servers, 4 % file sharing (two of five
unanswered), 2 % NTP, 1.5 % ping, 2.2 % mail, the rest other TCP. Mail: 25,000 users of few servers, 40 mail servers,
6 newsletters, 250 spammers that reach strangers, a third of them unanswered. 20 own hosts scan, 2 ping without end.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

OWN = "10.64.0.0/16"
DAY = datetime(2026, 3, 3, tzinfo=UTC)
DAY_MS = 86_400_000
OTHERS = 1_500_000
OWN_HOSTS = 65_536
BATCH = 1_000_000
TCP, UDP, ICMP = 6, 17, 1
WHOLE, SYN = 0x1B, 0x02
MAIL_SERVERS, NEWSLETTERS, USERS, SPAMMERS, SCANNERS, PINGERS = 40, 6, 25_000, 250, 20, 2
_FIRST = np.cumsum([0, MAIL_SERVERS, NEWSLETTERS, SPAMMERS, SCANNERS, PINGERS])
"""Numbers of the first own host of each kind; the users of mail come after them."""

_SHARES = {
    "web": 0.48,
    "dns": 0.19,
    "quic": 0.09,
    "tried": 0.08,
    "served": 0.05,
    "sharing": 0.04,
    "ntp": 0.02,
    "ping": 0.015,
    "mail": 0.022,
    "scan": 0.003,
    "other": 0.01,
}


@dataclass
class Conversations:
    """Columns of equal length; addresses are numbers into the pool: own hosts first, then the others."""

    client: np.ndarray
    server: np.ndarray
    client_port: np.ndarray
    server_port: np.ndarray
    proto: np.ndarray
    is_answered: np.ndarray
    packets: np.ndarray
    size: np.ndarray
    icmp_type: np.ndarray


class Pool:
    """All addresses, as text and as numbers."""

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        base = int(ipaddress.ip_network(OWN).network_address)
        own = base + np.arange(OWN_HOSTS, dtype=np.uint32)
        others = np.unique(rng.integers(0x2E000000, 0x5F000000, OTHERS + 50_000, dtype=np.uint32))
        self.numbers = np.concatenate([own, rng.permutation(others)[:OTHERS]]).astype(np.uint32)
        octets = [(self.numbers >> shift) & 255 for shift in (24, 16, 8, 0)]
        self.text = pa.array([f"{a}.{b}.{c}.{d}" for a, b, c, d in zip(*octets, strict=True)])


def conversations(rng: np.random.Generator, count: int) -> Conversations:
    """So many, of all kinds, in the order of the kinds."""
    counts = rng.multinomial(count, list(_SHARES.values()))
    made = [_kind(rng, kind, int(n)) for kind, n in zip(_SHARES, counts, strict=True)]
    return Conversations(*[np.concatenate([getattr(one, name) for one in made]) for name in _NAMES])


_NAMES = ("client", "server", "client_port", "server_port", "proto", "is_answered", "packets", "size", "icmp_type")


def _busy(rng: np.random.Generator, n: int, pool: int, first: int, skew: float) -> np.ndarray:
    """Numbers from `first`, the low ones more often: the inverse of a power law."""
    return first + (pool * rng.random(n) ** skew).astype(np.int64)


def _kind(rng: np.random.Generator, kind: str, n: int) -> Conversations:
    own, other = _busy(rng, n, OWN_HOSTS - 400, 400, 1.6), _busy(rng, n, OTHERS, OWN_HOSTS, 5.0)
    high, full = rng.integers(32_768, 61_000, n), np.ones(n, bool)
    packets, size = 4 + rng.geometric(0.06, n), rng.integers(60, 1200, n)
    tcp, udp, zero = np.full(n, TCP), np.full(n, UDP), np.zeros(n, np.int64)
    few, small = np.full(n, 1), rng.integers(60, 180, n)

    def whole(client: np.ndarray, server: np.ndarray, port: np.ndarray, answered: np.ndarray = full) -> Conversations:
        return Conversations(client, server, high, port, tcp, answered, packets, size, zero)

    def bare(client: np.ndarray, server: np.ndarray, port: np.ndarray, answered: np.ndarray) -> Conversations:
        return Conversations(client, server, high, port, tcp, answered, few, few * 44, zero)

    def datagram(server: np.ndarray, port: int) -> Conversations:
        return Conversations(own, server, high, np.full(n, port), udp, full, few, small, zero)

    if kind == "web":
        return whole(own, other, rng.choice([443, 80], n, p=[0.85, 0.15]))
    if kind == "quic":
        return Conversations(own, other, high, np.full(n, 443), udp, full, packets, size, zero)
    if kind == "dns":
        popular = OWN_HOSTS + rng.integers(0, 40, n)
        return datagram(np.where(rng.random(n) < 0.7, popular, _busy(rng, n, 100_000, OWN_HOSTS, 3)), 53)
    if kind == "ntp":
        return datagram(_busy(rng, n, 2000, OWN_HOSTS, 3), 123)
    if kind == "ping":
        target = np.where(rng.random(n) < 0.05, OWN_HOSTS + 7, other)
        source = np.where(rng.random(n) < 0.05, _FIRST[4] + rng.integers(0, PINGERS, n), own)
        return Conversations(source, target, zero, zero, np.full(n, ICMP), full, few * 4, few * 84, zero + 8)
    if kind == "tried":
        source, target = _busy(rng, n, 80_000, OWN_HOSTS + 900_000, 3), rng.integers(0, OWN_HOSTS, n)
        return bare(source, target, rng.choice([22, 23, 80, 443, 445, 3389, 5900, 8080], n), rng.random(n) < 0.02)
    if kind == "served":
        return whole(other, 300 + rng.integers(0, 100, n), np.full(n, 443))
    if kind == "sharing":
        return whole(own % 4000 + 400, other, 1024 + ((other * 7919) % 60_000), rng.random(n) > 0.4)
    if kind == "scan":
        source = _FIRST[3] + rng.integers(0, SCANNERS, n)
        return bare(source, OWN_HOSTS + rng.integers(0, OTHERS, n), np.array([445, 22, 23, 17300])[source % 4], ~full)
    if kind == "mail":
        return _mail(rng, n)
    return whole(own, other, rng.choice([993, 5222, 8443, 22, 1935], n))


def _mail(rng: np.random.Generator, n: int) -> Conversations:
    """Users 35 %, servers out 25 % and in 25 %, newsletters 5 %, spammers 10 %."""
    kind = rng.choice(5, n, p=[0.35, 0.25, 0.25, 0.05, 0.10])
    user = _FIRST[-1] + 200 + (rng.random(n) ** 1.5 * USERS).astype(np.int64)
    popular, stranger = _busy(rng, n, 40_000, OWN_HOSTS, 4.0), _busy(rng, n, 600_000, OWN_HOSTS, 1.0)
    server = rng.integers(0, MAIL_SERVERS, n)
    news, spam = _FIRST[1] + rng.integers(0, NEWSLETTERS, n), _FIRST[2] + (rng.random(n) ** 2 * SPAMMERS).astype(int)
    own = [user, server, popular, news, spam]
    far = [OWN_HOSTS + (user * 31 + rng.integers(0, 2, n)) % 300, popular, server, popular, stranger]
    port = np.where(kind == 0, rng.choice([587, 465, 25], n, p=[0.6, 0.25, 0.15]), 25)
    is_answered = np.where(kind == 4, rng.random(n) > 0.35, rng.random(n) > 0.03)
    packets = np.where(kind == 4, 8 + rng.geometric(0.3, n), 10 + rng.geometric(0.05, n))
    size = np.where(kind == 4, rng.integers(70, 300, n), rng.integers(200, 1100, n))
    return Conversations(
        np.choose(kind, own), np.choose(kind, far), rng.integers(20_000, 61_000, n), port, np.full(n, TCP),
        is_answered, packets, size, np.zeros(n, np.int64),
    )  # fmt: skip


@dataclass
class Records:
    """One batch: both directions of answered conversations, one of the others, sorted by time."""

    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.columns["start_ms"])


def batches(records: int, seed: int = 1) -> Iterator[Records]:
    """A day of about so many records, in the order of time."""
    rng, left = np.random.default_rng(seed), records
    done = 0
    while left > 0:
        size = min(BATCH, left)
        begin, end = (int(DAY_MS * part / records) for part in (done, done + size))
        made = _records(rng, size, begin, end)
        yield made
        done, left = done + size, left - size


def _records(rng: np.random.Generator, count: int, begin: int, end: int) -> Records:
    some = conversations(rng, int(count / 1.8))
    start = rng.integers(begin, max(end, begin + 1), len(some.client))
    took = np.minimum(some.packets * rng.integers(5, 900, len(start)), 300_000)
    flags = np.where(some.proto == TCP, np.where(some.is_answered, WHOLE, SYN), 0)
    sent = np.where(some.is_answered | (some.proto != TCP), some.packets, 1)
    forward = {
        "src": some.client, "dst": some.server, "sport": some.client_port, "dport": some.server_port,
        "proto": some.proto, "flags": flags, "packets": sent, "bytes": sent * np.where(sent == 1, 60, some.size),
        "icmp": some.icmp_type, "start_ms": start, "end_ms": start + np.where(sent == 1, 0, took),
    }  # fmt: skip
    there = np.flatnonzero(some.is_answered)
    back = {name: column[there] for name, column in forward.items()}
    back |= {"src": back["dst"], "dst": back["src"], "sport": back["dport"], "dport": back["sport"]}
    back |= {"icmp": np.zeros(len(there), np.int64), "bytes": back["bytes"] * 2}
    order = np.argsort(np.concatenate([forward["end_ms"], back["end_ms"]]), kind="stable")[:count]
    return Records({name: np.concatenate([forward[name], back[name]])[order] for name in forward})


def arrow_table(records: Records, pool: Pool, number: int) -> pa.Table:
    """The batch as `flow_records`."""
    from mailscope.ingest.flow_rows import arrow_schema

    size, columns = len(records), records.columns
    start = columns["start_ms"] * 1000 + int(DAY.timestamp()) * 1_000_000
    end = columns["end_ms"] * 1000 + int(DAY.timestamp()) * 1_000_000
    proto = pa.DictionaryArray.from_arrays(
        pa.array(np.where(columns["proto"] == TCP, 0, np.where(columns["proto"] == UDP, 1, 2)).astype(np.int8)),
        pa.array(["tcp", "udp", "icmp"]),
    )
    made = {
        "input": constant("udp:0.0.0.0:9995@2026-03-03T00:00:00.000Z", size),
        "datagram": np.arange(size, dtype=np.uint64) // 30 + number * BATCH // 30,
        "record": np.arange(size, dtype=np.uint64) + number * BATCH,
        "start": start,
        "end": end,
        "format": constant("netflow-v5", size),
        "exporter": constant("192.0.2.1", size),
        "observation_domain": np.zeros(size, np.uint32),
        "sequence": (np.arange(size) + number * BATCH).astype(np.uint32),
        "proto": proto.cast(pa.string()),
        "src_addr": pool.text.take(pa.array(columns["src"])),
        "src_port": columns["sport"].astype(np.uint16),
        "dst_addr": pool.text.take(pa.array(columns["dst"])),
        "dst_port": columns["dport"].astype(np.uint16),
        "icmp_type": pa.array(columns["icmp"].astype(np.uint8), mask=columns["proto"] != ICMP),
        "tcp_flags": columns["flags"].astype(np.uint8),
        "packets": columns["packets"].astype(np.uint64),
        "bytes": columns["bytes"].astype(np.uint64),
        "sampling": np.ones(size, np.uint32),
        "packets_est": columns["packets"].astype(np.uint64),
        "bytes_est": columns["bytes"].astype(np.uint64),
        "input_if": np.full(size, 1, np.uint32),
        "output_if": np.full(size, 2, np.uint32),
        "tos": np.zeros(size, np.uint8),
    }
    arrays = []
    for field in arrow_schema():
        value = made.get(field.name)
        array = (
            pa.nulls(size, field.type) if value is None else pa.array(value) if isinstance(value, np.ndarray) else value
        )
        arrays.append(array.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=arrow_schema())


def constant(text: str, size: int) -> pa.Array:
    """The same text so many times."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int8)), pa.array([text])).cast(pa.string())


_V3 = np.dtype(
    [
        *(("kind", "<u2"), ("length", "<u2"), ("elements", "<u2"), ("engine", "<u2"), ("exporter", "<u2")),
        *(("flags", "u1"), ("version", "u1"), ("generic", "<u2"), ("generic_length", "<u2")),
        *(("first", "<u8"), ("last", "<u8"), ("received", "<u8"), ("packets", "<u8"), ("bytes", "<u8")),
        *(("sport", "<u2"), ("dport", "<u2"), ("proto", "u1"), ("tcp_flags", "u1"), ("status", "u1"), ("tos", "u1")),
        *(("v4", "<u2"), ("v4_length", "<u2"), ("src", "<u4"), ("dst", "<u4")),
    ]
)
"""Record of nfdump 1.7 with EXgenericFlow (1) and EXipv4Flow (2): nfxV3.h of nfdump."""

_HEAD = np.dtype(
    [
        *(("magic", "<u2"), ("layout", "<u2"), ("made_by", "<u4"), ("created", "<u8"), ("coding", "<u4")),
        *(("unused", "<u4"), ("appendix", "<u8"), ("block", "<u4"), ("blocks", "<u4")),
    ]
)

_BLOCK_RECORDS = 13_000
"""About a mebibyte, as nfcapd's own blocks."""


def write_nfcapd(file: Path, records: Records, pool: Pool) -> None:
    """The batch as one uncompressed file of nfdump 1.7, layout 2: header, then blocks of records."""
    columns, rows = records.columns, np.zeros(len(records), _V3)
    rows["kind"], rows["length"], rows["elements"], rows["version"] = 11, _V3.itemsize, 2, 5
    rows["generic"], rows["generic_length"], rows["v4"], rows["v4_length"] = 1, 52, 2, 12
    base = int(DAY.timestamp()) * 1000
    rows["first"] = base + columns["start_ms"]
    rows["last"] = rows["received"] = base + columns["end_ms"]
    rows["src"], rows["dst"] = pool.numbers[columns["src"]], pool.numbers[columns["dst"]]
    rows["dport"] = np.where(columns["proto"] == ICMP, columns["icmp"] << 8, columns["dport"])
    rows["tcp_flags"] = columns["flags"]
    for name in ("packets", "bytes", "sport", "proto"):
        rows[name] = columns[name]
    blocks = [rows[at : at + _BLOCK_RECORDS] for at in range(0, len(rows), _BLOCK_RECORDS)]
    head = np.zeros(1, _HEAD)
    head["magic"], head["layout"], head["made_by"], head["created"] = 0xA50C, 2, 0x01070100, base // 1000
    head["block"], head["blocks"] = 1 << 20, len(blocks)
    with file.open("wb") as out:
        out.write(head.tobytes())
        for block in blocks:
            out.write(np.array([len(block), block.nbytes], "<u4").tobytes() + np.array([3, 0], "<u2").tobytes())
            out.write(block.tobytes())
