"""Long encrypted connections into a host that sends mail: its mail may come through them from outside.

`ssh -D`, `ssh -L` and VPNs over TCP carry many conversations in one connection, so no single leg fits it in time and
size as it does a TLS proxy (`hidden`). What can be said: the connection was open during all of the sending, and
carried more bytes than the mail. That is a reason not to call the host the origin, and no proof that it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibis import _

from mailscope.detect.open_proxy_relay import overlapping_flows
from mailscope.investigation.conversation import Conversation, rows, utc
from mailscope.investigation.scene import Scene

CARRIERS = ("ssh", "tls", "unknown")
"""Applications of a TCP flow that may carry other connections without showing them."""

SHOWN = 5
"""Connections told of one host, the largest first."""


def carriers_into(scene: Scene, host: str, legs: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Flows from outside into `host` that enclose all `legs` in time and carried at least their bytes each way."""
    if not legs:
        return []
    first, last = min(leg.start for leg in legs), max(leg.end for leg in legs)
    encrypted = scene.tables["flows"].filter(_.app.isin(CARRIERS))
    up = sum(int(leg.row["client_bytes"] or 0) for leg in legs)
    down = sum(int(leg.row["server_bytes"] or 0) for leg in legs)
    found = [
        row
        for row in rows(overlapping_flows(encrypted, [host], first, last))
        if scene.network.is_outside(row["orig_addr"])
        and utc(row["start"]) <= first
        and utc(row["end"]) >= last
        and int(row["orig_payload_bytes"]) >= up > 0
        and int(row["resp_payload_bytes"]) >= down
    ]
    return sorted(found, key=lambda row: -int(row["orig_payload_bytes"]))[:SHOWN]
