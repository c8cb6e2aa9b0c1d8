"""What was looked at, and what could not be seen: directions, gaps, time span, undecoded traffic."""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from mailscope.detect.registry import MAIL_PORTS
from mailscope.investigation.conversation import rows
from mailscope.investigation.scene import Scene

APPS_SHOWN = 20
"""Applications listed by traffic; the rest are added up."""


def coverage(scene: Scene, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures and reasons; every number counts what the tables hold."""
    flows = scene.tables["flows"]
    totals = rows(
        flows.aggregate(
            flows=_.count(),
            tcp=(_.proto == "tcp").sum(),
            packets=(_.orig_packets + _.resp_packets).sum(),
            gap_bytes=(_.orig_gap_bytes + _.resp_gap_bytes).sum(),
            cut_packets=(_.orig_cut_packets + _.resp_cut_packets).sum(),
            first=_.start.min(),
            last=_.end.max(),
        )
    )[0]
    sides = rows(flows.filter(_.proto == "tcp").group_by("sides").agg(flows=_.count()))
    apps = rows(
        flows.group_by("app")
        .agg(flows=_.count(), bytes=(_.orig_wire_bytes + _.resp_wire_bytes).sum())
        .order_by(ibis.desc("bytes"), "app")
    )
    outcomes = rows(
        scene.tables["mail_sessions"]
        .group_by(["protocol", "outcome"])
        .agg(sessions=_.count())
        .order_by(ibis.desc("sessions"), "protocol", "outcome")
    )
    silent = rows(
        flows.filter(_.proto == "tcp", _.resp_port.isin(list(MAIL_PORTS)))
        .anti_join(scene.tables["mail_sessions"].select("flow_id").distinct(), "flow_id")
        .group_by("app")
        .agg(flows=_.count())
        .order_by(ibis.desc("flows"), "app")
    )
    counts = scene.sightings.counts()
    return {
        **totals,
        "sides": {row["sides"]: row["flows"] for row in sorted(sides, key=lambda row: str(row["sides"]))},
        "applications": apps[:APPS_SHOWN],
        "mail_outcomes": outcomes,
        "mail_port_flows_without_mail": {str(row["app"]): row["flows"] for row in silent},
        "undecoded": {key: value for entry in inputs for key, value in (entry.get("undecoded") or {}).items()},
        "drops": sum(int(entry.get("drops") or 0) for entry in inputs),
        "incomplete_inputs": [
            str(e.get("name") or e.get("path")) for e in inputs if e.get("end", "complete") != "complete"
        ],
        "searched_for": list(scene.sightings.searched),
        "searched_forms": list(scene.sightings.forms),
        "sightings": dict(counts),
        "sightings_cut": scene.sightings.is_cut,
        "clock_offsets": [
            {"from": one, "to": other, "seconds": offset.total_seconds()}
            for (one, other), offset in sorted(scene.offsets.items())
        ],
    }
