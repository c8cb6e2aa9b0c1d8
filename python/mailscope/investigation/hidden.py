"""Commands that can't be read because the client speaks TLS to the proxy: only time and size remain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ibis import _

from mailscope.detect.finding import Fact
from mailscope.detect.open_proxy_relay import overlapping_flows
from mailscope.investigation.conversation import Conversation, Request, rows, utc
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene
from mailscope.wording import phrase

SLACK = timedelta(seconds=5)
"""The client's connection may end this much before the leg does."""

SIZE_FACTOR = 2.0
SIZE_EXTRA_BYTES = 12_000
"""A TLS stream carries the leg's bytes plus handshake and record headers: at most factor times them plus this."""


def tie_hidden(scene: Scene, chains: Sequence[Chain], proxies: Sequence[str]) -> None:
    """Gives chains without a request the encrypted flow that fits by time and size, where exactly one fits best."""
    legs = [chain.leg for chain in chains if chain.leg is not None]
    if not legs:
        return
    first, last = min(leg.start for leg in legs), max(leg.end for leg in legs)
    speaks_tls = (_.app == "tls") | ("+" + _.app_layers + "+").contains("+tls+")
    flows = overlapping_flows(scene.tables["flows"].filter(speaks_tls), proxies, first, last)
    candidates = rows(flows.order_by(["start", "flow_id"]))
    taken: set[str] = set()
    for chain in chains:
        leg = chain.leg
        if leg is None:
            continue
        fitting = sorted(
            (row for row in candidates if row["flow_id"] not in taken and _fits(row, leg)),
            key=lambda row: _surplus(row, leg),
        )
        if fitting:
            taken.add(fitting[0]["flow_id"])
            chain.request = _as_request(fitting[0], leg)
            chain.facts = _facts(fitting)


def _fits(row: dict[str, Any], leg: Conversation) -> bool:
    if utc(row["start"]) > leg.start or utc(row["end"]) + SLACK < leg.end:
        return False
    pairs = (
        (row["orig_payload_bytes"], leg.row["client_bytes"]),
        (row["resp_payload_bytes"], leg.row["server_bytes"]),
    )
    return all(inner <= outer <= inner * SIZE_FACTOR + SIZE_EXTRA_BYTES for outer, inner in pairs if outer)


def _surplus(row: dict[str, Any], leg: Conversation) -> int:
    return int(row["orig_payload_bytes"]) - int(leg.row["client_bytes"])


def _facts(fitting: list[dict[str, Any]]) -> list[Fact]:
    facts = [Fact("time-enclosed", 0.3, phrase("tie.time-enclosed")), Fact("size-fits", 0.25, phrase("tie.size-fits"))]
    if len(fitting) == 1:
        facts.append(Fact("only-candidate", 0.2, phrase("tie.only-candidate")))
    return facts


def _as_request(row: dict[str, Any], leg: Conversation) -> Request:
    return Request(
        {
            **row,
            "proxy_id": row["flow_id"] + "/tls",
            "client_addr": row["orig_addr"],
            "client_port": row["orig_port"],
            "proxy_addr": row["resp_addr"],
            "proxy_port": row["resp_port"],
            "kind": "encrypted",
            "target_host": leg.server_addr,
            "target_port": leg.row["server_port"],
            "method": "-",
            "granted": "unknown",
            "inner_app": "unknown",
        },
        is_unseen=True,
    )
