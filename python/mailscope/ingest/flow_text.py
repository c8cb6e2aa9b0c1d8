"""Flow records written as text: Zeek's conn.log, Suricata's EVE, CSV of nfdump and Argus, CSV with our own names.

Which of them a file is, its first lines tell. A line that cannot be read is counted with its number and left out.
"""

from __future__ import annotations

import csv
import gzip
import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

LINE_LIMIT = 1_000_000
"""Characters of one line at most."""

BATCH = 50_000
"""Records turned into Arrow at once."""

BAD_LINES_NAMED = 20
"""Numbers of unreadable lines that are kept; all are counted."""

PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6", "ipv6-icmp": "icmp6", "icmp6": "icmp6"}
_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
_ZEEK_PROTO = {"icmp": "icmp"}


@dataclass(slots=True)
class Reading:
    """What was read of one file: its kind, records, and lines that could not be read."""

    path: str
    kind: str
    records: int = 0
    bad_lines: int = 0
    bad_numbers: list[int] = field(default_factory=list)


def kind_of(path: Path) -> str | None:
    """`zeek-conn`, `eve`, `binetflow`, `nfdump` or `csv`; None for what is none of them."""
    try:
        with _opened(path) as file:
            head = [line for _number, line in zip(range(20), file, strict=False)]
    except (OSError, UnicodeDecodeError, EOFError):
        return None
    text = "".join(head)
    if any("\x00" in line for line in head) or not head:
        return None
    if text.startswith("#separator") or '"id.orig_h"' in head[0]:
        return "zeek-conn"
    if head[0].startswith("{") and '"event_type"' in text:
        return "eve"
    names = [name.strip() for name in head[0].strip().split(",")]
    if {"StartTime", "SrcAddr", "DstAddr", "Dport"} <= set(names):
        return "binetflow"
    if (names[:2] == ["ts", "te"] and {"sa", "da"} <= set(names)) or names[:1] == ["firstSeen"]:
        return "nfdump"
    return "csv" if {"src_addr", "dst_addr", "dst_port"} <= set(names) else None


def batches(path: Path, reading: Reading) -> Iterator[pa.RecordBatch]:
    """The records of a file in batches of the schema of `flow_records` (the columns that detectors use)."""
    readers: dict[str, Callable[[Iterable[str]], Iterator[tuple[int, Row | None]]]] = {
        "zeek-conn": _zeek,
        "eve": _eve,
        "binetflow": _table(_binetflow),
        "nfdump": _table(_nfdump),
        "csv": _table(_own),
    }
    rows: list[Row] = []
    with _opened(path) as file:
        for number, row in readers[reading.kind](file):
            if row is None:
                reading.bad_lines += 1
                if len(reading.bad_numbers) < BAD_LINES_NAMED:
                    reading.bad_numbers.append(number)
                continue
            reading.records += 1
            rows.append({"input": str(path), "record": number, "format": reading.kind, **row})
            if len(rows) == BATCH:
                yield _batch(rows)
                rows = []
    if rows:
        yield _batch(rows)


def schema() -> pa.Schema:
    """The columns of `flow_records` that text can tell."""
    import pyarrow as pa

    text, u64, u8, u16 = pa.string(), pa.uint64(), pa.uint8(), pa.uint16()
    moment = pa.timestamp("us", "UTC")
    kinds = {
        "input": text,
        "datagram": u64,
        "record": u64,
        "start": moment,
        "end": moment,
        "format": text,
        "exporter": text,
        "observation_domain": pa.uint32(),
        "proto": text,
        "src_addr": text,
        "src_port": u16,
        "dst_addr": text,
        "dst_port": u16,
        "icmp_type": u8,
        "tcp_flags": u8,
        "packets": u64,
        "bytes": u64,
        "reverse_packets": u64,
        "reverse_bytes": u64,
        "reverse_tcp_flags": u8,
        "sampling": pa.uint32(),
        "event": text,
        "ended": text,
    }
    return pa.schema(list(kinds.items()))


