"""Rows of `flow_records` put together from text, and what could not be read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from mailscope.schema.tables import TABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "flow_records"
BATCH_ROWS = 100_000
BAD_LINES_LISTED = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_US = 253_370_764_800_000_000
"""The year 9999, which no calendar here goes beyond: a later time is none."""

_MOST = {"u8": 2**8 - 1, "u16": 2**16 - 1, "u32": 2**32 - 1, "u64": 2**63 - 1}
MOST = {column.name: _MOST[column.type] for column in TABLES[TABLE].columns if column.type in _MOST}
"""Largest number of each column of numbers."""

PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6", "ipv6-icmp": "icmp6", "icmpv6": "icmp6"}
PROTOCOLS |= {"igmp": "2", "ipip": "4", "ipv6": "41", "gre": "47", "esp": "50", "ah": "51", "ospf": "89", "pim": "103"}
PROTOCOLS |= {"vrrp": "112", "sctp": "132", "rtp": "udp", "rtcp": "udp", "udt": "udp"}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}


class BadLine(ValueError):  # noqa: N818 - the line is bad, not the program
    """A line that is no record; its text says why."""


@dataclass
class Log:
    """One file of text, as read."""

    name: str
    format: str
    records: int = 0
    other_lines: int = 0
    """Lines that are something else than flows of IP."""
    bad_lines: int = 0
    first_bad: list[tuple[int, str]] = field(default_factory=list)
    """Line number and reason, of the first ones."""

    def bad(self, line: int, why: str) -> None:
        """Counts a line that could not be read."""
        self.bad_lines += 1
        if len(self.first_bad) < BAD_LINES_LISTED:
            self.first_bad.append((line, why))


def arrow_schema() -> "pa.Schema":
    """The columns of `flow_records` in Arrow, text without dictionaries."""
    import pyarrow as pa

    types = {"text": pa.string(), "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64()}
    types["timestamp[us, UTC]"] = pa.timestamp("us", "UTC")
    columns = TABLES[TABLE].columns
    return pa.schema([pa.field(column.name, types[column.type], column.nullable) for column in columns])


def batches(rows: Iterator[dict[str, Any]]) -> "Iterator[pa.Table]":
    """The rows as Arrow tables; a row names only what it knows, times in microseconds."""
    import pyarrow as pa

    schema = arrow_schema()
    always: dict[str, Any] = {"exporter": None, "sampling": 1, "src_port": 0, "dst_port": 0, "datagram": 0}

    def full(rows: list[dict[str, Any]]) -> "pa.Table":
        columns = []
        for column in schema:
            default = always.get(column.name)
            known = [default if (value := row.get(column.name)) is None else value for row in rows]
            is_time = pa.types.is_timestamp(column.type)
            columns.append(pa.array(known, pa.int64() if is_time else column.type).cast(column.type))
        return pa.Table.from_arrays(columns, schema=schema)

    held: list[dict[str, Any]] = []
    for row in rows:
        sampling = row.get("sampling", 1)
        for name in ("packets", "bytes"):
            if row.get(name) is not None:
                row[f"{name}_est"] = min(row[name] * sampling, MOST[f"{name}_est"])
        held.append(row)
        if len(held) >= BATCH_ROWS:
            yield full(held)
            held = []
    if held:
        yield full(held)


@lru_cache(1 << 16)
def address(text: str) -> str:
    """The address in canonical form."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        raise BadLine("an end is no IP address") from None


def whole(text: Any, most: int = 2**63 - 1) -> int:
    """A number of at least 0; `0x...` is hexadecimal, decimals are cut off."""
    try:
        text = str(text).strip()
        number = int(text, 16) if text[:2].lower() == "0x" else int(text) if text.isdecimal() else int(float(text))
    except (ValueError, OverflowError):
        raise BadLine("a number is none") from None
    if not 0 <= number <= most:
        raise BadLine("a number is out of its range")
    return number


def number(column: str, text: Any) -> int:
    """A number that the column can hold."""
    return whole(text, MOST[column])


def port(text: Any) -> int:
    """A port; empty is 0."""
    return whole(text, 65535) if text not in (None, "") else 0


@lru_cache(1 << 10)
def protocol(text: Any) -> str:
    """The protocol as the tables call it: `tcp`, `udp`, `icmp`, `icmp6`, else its number or name."""
    name = str(text).strip().lower()
    return PROTOCOLS.get(name, name)


def flags(text: str) -> int:
    """TCP flags from letters (`...AP.SF`), hexadecimal, or a number."""
    text = text.strip()
    if text[:2].lower() == "0x" or text.isdecimal():
        return whole(text) & 0xFF
    return sum(bit for letter, bit in FLAGS.items() if letter in text)


MILLISECONDS_DIGITS = 12
"""Digits of a whole number from which on it counts milliseconds, and with each three more a thousandth of it."""


@lru_cache(1 << 12)
def moment(text: Any) -> int:
    """A time in microseconds since the epoch: ISO 8601 (without a zone: UTC), or seconds and smaller units since 1970.

    A whole number of twelve digits or more is of milliseconds, of fifteen or more microseconds, of eighteen or more
    nanoseconds: seconds have so many only after the year 5000.
    """
    text = str(text).strip()
    try:
        if text.isdecimal() and len(text) >= MILLISECONDS_DIGITS:
            us = int(text) * 1_000_000 // int(1000 ** ((len(text) - MILLISECONDS_DIGITS) // 3 + 1))
        elif text.replace(".", "", 1).isdecimal():
            seconds, _, rest = text.partition(".")
            us = int(seconds) * 1_000_000 + int(rest[:6].ljust(6, "0") or 0)
        else:
            at = datetime.fromisoformat(text.replace("/", "-"))
            us = (at.replace(tzinfo=at.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise BadLine("a time is none") from None
    if not 0 <= us < LATEST_US:
        raise BadLine("a time is out of its range")
    return us


def span(start: int, duration_s: Any) -> tuple[int, int]:
    """Start and end from a start and a duration in seconds (empty is 0)."""
    try:
        seconds = float(duration_s or 0)
    except (TypeError, ValueError):
        raise BadLine("a duration is none") from None
    if not 0 <= seconds < 1e9:
        raise BadLine("a duration is out of its range")
    return start, min(start + round(seconds * 1e6), LATEST_US)
