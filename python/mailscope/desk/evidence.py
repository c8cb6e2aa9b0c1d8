"""What our own records show of an accused address at the time of the complaint, and how far they could show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.wording import Phrase, amount, phrase, render

if TYPE_CHECKING:
    from mailscope.store.case import Case

WINDOW = timedelta(hours=1)
"""How far before and after the complaint's time is looked."""

FLOWS_LISTED = 20


def evidence_of(address: str, time: datetime | None, cases: Iterable[Case]) -> dict[str, Any]:
    """What each case folder's tables and findings show of the address, as plain values.

    `coverage` says which times the captures cover; `says` are sentences for a notice, `flows` can be carved out.
    """
    seen: dict[str, Any] = {"address": address, "time": time, "says": [], "findings": [], "flows": [], "coverage": []}
    said: list[Phrase] = []
    for case in cases:
        seen["coverage"] += [_covers(entry, time) for entry in case.inputs]
        said += _findings(case, address, seen)
        said += _traffic(case, address, time, seen)
    if not said:
        covered = any(entry["covers"] for entry in seen["coverage"])
        said.append(phrase("cases.seen-nothing" if covered or time is None else "cases.not-covered"))
    seen["says"] = [render(sentence) for sentence in said]
    plain: dict[str, Any] = _plain(seen)
    return plain


def case_folders(places: Sequence[str | Path]) -> list[Case]:
    """The case folders among these places, opened."""
    from mailscope.store.case import Case

    return [Case.open(place) for place in places]


def _covers(entry: Mapping[str, Any], time: datetime | None) -> dict[str, Any]:
    first, last = _moment(entry.get("first")), _moment(entry.get("last"))
    known = first is not None and last is not None and time is not None
    covers = bool(known and first - WINDOW <= time <= last + WINDOW)  # type: ignore[operator]
    return {"input": entry.get("name"), "first": first, "last": last, "covers": covers, "lost": entry.get("drops")}


def _findings(case: Case, address: str, seen: dict[str, Any]) -> list[Phrase]:
    """Findings in which the address has a part; behind a proxy that is whoever commanded it."""
    import json

    path = case.path / "findings.json"
    if not path.exists():
        return []
    said = []
    for finding in json.loads(path.read_text("utf-8")).get("findings", []):
        parts = sorted(role for role, hosts in finding.get("roles", {}).items() if _names(hosts, address))
        if not parts and finding.get("subject") != address:
            continue
        seen["findings"].append(
            {key: finding.get(key) for key in ("kind", "subject", "summary", "roles", "confidence")}
        )
        said.append(phrase("cases.seen-finding", kind=finding["kind"], summary=finding.get("summary", "")))
    return said


def _names(hosts: Iterable[str], address: str) -> bool:
    return any(host == address or host.rpartition(":")[0].strip("[]") == address for host in hosts)


def _traffic(case: Case, address: str, time: datetime | None, seen: dict[str, Any]) -> list[Phrase]:
    """How many mail connections the address opened around the time, to how many servers, and how many mails."""
    flows = case.to_ibis("flows")
    mine = flows.filter((flows.orig_addr == address) & flows.resp_port.isin([25, 465, 587, 2525]))
    if time is not None:
        mine = mine.filter((mine.start >= time - WINDOW) & (mine.start <= time + WINDOW))
    count = int(mine.count().execute())
    if not count:
        return []
    servers = int(mine.resp_addr.nunique().execute())
    rows = (
        mine.order_by("start").limit(FLOWS_LISTED).select("flow_id", "capture", "first_packet", "last_packet", "start")
    )
    seen["flows"] += [row | {"case": str(case.path)} for row in rows.to_pyarrow().to_pylist()]
    sessions = case.to_ibis("mail_transactions")
    mails = int(sessions.filter(sessions.client_addr == address).count().execute())
    return [
        phrase(
            "cases.seen-traffic",
            connections=amount(count, "connection"),
            servers=amount(servers, "server"),
            mails=amount(mails, "mail"),
        )
    ]


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
