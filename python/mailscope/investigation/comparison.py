"""Where another system's log of the same capture says otherwise than our tables."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.ingest.second_opinion import Ends, Statement

Tables = Callable[[str], Table]
Row = dict[str, Any]

_ADDRESS = re.compile(r"<([^<>]*)>\s*$")
_SERVICES = {"ssl": "tls", "tls": "tls", "smtp": "smtp", "pop3": "pop3", "imap": "imap", "http": "http"}
_ADDRESSES = ("rcpt_to", "to", "cc", "from")
CLOCKS_DIFFER_S = 5.0
"""A record that begins so far from every connection of its ends belongs to none of them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field on which the two differ; `ours` or `theirs` is None where one has nothing."""

    field: str
    ours: Any
    theirs: Any
    connection: str
    flow_id: str | None
    capture: str | None
    first_packet: int | None
    last_packet: int | None
    reason: str
    where: str


def differences(tables: Tables, statements: Iterable[Statement]) -> Iterator[Difference]:
    """Every difference: first field by field, in the order of the log, then mails that the log does not have."""
    flows, mails = _flows(tables), _mails(tables)
    told: dict[str, set[int]] = defaultdict(set)
    said_mail = False
    for statement in statements:
        flow = _flow_of(flows, statement)
        if flow is None:
            yield _difference(statement.kind, None, _said(statement), statement.ends, None, statement.where)
        elif statement.kind == "connection":
            yield from _services(flow, statement)
        else:
            said_mail = True
            yield from _mail(flow, mails[flow["flow_id"]], told[flow["flow_id"]], statement)
    if said_mail:
        yield from _untold(flows, mails, told)


def _flows(tables: Tables) -> dict[Ends, list[Row]]:
    sessions = tables("mail_sessions").group_by("flow_id").agg(outcome=_.outcome.cast("string").first())
    kept = ("flow_id", "capture", "first_packet", "last_packet", "start", "end", "app_layers", "app")
    ends = ("orig_addr", "orig_port", "resp_addr", "resp_port")
    flows = tables("flows").select(*kept, *ends).left_join(sessions, "flow_id").drop("flow_id_right")
    found: dict[Ends, list[Row]] = defaultdict(list)
    for row in flows.order_by("start", "flow_id").to_pyarrow().to_pylist():
        found[row["orig_addr"], row["orig_port"], row["resp_addr"], row["resp_port"]].append(row)
    return found


def _mails(tables: Tables) -> dict[str, list[Row]]:
    """Our mails by flow, under the field names of statements."""
    messages = tables("messages").select(
        "session_id", "transaction", "from_addrs", "to_addrs", "cc_addrs", "subject", "message_id"
    )
    rows = tables("mail_transactions").left_join(messages, ["session_id", "transaction"])
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows.order_by("start", "session_id", "transaction").to_pyarrow().to_pylist():
        names = {"from": "from_addrs", "to": "to_addrs", "cc": "cc_addrs"}
        found[row["flow_id"]].append(row | {name: row[column] for name, column in names.items()})
    return found


def _flow_of(flows: dict[Ends, list[Row]], statement: Statement) -> Row | None:
    a, a_port, b, b_port = statement.ends
    known = [*flows.get((a, a_port, b, b_port), ()), *flows.get((b, b_port, a, a_port), ())]

    def distance(row: Row) -> float:
        start, end = row["start"].timestamp(), row["end"].timestamp()
        return float(max(start - statement.start, statement.start - end, 0.0))

    near = [row for row in known if distance(row) <= CLOCKS_DIFFER_S]
    return min(near, key=distance, default=None)


def _services(flow: Row, statement: Statement) -> Iterator[Difference]:
    if "services" not in statement.fields:
        return
    theirs = {_SERVICES[name] for name in statement.fields["services"] if name in _SERVICES}
    ours = {_SERVICES[name] for name in str(flow["app_layers"]).split("+") if name in _SERVICES}
    # The other system may name only the innermost or the outermost; it differs when neither holds the other.
    if theirs and not theirs <= ours:
        yield _difference("service", sorted(ours), sorted(theirs), statement.ends, flow, statement.where)


def _mail(flow: Row, mails: list[Row], told: set[int], statement: Statement) -> Iterator[Difference]:
    place = _nearest(mails, told, statement)
    if place is None:
        if "mail_from" in statement.fields or "rcpt_to" in statement.fields:
            yield _difference("mail", None, _said(statement), statement.ends, flow, statement.where)
        return
    told.add(place)
    for name, value in statement.fields.items():
        theirs, ours = comparable(name, value), comparable(name, mails[place].get(name))
        if theirs != ours:
            shown = mails[place].get(name)
            yield _difference(name, shown, value, statement.ends, flow | _packets(mails[place]), statement.where)


def _nearest(mails: list[Row], told: set[int], statement: Statement) -> int | None:
    """Our mail that agrees in most fields; of equals the first."""
    free = [place for place in range(len(mails)) if place not in told]

    def agreeing(place: int) -> int:
        fields = statement.fields.items()
        return sum(comparable(name, value) == comparable(name, mails[place].get(name)) for name, value in fields)

    return max(free, key=lambda place: (agreeing(place), -place), default=None)


def _untold(
    flows: dict[Ends, list[Row]], mails: dict[str, list[Row]], told: dict[str, set[int]]
) -> Iterator[Difference]:
    for ends, known in flows.items():
        for flow in known:
            for place, mail in enumerate(mails.get(flow["flow_id"], ())):
                if place not in told[flow["flow_id"]]:
                    said = {name: mail[name] for name in ("mail_from", "rcpt_to") if mail[name] is not None}
                    yield _difference("mail", said, None, ends, flow | _packets(mail), "")


def comparable(name: str, value: Any) -> Any:
    """The value without what the two write differently: brackets, display names, case, folding, order."""
    if name in _ADDRESSES:
        listed = [value] if isinstance(value, str) else list(value or [])
        is_header = name != "rcpt_to"  # an envelope's entry is one address, which may hold a comma
        parts = [part for entry in listed for part in (re.split(r",(?![^<]*>)", str(entry)) if is_header else [entry])]
        return sorted({_bare(part) for part in parts if part.strip()})
    if name in ("mail_from", "message_id"):
        return None if value is None else _bare(str(value))
    if name == "helo":
        return None if value is None else str(value).lower()
    return None if value is None else " ".join(str(value).split())


def _bare(mailbox: str) -> str:
    match = _ADDRESS.search(mailbox)
    return (match[1] if match else mailbox).strip().strip("<>").lower()


def _packets(row: Row) -> Row:
    return {name: row[name] for name in ("capture", "first_packet", "last_packet")}


def _said(statement: Statement) -> Any:
    return statement.fields or statement.kind


def _difference(name: str, ours: Any, theirs: Any, ends: Ends, flow: Row | None, where: str) -> Difference:
    a, a_port, b, b_port = ends
    row = flow or {}
    reason = row.get("outcome") or row.get("app") or "no such connection in the capture"
    return Difference(
        field=name,
        ours=ours,
        theirs=theirs,
        connection=f"{a}:{a_port} -> {b}:{b_port}",
        flow_id=row.get("flow_id"),
        capture=row.get("capture"),
        first_packet=row.get("first_packet"),
        last_packet=row.get("last_packet"),
        reason=str(reason),
        where=where,
    )
