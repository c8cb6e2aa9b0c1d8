"""Files that a web shell's user had sent to the server by FTP (RFC 959) before the shell answered.

FTP's commands are not read, so names are not known: a data connection is known by its control connection, within
whose time it lies, and by its direction. That one of the files became the shell is likely, not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.investigation.conversation import rows
from mailscope.investigation.phases import Phase
from mailscope.investigation.scene import Scene
from mailscope.wording import amount, phrase

BEFORE = timedelta(days=1)
"""Time between a file and the first answer of the shell, at most."""

SLACK = timedelta(seconds=1)
"""By which a data connection may end after its control connection."""

TRANSFERS_MOST = 50
"""Files told of one client and server, the last before the shell first."""

CODE = ("3c3f706870", "3c3f3d", "3c25", "2321")
"""First bytes of programs, hexadecimal: `<?php`, `<?=`, `<%`, `#!`."""


def ftp_uploads(scene: Scene, client: str, phases: Sequence[Phase]) -> list[Phase]:
    """A phase for each server at which `client` uses a shell whose upload was not seen, and to which it sent files."""
    shown = {phase.target for phase in phases if phase.slug == "file-upload" and phase.worked == "yes"}
    found = []
    for server in sorted({phase.target for phase in phases if phase.slug == "web-shell"} - shown):
        first = min(phase.start for phase in phases if phase.slug == "web-shell" and phase.target == server)
        sent = rows(_sent(scene.tables["flows"], client, server, first).limit(TRANSFERS_MOST))
        if sent:
            found.append(_phase(client, server, sorted(sent, key=lambda row: (row["start"], row["first_packet"]))))
    return found


def _sent(flows: Table, client: str, server: str, before: Any) -> Table:
    """Data connections of the client's FTP sessions in which the client alone sent, the last first."""
    recent = flows.filter(_.proto == "tcp", _.start < before, _.start >= before - BEFORE)
    control = recent.filter(_.app == "ftp", _.orig_addr == client, _.resp_addr == server).select(
        from_time=_.start, to_time=_.end + SLACK, control_port=_.resp_port
    )
    passive = recent.filter(_.orig_addr == client, _.resp_addr == server, _.resp_port >= 1024).mutate(
        sent=_.orig_payload_bytes, got=_.resp_payload_bytes
    )
    active = recent.filter(_.orig_addr == server, _.resp_addr == client, _.resp_port >= 1024).mutate(
        sent=_.resp_payload_bytes, got=_.orig_payload_bytes
    )
    data = passive.union(active).filter(_.app.isin(["unknown", "none"]), _.sent > 0, _.got == 0)
    within = data.join(control, [data.start >= control.from_time, data.end <= control.to_time])
    kept = ("flow_id", "capture", "first_packet", "last_capture", "last_packet", "start", "end", "sent", "first_bytes")
    return within.select(*kept, "control_port").distinct().order_by(ibis.desc("start"), ibis.desc("first_packet"))


def _phase(client: str, server: str, sent: list[dict[str, Any]]) -> Phase:
    size = sum(int(row["sent"]) for row in sent)
    first, last = sent[0], max(sent, key=lambda row: row["end"])
    return Phase(
        slug="file-upload",
        client=client,
        target=server,
        service=f"ftp:{first['control_port']}",
        start=first["start"],
        end=last["end"],
        first=(first["capture"], first["first_packet"]),
        last=(last["last_capture"], last["last_packet"]),
        flow_id=first["flow_id"],
        requests=len(sent),
        worked="likely",
        what=phrase("phase.what-ftp-upload", files=amount(len(sent), "file"), bytes=amount(size, "byte")),
        details={
            "transfers": [
                {
                    "capture": row["capture"],
                    "packets": [row["first_packet"], row["last_packet"]],
                    "bytes": int(row["sent"]),
                    "is_program": str(row["first_bytes"] or "").replace(" ", "").lower().startswith(CODE),
                }
                for row in sent
            ]
        },
    )