def _batch(rows: list[Row]) -> pa.RecordBatch:
    import pyarrow as pa

    filled = [{"datagram": 0, "sampling": 1, **row} for row in rows]
    return pa.RecordBatch.from_pylist(filled, schema())


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    """Lines of a file, gzip undone; no line is longer than LINE_LIMIT."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    # The codec is the file's own; wrong bytes become replacement characters and then a bad line.
    opened = gzip.open if is_gzip else open
    with opened(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        yield iter(lambda: file.readline(LINE_LIMIT), "")


def _table(read: Callable[[Mapping[str, str]], Row]) -> Callable[[Iterable[str]], Iterator[tuple[int, Row | None]]]:
    def rows(lines: Iterable[str]) -> Iterator[tuple[int, Row | None]]:
        reader = csv.reader(lines)
        names = [name.strip() for name in next(reader, [])]
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield reader.line_num, None
                continue
            # nfdump ends its CSV with a summary of its own.
            if cells[:1] in (["Summary"], ["No matched flows"]):
                return
            if cells:
                yield reader.line_num, _tried(read, dict(zip(names, cells, strict=False)))

    return rows


def _tried(read: Callable[[Any], Row | None], value: Any) -> Row | None:
    try:
        return read(value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _zeek(lines: Iterable[str]) -> Iterator[tuple[int, Row | None]]:
    names: list[str] = []
    for number, line in enumerate(lines, start=1):
        line = line.rstrip("\r\n")
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif line.startswith("{"):
            yield number, _tried(lambda text: _zeek_record(json.loads(text)), line)
        elif line and not line.startswith("#"):
            cells = {name: cell for name, cell in zip(names, line.split("\t"), strict=False) if cell != "-"}
            yield number, _tried(_zeek_record, cells)


def _zeek_record(record: Mapping[str, Any]) -> Row:
    start = datetime.fromtimestamp(float(record["ts"]), UTC)
    proto = str(record.get("proto", "tcp"))
    source, target = _address(record["id.orig_h"]), _address(record["id.resp_h"])
    is_icmp = proto == "icmp"
    row: Row = {
        "start": start,
        "end": start + timedelta(seconds=float(record.get("duration", 0) or 0)),
        "proto": "icmp6" if is_icmp and ":" in source else proto,
        "src_addr": source,
        "dst_addr": target,
        "src_port": 0 if is_icmp else int(record["id.orig_p"]),
        "dst_port": 0 if is_icmp else int(record["id.resp_p"]),
        "icmp_type": int(record["id.orig_p"]) & 0xFF if is_icmp else None,
        "ended": record.get("conn_state"),
    }
    if "orig_pkts" in record:
        row |= {"packets": int(record["orig_pkts"]), "reverse_packets": int(record.get("resp_pkts", 0))}
        row |= {"bytes": _count(record, "orig_ip_bytes"), "reverse_bytes": _count(record, "resp_ip_bytes")}
    elif "conn_state" not in record:
        # A line of smtp.log: both sides spoke, sizes are not told.
        row |= {"tcp_flags": 0x1B, "reverse_tcp_flags": 0x1B}
    return row


def _count(record: Mapping[str, Any], name: str) -> int | None:
    return int(record[name]) if record.get(name) is not None else None


def _eve(lines: Iterable[str]) -> Iterator[tuple[int, Row | None]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _tried(lambda text: _eve_record(json.loads(text)), line)
            if row != {}:
                yield number, row


def _eve_record(event: Mapping[str, Any]) -> Row:
    """The row of a `flow` or `netflow` event; nothing of any other."""
    kind = event["event_type"]
    if kind not in ("flow", "netflow"):
        return {}
    told = event[kind]
    tcp = event.get("tcp", {})
    proto = str(event["proto"]).lower()
    is_icmp = "icmp" in proto
    start, end = _moment(told["start"]), _moment(told.get("end", told["start"]))
    row: Row = {
        "start": start,
        "end": end,
        "proto": PROTOCOLS.get(proto, proto),
        "src_addr": _address(event["src_ip"]),
        "dst_addr": _address(event["dest_ip"]),
        "src_port": 0 if is_icmp else int(event.get("src_port", 0)),
        "dst_port": 0 if is_icmp else int(event.get("dest_port", 0)),
        "icmp_type": int(event["icmp_type"]) if "icmp_type" in event else None,
    }
    if kind == "netflow":
        flags = tcp.get("tcp_flags")
        return row | {
            "packets": int(told["pkts"]),
            "bytes": int(told["bytes"]),
            "tcp_flags": int(flags, 16) if flags else None,
        }
    ours, theirs = tcp.get("tcp_flags_ts"), tcp.get("tcp_flags_tc")
    return row | {
        "packets": int(told["pkts_toserver"]),
        "bytes": int(told["bytes_toserver"]),
        "reverse_packets": int(told["pkts_toclient"]),
        "reverse_bytes": int(told["bytes_toclient"]),
        "tcp_flags": int(ours, 16) if ours else None,
        "reverse_tcp_flags": int(theirs, 16) if theirs else None,
    }


def _binetflow(cells: Mapping[str, str]) -> Row:
    """Argus' bidirectional flows as CTU-13 writes them: packets and bytes of both ways, bytes of the source."""
    start = _moment(cells["StartTime"].replace("/", "-"))
    proto = cells["Proto"].lower()
    state = cells.get("State", "")
    ours, _line, theirs = state.partition("_")
    is_icmp = proto in ("icmp", "ipv6-icmp")
    packets, size, sent = int(cells["TotPkts"]), int(cells["TotBytes"]), int(cells["SrcBytes"])
    row: Row = {
        "start": start,
        "end": start + timedelta(seconds=float(cells["Dur"])),
        "proto": PROTOCOLS.get(proto, proto),
        "src_addr": _address(cells["SrcAddr"]),
        "dst_addr": _address(cells["DstAddr"]),
        "src_port": 0 if is_icmp else _port(cells["Sport"]),
        "dst_port": 0 if is_icmp else _port(cells["Dport"]),
        "icmp_type": 8 if is_icmp and state.startswith("ECO") else None,
        "bytes": sent,
        "reverse_bytes": size - sent,
    }
    if proto == "tcp":
        row |= {"tcp_flags": _flags(ours), "reverse_tcp_flags": _flags(theirs)}
    # Packets are told of both ways together; bytes say how many of them went which way.
    there = packets if size == sent else max(1, min(packets - 1, round(packets * sent / size))) if size else packets
    return row | {"packets": there, "reverse_packets": packets - there}


