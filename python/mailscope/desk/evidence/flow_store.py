"""What flow records (the standing store, or any other source of them) show of an accused address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.behind import behind
from mailscope.desk.evidence.moments import WATCHED_WITHIN, WINDOW, Look, Moment, verdict, within
from mailscope.detect.senders.conversations import MAIL_PORTS
from mailscope.wording import amount, phrase

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

RECORDS_LOOKED_AT = 100_000
"""Records of the addresses around the moments read at most, the oldest first."""

RECORDS_LISTED = 20
PORTS_LISTED = 5


def look(place: str, records: Table, moments: Sequence[Moment], *, is_mail: bool = True) -> Look:
    """What flow records show around the moments: of the addresses, and of anybody, which says who was watching."""
    found = Look("flows", place, [])
    rows = _of_addresses(records, moments)
    found.first, found.last = _reach(records, moments)
    for moment in moments:
        mine = [row for row in rows if _is_its(row, moment, is_mail=is_mail)]
        times = [row["start"] for row in mine]
        found.verdicts.append(verdict(moment, times, was_watched=_watched(records, moment)))
    addresses = {moment.address for moment in moments}
    _tell([row for row in rows if row["src_addr"] in addresses and _opened(row, is_mail=is_mail)], found, is_mail)
    _tell_ports(rows, moments, found)
    for address in sorted(addresses):
        for commander in behind(records, rows, address):
            found.rows.setdefault("commanders", []).append(commander)
            key = "cases.seen-behind-nat" if commander["how"] == "translation" else "cases.seen-behind-proxy"
            flows = amount(commander["matched"], "connection")
            found.said.append(phrase(key, address=commander["address"], connections=flows, of=commander["of"]))
    return found


def _of_addresses(records: Table, moments: Sequence[Moment]) -> list[dict[str, Any]]:
    addresses = list(dict.fromkeys(moment.address for moment in moments))
    mine = records.filter(records.src_addr.isin(addresses) | records.dst_addr.isin(addresses), records.proto == "tcp")
    spans = [span for moment in moments if (span := moment.near(WINDOW)) is not None]
    if spans:
        mine = mine.filter(_any_of(mine, spans))
    names = ("src_addr", "src_port", "dst_addr", "dst_port", "start", "end", "packets", "bytes", "exporter", "input")
    rows = mine.select(*names, "record").order_by("start").limit(RECORDS_LOOKED_AT).to_pyarrow().to_pylist()
    return [row | {"start": _aware(row["start"]), "end": _aware(row["end"])} for row in rows]


def _reach(records: Table, moments: Sequence[Moment]) -> tuple[datetime | None, datetime | None]:
    """The first and the last record of anybody around the moments."""
    spans = [span for moment in moments if (span := moment.near(WINDOW)) is not None]
    then = records.filter(_any_of(records, spans)) if spans else records
    row = then.aggregate(first=then.start.min(), last=then.start.max()).to_pyarrow().to_pylist()[0]
    return (_aware(row["first"]), _aware(row["last"])) if row["first"] else (None, None)


def _any_of(table: Table, spans: Sequence[tuple[datetime, datetime]]) -> BooleanValue:
    return reduce(or_, [(table.start >= first) & (table.start <= last) for first, last in spans])


def _is_its(row: dict[str, Any], moment: Moment, *, is_mail: bool) -> bool:
    """Whether the record tells of a connection that the moment's address opened.

    Where only answers were exported, the server's record to the address tells it.
    """
    if row["src_addr"] == moment.address:
        return _opened(row, is_mail=is_mail)
    return is_mail and row["dst_addr"] == moment.address and row["src_port"] in MAIL_PORTS


def _opened(row: dict[str, Any], *, is_mail: bool) -> bool:
    if is_mail:
        return row["dst_port"] in MAIL_PORTS and row["src_port"] not in MAIL_PORTS
    return bool(row["src_port"] >= row["dst_port"])


def _watched(records: Table, moment: Moment) -> bool:
    """Whether anything at all was recorded close to the moment."""
    span = moment.near(WATCHED_WITHIN)
    if span is None:
        return bool(int(records.limit(1).count().execute()))
    then = records.filter((records.start <= span[1]) & (records.end >= span[0]))
    # A long connection alone may be older than the window; what began a day before is not looked for.
    then = then.filter(then.start >= span[0] - timedelta(days=1))
    return bool(int(then.limit(1).count().execute()))


def _tell(mine: list[dict[str, Any]], found: Look, is_mail: bool) -> None:
    """How many connections to how many servers, from when to when; the same one told by two exporters counts once."""
    ends = ("src_addr", "src_port", "dst_addr", "dst_port")
    connections = {(*(row[name] for name in ends), row["start"].replace(microsecond=0)) for row in mine}
    if not connections:
        return
    first, last = min(row["start"] for row in mine), max(row["start"] for row in mine)
    servers = len({row["dst_addr"] for row in mine})
    found.said.append(
        phrase(
            "cases.seen-flows" if is_mail else "cases.seen-flows-any",
            connections=amount(len(connections), "connection"),
            servers=amount(servers, "server"),
            first=first.replace(microsecond=0),
            last=last.replace(microsecond=0),
        )
    )
    found.rows["flow_records"] = mine[:RECORDS_LISTED]


def _tell_ports(rows: list[dict[str, Any]], moments: Sequence[Moment], found: Look) -> None:
    """Connections from the very port that a complaint names, at its time: behind shared addresses only these count."""
    for moment in [moment for moment in moments if moment.port][:PORTS_LISTED]:
        exact = [
            row
            for row in rows
            if (row["src_addr"], row["src_port"]) == (moment.address, moment.port)
            and within(row["start"], moment.near())
        ]
        key = "cases.seen-port" if exact else "cases.not-seen-port"
        found.said.append(phrase(key, port=moment.port, address=moment.address))


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
