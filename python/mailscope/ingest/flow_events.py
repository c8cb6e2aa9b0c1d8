"""Connections that Zeek (conn.log, smtp.log) and Suricata (EVE) tell of, as rows of `flow_records`."""

from collections.abc import Mapping
from typing import Any

from mailscope.ingest.flow_rows import BadLine, address, flags, moment, number, port, protocol, span, whole

# Letters of Zeek's conn.log history: upper case by the originator, lower by the responder.
_HISTORY = {"S": 0x02, "H": 0x12, "A": 0x10, "D": 0x10, "F": 0x01, "R": 0x04}
WORD_LIMIT = 100
_SAYS_NOTHING = ("failed", "unknown", "", "-")

Record = Mapping[str, Any]


def zeek_conn(record: Record) -> dict[str, Any]:
    """A line of conn.log: both directions of a connection, IP bytes."""
    row = _zeek_ends(record) | {"format": "zeek-conn", "proto": protocol(record.get("proto", ""))}
    row["start"], row["end"] = span(moment(record["ts"]), record.get("duration"))
    for ours, side in (("", "orig"), ("reverse_", "resp")):
        row[f"{ours}packets"] = _number(record, f"{side}_pkts")
        size = _number(record, f"{side}_ip_bytes")
        row[f"{ours}bytes"] = _number(record, f"{side}_bytes") if size is None else size
    row["ended"] = _word(record.get("conn_state"))
    row["app"] = _service(str(record.get("service", "")))
    if row["proto"] in ("icmp", "icmp6"):
        row["icmp_type"], row["icmp_code"] = row["src_port"] & 0xFF, row["dst_port"] & 0xFF
        row["src_port"] = row["dst_port"] = 0
    elif row["proto"] == "tcp" and "history" in record:
        history = str(record["history"])
        row["tcp_flags"] = _or(_HISTORY.get(letter, 0) for letter in history if letter.isupper())
        row["reverse_tcp_flags"] = _or(_HISTORY.get(letter.upper(), 0) for letter in history if letter.islower())
    return row


def zeek_smtp(record: Record) -> dict[str, Any]:
    """A line of smtp.log: a mail, without counters."""
    start = moment(record["ts"])
    return _zeek_ends(record) | {"format": "zeek-smtp", "proto": "tcp", "start": start, "end": start, "app": "smtp"}


def eve(event: Record) -> dict[str, Any] | None:
    """An EVE event `flow` (both directions) or `netflow` (one); None for another."""
    kind = event.get("event_type")
    if kind not in ("flow", "netflow"):
        return None
    counts, tcp = event[kind], event.get("tcp", {})
    row: dict[str, Any] = {"format": "eve", "proto": protocol(event["proto"])}
    row |= {"src_addr": address(event["src_ip"]), "dst_addr": address(event["dest_ip"])}
    row |= {"src_port": port(event.get("src_port")), "dst_port": port(event.get("dest_port"))}
    row["start"], row["end"] = moment(counts["start"]), moment(counts.get("end") or counts["start"])
    row["end"] = max(row["start"], row["end"])
    app = str(event.get("app_proto", ""))
    row["app"] = None if app in _SAYS_NOTHING else app[:WORD_LIMIT]
    if row["proto"] in ("icmp", "icmp6"):
        row |= {name: number(name, event[name]) for name in ("icmp_type", "icmp_code") if event.get(name) is not None}
        row["src_port"] = row["dst_port"] = 0
    if kind == "netflow":
        row |= {"packets": whole(counts["pkts"]), "bytes": whole(counts["bytes"])}
        row["tcp_flags"] = _hexadecimal(tcp.get("tcp_flags"))
        return row
    row |= {"packets": whole(counts["pkts_toserver"]), "bytes": whole(counts["bytes_toserver"])}
    row |= {"reverse_packets": whole(counts["pkts_toclient"]), "reverse_bytes": whole(counts["bytes_toclient"])}
    row["ended"] = _word(counts.get("reason") or counts.get("state"))
    row["tcp_flags"] = _hexadecimal(tcp.get("tcp_flags_ts"))
    row["reverse_tcp_flags"] = _hexadecimal(tcp.get("tcp_flags_tc"))
    return row


def _zeek_ends(record: Record) -> dict[str, Any]:
    try:
        ends = {"src_addr": address(str(record["id.orig_h"])), "dst_addr": address(str(record["id.resp_h"]))}
        return ends | {"src_port": port(record["id.orig_p"]), "dst_port": port(record["id.resp_p"])}
    except KeyError:
        raise BadLine("it names no connection") from None


def _number(record: Record, name: str) -> int | None:
    value = record.get(name)
    return None if value in (None, "", "-") else whole(value)


def _word(value: Any) -> str | None:
    return value[:WORD_LIMIT] if isinstance(value, str) else None


def _hexadecimal(text: Any) -> int | None:
    return None if text is None else flags(f"0x{text}".replace("0x0x", "0x"))


def _service(text: str) -> str | None:
    names = [name for name in text.split(",") if name not in _SAYS_NOTHING]
    return "smtp" if "smtp" in names else names[0][:WORD_LIMIT] if names else None


def _or(bits: Any) -> int:
    value = 0
    for bit in bits:
        value |= bit
    return value
