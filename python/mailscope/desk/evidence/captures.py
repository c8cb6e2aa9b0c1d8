"""What case folders (captures that were read) show of an accused address: findings, commanders, conversations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.moments import WATCHED_WITHIN, WINDOW, Look, Moment, verdict
from mailscope.detect.senders.conversations import MAIL_PORTS
from mailscope.wording import Phrase, amount, phrase

if TYPE_CHECKING:
    from mailscope.store.case import Case

FLOWS_LISTED = 20
COMMANDERS_LISTED = 20

_DIRECTED = {"proxy": "commander", "relay": "sender"}
"""Roles whose holder did it at the word of another role's."""


def case_folders(places: Sequence[str | Path]) -> list[Case]:
    """The case folders among these places, opened."""
    from mailscope.store.case import Case

    return [Case.open(place) for place in places]


def look(case: Case, moments: Sequence[Moment], *, is_mail: bool = True) -> Look:
    """What the tables and findings of one case folder show of the moments' addresses."""
    spans = [(_moment(entry.get("first")), _moment(entry.get("last"))) for entry in case.inputs]
    found = Look("captures", str(case.path), [])
    found.first = min((first for first, _last in spans if first), default=None)
    found.last = max((last for _first, last in spans if last), default=None)
    _findings(case, {moment.address for moment in moments}, found)
    times = _traffic(case, moments, found, is_mail=is_mail)
    for moment in moments:
        mine = [time for address, time in times if address == moment.address]
        found.verdicts.append(verdict(moment, mine, was_watched=any(_covers(span, moment) for span in spans)))
    return found


def _covers(span: tuple[datetime | None, datetime | None], moment: Moment) -> bool:
    near, (first, last) = moment.near(WATCHED_WITHIN), span
    if first is None or last is None:
        return False
    return near is None or (first <= near[1] and last >= near[0])


def _findings(case: Case, addresses: set[str], found: Look) -> None:
    """Findings in which an address has a part; behind a proxy it is whoever commanded it that did it."""
    path = case.path / "findings.json"
    if not path.exists():
        return
    for finding in json.loads(path.read_text("utf-8")).get("findings", []):
        roles: Mapping[str, list[str]] = finding.get("roles", {})
        parts = sorted(role for role, hosts in roles.items() if addresses & set(map(_host, hosts)))
        if not parts and finding.get("subject") not in addresses:
            continue
        kept = {key: finding.get(key) for key in ("kind", "subject", "summary", "roles", "confidence")}
        found.rows.setdefault("findings", []).append(kept | {"case": str(case.path)})
        found.said.append(
            phrase(
                "cases.seen-finding",
                title=phrase(f"report.kind-{finding['kind']}"),
                percent=round(100 * (finding.get("confidence") or 0)),
            )
        )
        for role in parts:
            _commanders(finding, roles, role, addresses, found)


def _commanders(
    finding: Mapping[str, Any], roles: Mapping[str, list[str]], role: str, addresses: set[str], found: Look
) -> None:
    others = [_host(host) for host in roles.get(_DIRECTED.get(role, ""), ())]
    others = [host for host in dict.fromkeys(others) if host not in addresses][:COMMANDERS_LISTED]
    if not others:
        return
    found.said.append(phrase("cases.seen-commander", commanders=others))
    how = {"how": "investigation", "finding": finding.get("kind"), "confidence": finding.get("confidence")}
    found.rows.setdefault("commanders", []).extend({"address": host} | how for host in others)


def _host(text: str) -> str:
    """The address of `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`."""
    head, _colon, port = text.rpartition(":")
    return head.strip("[]") if head and port.isdigit() and (head.count(":") == 0 or head.endswith("]")) else text


def _traffic(
    case: Case, moments: Sequence[Moment], found: Look, *, is_mail: bool
) -> list[tuple[str, datetime]]:  # fmt: skip
    """Connections that the addresses opened around the moments: their times, sentences, and rows for carving."""
    if "flows" not in case:
        return []
    flows = case.to_ibis("flows")
    mine = flows.filter(flows.orig_addr.isin([moment.address for moment in moments]))
    if is_mail:
        mine = mine.filter(mine.resp_port.isin(MAIL_PORTS))
    spans = [span for moment in moments if (span := moment.near(WINDOW)) is not None]
    if spans:
        mine = mine.filter(reduce(or_, [(mine.start >= first) & (mine.start <= last) for first, last in spans]))
    count = int(mine.count().execute())
    if not count:
        return []
    servers = int(mine.resp_addr.nunique().execute())
    names = ("flow_id", "capture", "first_packet", "last_packet", "start", "orig_addr", "orig_port", "resp_addr")
    rows = mine.order_by("start").limit(FLOWS_LISTED).select(*names, "resp_port").to_pyarrow().to_pylist()
    found.rows["flows"] = [row | {"case": str(case.path)} for row in rows]
    found.said.append(_said(case, moments, count, servers, is_mail=is_mail))
    times = mine.select("orig_addr", "start").distinct().limit(100_000).to_pyarrow().to_pylist()
    return [(row["orig_addr"], _aware(row["start"])) for row in times]


def _said(case: Case, moments: Sequence[Moment], count: int, servers: int, *, is_mail: bool) -> Phrase:
    connections, at = amount(count, "connection"), amount(servers, "server")
    if not is_mail or "mail_transactions" not in case:
        return phrase("cases.seen-connections", connections=connections, servers=at)
    sent = case.to_ibis("mail_transactions")
    mails = int(sent.filter(sent.client_addr.isin(_addresses(moments))).count().execute())
    return phrase("cases.seen-traffic", connections=connections, servers=at, mails=amount(mails, "mail"))


def _addresses(moments: Iterable[Moment]) -> list[str]:
    return list(dict.fromkeys(moment.address for moment in moments))


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return _aware(value) if isinstance(value, datetime) else None


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
