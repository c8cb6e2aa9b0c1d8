"""Commands that no decoder read: a victim's address in what a client sent to the host that then connected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailscope.detect.finding import Fact
from mailscope.investigation.conversation import Request, utc
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene
from mailscope.investigation.ties import CONNECT_WINDOW
from mailscope.wording import phrase


def tie_literal(scene: Scene, chains: Sequence[Chain]) -> None:
    """Gives chains without a request the sighting that came just before the connection, at the host that made it."""
    used: set[tuple[str, int]] = set()
    for chain in chains:
        leg = chain.leg
        if leg is None or chain.request is not None:
            continue
        wanted = {leg.server_addr, *scene.names.of_address(leg.server_addr)}
        fitting = [
            row
            for row in scene.sightings.by_meaning["possible-command"]
            if row["needle"] in wanted
            and row["dst_addr"] == leg.client_addr
            and (row["flow_id"], row["offset"]) not in used
            and -0.1 <= (leg.start - utc(row["start"])).total_seconds() <= CONNECT_WINDOW.total_seconds()
        ]
        if not fitting:
            continue
        row = max(fitting, key=lambda found: utc(found["start"]))
        used.add((row["flow_id"], row["offset"]))
        chain.request = _as_request(row, int(leg.row["server_port"]))
        delay = leg.start - utc(row["start"])
        chain.facts = [
            Fact(
                "literal-sighting",
                0.5,
                phrase("tie.literal", needle=row["needle"], form=row["form"], excerpt=row["excerpt"]),
            ),
            Fact("time-order", 0.3, phrase("tie.time-order", delay=delay)),
            Fact("same-host", 0.3, phrase("tie.same-host", host=leg.client_addr)),
        ]
    _move_used(scene, used)


def _move_used(scene: Scene, used: set[tuple[str, int]]) -> None:
    by_meaning = scene.sightings.by_meaning
    possible = by_meaning["possible-command"]
    by_meaning["command"] += [row for row in possible if (row["flow_id"], row["offset"]) in used]
    by_meaning["possible-command"] = [row for row in possible if (row["flow_id"], row["offset"]) not in used]


def _as_request(row: dict[str, Any], port: int) -> Request:
    return Request(
        {
            **row,
            "proxy_id": f"{row['flow_id']}/@{row['offset']}",
            "client_addr": row["src_addr"],
            "client_port": row["src_port"],
            "proxy_addr": row["dst_addr"],
            "proxy_port": row["dst_port"],
            "kind": "undecoded",
            "method": "-",
            "request_line": row["excerpt"],
            "target_host": row["needle"],
            "target_port": port,
            "granted": "unknown",
            "inner_app": "unknown",
        }
    )