def _nfdump(cells: Mapping[str, str]) -> Row:
    """`nfdump -o csv` of 1.6 and 1.7."""
    start = _moment(cells.get("ts") or cells["firstSeen"])
    proto = (cells.get("pr") or cells["proto"]).strip().lower()
    port = cells.get("dp") or cells["dstPort"]
    is_icmp = "icmp" in proto
    row: Row = {
        "start": start,
        "end": start + timedelta(seconds=float(cells.get("td") or cells["duration"])),
        "proto": PROTOCOLS.get(proto, proto),
        "src_addr": _address(cells.get("sa") or cells["srcAddr"]),
        "dst_addr": _address(cells.get("da") or cells["dstAddr"]),
        "src_port": 0 if is_icmp else _port(cells.get("sp") or cells["srcPort"]),
        "dst_port": 0 if is_icmp else _port(port),
        "icmp_type": _icmp_type(port) if is_icmp else None,
        "tcp_flags": _flags(cells.get("flg") or cells.get("flags") or "") if proto == "tcp" else None,
        "packets": int(cells.get("ipkt") or cells["packets"]),
        "bytes": int(cells.get("ibyt") or cells["bytes"]),
        "exporter": _exporter(cells.get("ra")),
    }
    back = int(cells.get("opkt") or 0)
    return row | ({"reverse_packets": back, "reverse_bytes": int(cells.get("obyt") or 0)} if back else {})


def _icmp_type(port: str) -> int:
    """The type, written as `8.0` (type and code) or as 2048 (type times 256 and code)."""
    return int(float(port)) if "." in port else int(port) >> 8


def _exporter(text: str | None) -> str | None:
    return None if not text or text.strip() in ("", "0.0.0.0") else _address(text)  # noqa: S104


def _own(cells: Mapping[str, str]) -> Row:
    """CSV with the names of `flow_records`, as `mailscope tables --format csv` writes it."""
    whole = (
        *("src_port", "dst_port", "icmp_type", "tcp_flags", "packets", "bytes", "sampling"),
        *("reverse_packets", "reverse_bytes", "reverse_tcp_flags", "observation_domain"),
    )
    start = _moment(cells["start"])
    row: Row = {name: int(cells[name]) for name in whole if cells.get(name)}
    return {
        "start": start,
        "end": _moment(cells["end"]) if cells.get("end") else start,
        "proto": cells.get("proto") or "tcp",
        "src_port": 0,
        "src_addr": _address(cells["src_addr"]),
        "dst_addr": _address(cells["dst_addr"]),
        **{name: cells.get(name) or None for name in ("event", "ended", "exporter")},
        **row,
    }


def _address(text: Any) -> str:
    return str(ipaddress.ip_address(str(text).strip()))


def _port(text: str) -> int:
    """A port, also in hexadecimal as Argus writes it; 0 where there is none."""
    text = text.strip()
    if not text:
        return 0
    return int(text, 16) if text.startswith("0x") else int(float(text))


def _flags(letters: str) -> int | None:
    """TCP flags as letters (`...AP.SF`, Argus' `FSPA`); None where none is told."""
    letters = letters.strip()
    if letters.startswith("0x"):
        return int(letters, 16)
    return sum({_FLAGS[letter] for letter in letters.upper() if letter in _FLAGS}) or (0 if letters else None)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def reading_of(path: Path) -> Reading:
    """The reading of a file that is one of the known kinds."""
    kind = kind_of(path)
    if kind is None:
        raise InputError(f"`{path}` holds no flow records that can be read", hint="nfdump -o csv, conn.log, eve.json")
    return Reading(str(path), kind)
