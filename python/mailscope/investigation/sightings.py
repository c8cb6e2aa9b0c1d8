"""The second pass: where else in the traffic a victim's address or name stands, and what that means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ibis.expr.types import Table

from mailscope.detect.listed import among
from mailscope.investigation.conversation import Request, rows
from mailscope.investigation.needles import Needle

Search = Callable[[Sequence[Needle], Sequence[str]], Iterable[Mapping[str, Any]]]
"""Searches all streams for needles, and for dotted quads near some; gives rows of the table `sightings`."""

SIGHTINGS_LIMIT = 20_000
"""Sightings looked at."""

MEANINGS = (
    "command",
    "possible-command",
    "quoted-in-answer",
    "mentioned-in-mail",
    "name-resolution",
    "other-request",
    "near-miss",
    "relayed-mail",
    "mention",
)
"""What a sighting can mean."""


@dataclass(slots=True)
class Sightings:
    """All sightings by what they mean, and how many of each there are."""

    by_meaning: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in MEANINGS})
    searched: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    is_cut: bool = False

    def counts(self) -> Counter[str]:
        """Sightings by meaning."""
        return Counter({name: len(found) for name, found in self.by_meaning.items() if found})


def looked_for(
    search: Search | None,
    wanted: Sequence[Needle],
    near: Sequence[str],
    flows: Table,
    commands: Sequence[Request],
    own_legs: Collection[str],
) -> Sightings:
    """Searches and sorts what is found; `own_legs` are the flows of the outgoing connections themselves."""
    result = Sightings(
        searched=list(dict.fromkeys(needle for needle, _form, _pattern in wanted)),
        forms=sorted({form for _needle, form, _pattern in wanted}),
    )
    if search is None or not wanted:
        return result
    found = [dict(row) for row, _number in zip(search(wanted, near), range(SIGHTINGS_LIMIT), strict=False)]
    result.is_cut = len(found) == SIGHTINGS_LIMIT
    found = [row for row in found if row["flow_id"] not in own_legs]
    result.is_cut |= any(row.get("limit_reached") for row in found)
    found = [row for row in found if _stands_alone(row)]
    around = _flows_of(flows, {row["flow_id"] for row in found})
    by_flow: dict[str, list[Request]] = {}
    for request in commands:
        by_flow.setdefault(request.flow_id, []).append(request)
    for row in found:
        meaning = _meaning(row, around.get(row["flow_id"], {}), by_flow.get(row["flow_id"], []))
        row["proxy_asked"] = around.get(row["flow_id"], {}).get("resp_addr")
        result.by_meaning[meaning].append(row)
    return result


def _flows_of(flows: Table, wanted: set[str]) -> dict[str, dict[str, Any]]:
    if not wanted:
        return {}
    chosen = among(flows, "flow_id", sorted(wanted))
    return {
        row["flow_id"]: row
        for row in rows(chosen.select("flow_id", "app", "app_layers", "proto", "resp_addr", "resp_port"))
    }


def _stands_alone(row: Mapping[str, Any]) -> bool:
    """False when the match is a piece of a longer number or name (192.0.2.6 in 192.0.2.67)."""
    if row["form"] not in ("ascii", "hostname", "decimal", "near"):
        return True
    matched, excerpt = str(row["matched"]), str(row["excerpt"])
    start = excerpt.find(matched)
    if start < 0:
        return True
    before = excerpt[start - 1 : start] if start else ""
    after = excerpt[start + len(matched) : start + len(matched) + 1]
    joins = "0123456789" if row["form"] != "hostname" else "abcdefghijklmnopqrstuvwxyz0123456789-"
    return not (before and before.lower() in joins) and not (after and after.lower() in joins)


def _meaning(row: Mapping[str, Any], flow: Mapping[str, Any], commands: Sequence[Request]) -> str:
    if row["form"] == "near":
        return "near-miss"
    first = int(row["first_packet"])
    for request in commands:
        low, high = request.packets
        if row["capture"] == request.capture and low <= first <= high:
            return "command"
    if commands:
        return "relayed-mail"  # the conversation in the tunnel names its own ends
    app = str(flow.get("app") or "")
    if flow.get("proto") == "udp" or app == "dns":
        return "name-resolution"
    if app in ("smtp", "pop3", "imap") or "smtp" in str(flow.get("app_layers") or ""):
        return "mentioned-in-mail"
    if row["side"] == "resp":
        return "quoted-in-answer"
    if app == "http":
        return "other-request"
    return "possible-command" if row["form"] in ("ascii", "hostname", "socks", "hex", "decimal") else "mention"
