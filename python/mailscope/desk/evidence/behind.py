"""Who stands behind a shared address, from flow records alone: the same conversations, seen on its other side.

Address translation leaves server, port, packets and bytes as they are; a proxy opens its own connection while a client
holds one to it, and hands on about as many bytes. Neither proves what was said: that takes a capture of both sides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.detect.senders.conversations import MAIL_PORTS

if TYPE_CHECKING:
    from ibis.expr.types import Table

LOOKED_AT = 200
"""Conversations of the address compared at most."""

CANDIDATES = 200_000
"""Records of others compared at most."""

SAME_START = timedelta(seconds=2)
"""By how much two exporters' records of one conversation may differ in their start."""

OPENS_WITHIN = timedelta(seconds=10)
"""A proxy opens its connection so soon after the client's began."""

BYTES_HANDED_ON = (0.5, 2.0)
"""Bytes to the proxy over bytes from it: headers and the proxy's own command differ."""

LEAST, SHARE = 3, 0.5
"""So many conversations, and such a share of them, must fit one host before it is named."""


def behind(records: Table, rows: Iterable[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    """Hosts whose conversations are those of `address`: its `rows` of mail, compared with what others did then.

    Each has address, how (`translation` or `proxy`), matched, of; the surest first.
    """
    mine = [row for row in rows if row["src_addr"] == address and row["dst_port"] in MAIL_PORTS and row["bytes"]]
    mine = mine[:LOOKED_AT]
    if len(mine) < LEAST:
        return []
    others = _others(records, mine, address)
    found = []
    for how, is_same in (("translation", _is_translated), ("proxy", _is_proxied)):
        for host, count in _matched(mine, others[how], is_same).most_common(3):
            if count >= LEAST and count >= SHARE * len(mine):
                found.append({"address": host, "how": how, "matched": count, "of": len(mine)})
    return found


def _others(records: Table, mine: list[dict[str, Any]], address: str) -> dict[str, list[dict[str, Any]]]:
    """Records of others to the same servers (translation), and to the address itself (proxy), at that time."""
    first, last = min(row["start"] for row in mine) - OPENS_WITHIN, max(row["start"] for row in mine) + SAME_START
    then = records.filter((records.start >= first) & (records.start <= last), records.proto == "tcp")
    servers = list({row["dst_addr"] for row in mine})
    to_servers = then.filter(then.dst_addr.isin(servers), then.dst_port.isin(MAIL_PORTS), then.src_addr != address)
    to_it = then.filter(then.dst_addr == address, ~then.src_port.isin(MAIL_PORTS))
    return {"translation": _rows(to_servers), "proxy": _rows(to_it)}


def _rows(table: Table) -> list[dict[str, Any]]:
    names = ("src_addr", "src_port", "dst_addr", "dst_port", "start", "end", "packets", "bytes")
    rows = table.select(*names).order_by("start").limit(CANDIDATES).to_pyarrow().to_pylist()
    return [row | {"start": _aware(row["start"]), "end": _aware(row["end"])} for row in rows]


def _matched(mine: list[dict[str, Any]], others: list[dict[str, Any]], is_same: Any) -> Counter[str]:
    """Conversations of the address by the one host that fits; where several fit, nobody is counted."""
    by_second: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in others:
        by_second[int(row["start"].timestamp())].append(row)
    reach = int(max(SAME_START, OPENS_WITHIN).total_seconds())
    counts: Counter[str] = Counter()
    for row in mine:
        second = int(row["start"].timestamp())
        near = [other for at in range(second - reach, second + reach + 1) for other in by_second.get(at, ())]
        hosts = {other["src_addr"] for other in near if is_same(row, other)}
        if len(hosts) == 1:
            counts[hosts.pop()] += 1
    return counts


def _is_translated(row: dict[str, Any], other: dict[str, Any]) -> bool:
    names = ("dst_addr", "dst_port", "packets", "bytes")
    is_same = all(row[name] == other[name] for name in names)
    return is_same and abs(row["start"] - other["start"]) <= SAME_START


def _is_proxied(row: dict[str, Any], other: dict[str, Any]) -> bool:
    if not other["bytes"] or not timedelta(0) <= row["start"] - other["start"] <= OPENS_WITHIN:
        return False
    share = other["bytes"] / row["bytes"]
    is_held = other["end"] >= row["end"] - SAME_START
    return bool(is_held and BYTES_HANDED_ON[0] <= share <= BYTES_HANDED_ON[1])


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
