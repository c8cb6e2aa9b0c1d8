"""What a server that obeyed an attacker then sent out: requests with large bodies to hosts that it never asked before.

A server that reports to its maker, or backs itself up, did so before the attack as well; who only begins afterwards
carries something away, or fetches orders.
"""

from __future__ import annotations

from collections.abc import Sequence

from ibis import _

from mailscope.investigation.conversation import rows
from mailscope.investigation.phases import Phase
from mailscope.investigation.scene import Scene
from mailscope.wording import amount, phrase

OBEYED = ("web-shell", "command-injection", "code-injection", "template-injection", "deserialisation")
"""Phases after which a server does what it is told."""

BYTES_LEAST = 10_000
"""Bytes sent to one host from which on it is told."""

HOSTS_MOST = 10
"""Hosts told of one server, those that got most first."""


def data_theft(scene: Scene, client: str, phases: Sequence[Phase]) -> list[Phase]:
    """One phase for each outside host that a server sent much to, by HTTP, only after it had obeyed `client`."""
    found = []
    obeyed: dict[str, Phase] = {}
    for phase in phases:
        if phase.slug in OBEYED and phase.worked == "yes" and scene.network.is_own(phase.target):
            obeyed.setdefault(phase.target, phase)
    for server, first in obeyed.items():
        found += [_phase(client, server, row) for row in _sent(scene, server, first) if _is_new(scene, row, first)]
    return found


def _sent(scene: Scene, server: str, first: Phase) -> list[dict[str, object]]:
    asked = scene.tables["http_requests"].filter(_.client_addr == server, _.start >= first.start)
    summed = asked.group_by(["client_addr", "server_addr", "server_port"]).agg(
        requests=_.count(),
        bytes=_.request_body_bytes.sum(),
        hosts=_.host.collect(where=_.host.notnull(), distinct=True).sort()[:5],
        start=_.start.min(),
        end=_.end.max(),
        flow_id=_.flow_id.argmin(_.start),
        capture=_.capture.argmin(_.start),
        first_packet=_.first_packet.argmin(_.start),
        last_capture=_.last_capture.argmax(_.end),
        last_packet=_.last_packet.argmax(_.end),
    )
    return rows(summed.filter(_.bytes >= BYTES_LEAST).order_by(-_.bytes, "server_addr").limit(HOSTS_MOST))


def _is_new(scene: Scene, row: dict[str, object], first: Phase) -> bool:
    if not scene.network.is_outside(str(row["server_addr"])):
        return False
    flows = scene.tables["flows"]
    before = flows.filter(_.orig_addr == row["client_addr"], _.resp_addr == row["server_addr"], _.start < first.start)
    return not rows(before.select("flow_id").limit(1))


def _phase(client: str, server: str, row: dict[str, object]) -> Phase:
    size, requests = int(str(row["bytes"])), int(str(row["requests"]))
    names = [str(name) for name in row["hosts"]] if isinstance(row["hosts"], list) else []
    to = list(dict.fromkeys([str(row["server_addr"]), *names]))
    return Phase(
        slug="exfiltration",
        client=client,
        target=server,
        service=f"http:{row['server_port']}",
        start=row["start"],  # type: ignore[arg-type]
        end=row["end"],  # type: ignore[arg-type]
        first=(str(row["capture"]), int(str(row["first_packet"]))),
        last=(str(row["last_capture"]), int(str(row["last_packet"]))),
        flow_id=str(row["flow_id"]),
        requests=requests,
        worked="yes",
        what=phrase(
            "phase.what-exfiltration",
            server=server,
            bytes=amount(size, "byte"),
            to=to,
            requests=amount(requests, "request"),
        ),
        details={"to": to, "bytes_sent": size},
    )
