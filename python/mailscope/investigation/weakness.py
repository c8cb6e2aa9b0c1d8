"""Which weakness let the attacker in: the first requests with an effect that they should not have had.

What an answer shows is proof of the effect, not of the code behind it: a weakness is named by its class (CWE), with
the packets that show it and how sure they make it. What this traffic does not show is said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.finding import Evidence, row_evidence
from mailscope.investigation.conversation import rows
from mailscope.investigation.phases import ATTACKS, GUESSES, Phase
from mailscope.investigation.scene import Scene
from mailscope.investigation.suspects import Row, Seen
from mailscope.wording import Phrase, phrase

SURE = {"yes": 0.9, "likely": 0.5}
"""How sure an attack's effect makes the weakness."""

TRANSACTIONS_MOST = 2000
"""Mail transactions of an attacker looked at for forged senders."""

SHOWN = 20


@dataclass(slots=True)
class Weakness:
    """A weakness of a target: CWE, where (page and parameter, service), since when it shows, and by which packets."""

    cwe: str
    what: Phrase
    where: str
    target: str
    seen: datetime
    confidence: float
    evidence: list[Evidence] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        """As the answer shows it."""
        return {
            "cwe": self.cwe,
            "what": self.what,
            "where": self.where,
            "target": self.target,
            "seen": self.seen,
            "confidence": self.confidence,
            "evidence": [
                {"capture": e.capture, "packets": [e.first_packet, e.last_packet], "flow_id": e.flow_id}
                for e in self.evidence
            ],
        }


def weaknesses(scene: Scene, found: Seen, phases: Sequence[Phase]) -> list[Weakness]:
    """The weaknesses that one attacker's phases show, in the order in which they first had an effect."""
    shown: list[Weakness] = []
    for phase in phases:
        if phase.slug in GUESSES and phase.details.get("entered"):
            shown += _weak_password(scene, found, phase)
        elif phase.slug in ATTACKS and phase.worked in SURE:
            shown.append(_injected(scene, phase))
        elif phase.slug == "file-upload" and phase.worked == "yes":
            shown += _executed_upload(scene, found, phase)
        elif phase.slug == "mail-sending":
            shown += forged_own_sender(scene, phase.client, phase.target)
    shown += _unexplained_shells(scene, found, phases)
    return sorted(shown, key=lambda weakness: weakness.seen)


def _weak_password(scene: Scene, found: Seen, phase: Phase) -> list[Weakness]:
    assert found.logins is not None
    entered = found.logins.filter(
        _.client_addr == phase.client,
        _.server_addr == phase.target,
        _.is_success,
        _.user.isin(phase.details["entered"]),
    )
    first = rows(entered.order_by("start").limit(SHOWN))
    users = phase.details["entered"]
    return [
        Weakness(
            "CWE-521",
            phrase(
                "weakness.weak-password",
                users=users,
                where=phase.details["where"],
                attempts=str(phase.details["attempts"]),
            ),
            f"{phase.service} {' '.join(phase.details['where'])}",
            phase.target,
            first[0]["start"] if first else phase.start,
            0.85,
            [row_evidence("logins", row, phrase("evidence.login", user=row["user"] or "-")) for row in first[:3]],
        )
    ]


def _injected(scene: Scene, phase: Phase) -> Weakness:
    at = phase.details.get("first_effect") or phase.start
    http = scene.tables["http_requests"]
    row = rows(
        http.filter(_.client_addr == phase.client, _.server_addr == phase.target, _.start >= at, _.start <= phase.end)
        .order_by("start")
        .limit(1)
    )
    pages, names = phase.details["pages"][:3], phase.details["parameters"][:5]
    effects = [phrase(f"effect.{reason}") for reason in phase.details["effects"]]
    return Weakness(
        phase.cwe or "CWE-20",
        phrase(
            "weakness.injection", attack=phrase(f"phase.{phase.slug}"), pages=pages, parameters=names, effect=effects
        ),
        f"{' '.join(pages)} {' '.join(names)}".strip(),
        phase.target,
        at,
        SURE[phase.worked],
        [row_evidence("http_requests", one, phrase("evidence.web-request", request=_line(one))) for one in row],
    )


def _executed_upload(scene: Scene, found: Seen, phase: Phase) -> list[Weakness]:
    shown = []
    for shell in found.shells:
        upload = shell.get("upload")
        if shell["server_addr"] != phase.target or upload is None or not phase.start <= upload["start"] <= phase.end:
            continue
        run = _first_run(scene, shell)
        evidence = [row_evidence("http_requests", upload, phrase("evidence.upload", file=upload["file_name"]))]
        evidence += [
            row_evidence("http_requests", one, phrase("evidence.web-request", request=_line(one))) for one in run
        ]
        shown.append(
            Weakness(
                "CWE-434",
                phrase("weakness.upload", page=upload["path"], file=upload["file_name"], shell=shell["path"]),
                f"{upload['path']} -> {shell['path']}",
                phase.target,
                upload["start"],
                0.95,
                evidence,
            )
        )
    return shown


def _unexplained_shells(scene: Scene, found: Seen, phases: Sequence[Phase]) -> list[Weakness]:
    """Shells whose upload was not seen: the weakness that put them there is not shown by this traffic."""
    clients = {phase.client for phase in phases}
    shown = []
    for shell in found.shells:
        if shell.get("upload") is None and clients & set(shell["clients"]):
            run = _first_run(scene, shell)
            what = phrase("weakness.shell-only", shell=shell["path"])
            evidence = [
                row_evidence("http_requests", one, phrase("evidence.web-request", request=_line(one))) for one in run
            ]
            shown.append(Weakness("CWE-506", what, shell["path"], shell["server_addr"], shell["first"], 0.7, evidence))
    return shown


def _first_run(scene: Scene, shell: Row) -> list[Row]:
    http = scene.tables["http_requests"]
    asked = http.filter(
        _.server_addr == shell["server_addr"], _.client_addr.isin(shell["clients"]), _.start >= shell["first"]
    )
    return rows(asked.order_by("start").limit(1))


def forged_own_sender(scene: Scene, client: str, server: str) -> list[Weakness]:
    """The server takes mail in the owner's name from outside without a login, from this client."""
    if not scene.domains.own or scene.network.is_own(client):
        return []
    sessions = scene.tables["mail_sessions"].filter(
        _.client_addr == client, _.server_addr == server, _.authenticated != "yes", _.protocol == "smtp"
    )
    sent = scene.tables["mail_transactions"].semi_join(sessions, "session_id").filter(_.rcpt_accepted > 0)
    taken = [
        row
        for row in rows(sent.order_by("start").limit(TRANSACTIONS_MOST))
        if scene.domains.is_own(row["mail_from"]) and row["mail_from"]
    ]
    if not taken:
        return []
    senders = sorted({row["mail_from"] for row in taken})
    return [
        Weakness(
            "CWE-290",
            phrase("weakness.own-sender", server=server, senders=senders),
            f"smtp:{taken[0]['server_port']}",
            server,
            taken[0]["start"],
            0.9 if scene.domains.how == "given" else 0.8,
            [
                row_evidence("mail_transactions", row, phrase("evidence.own-sender", sender=row["mail_from"]))
                for row in taken[:3]
            ],
        )
    ]


def products(scene: Scene, targets: Sequence[str]) -> list[dict[str, Any]]:
    """What the targets say of themselves: program and version in headers, pages and greetings."""
    http: Table = scene.tables["http_requests"].filter(_.server_addr.isin(list(targets)))
    shown: list[dict[str, Any]] = []
    for column in ("server", "powered_by", "response_title"):
        said = http.filter(http[column].notnull()).group_by(["server_addr", "server_port", column]).agg(n=_.count())
        for row in rows(said.order_by(-_.n).limit(SHOWN)):
            shown.append(
                {"target": row["server_addr"], "port": row["server_port"], "shown": row[column], "where": column}
            )
    for row in rows(http.select("server_addr", "server_port", cookie=_.set_cookies.unnest()).distinct().limit(SHOWN)):
        shown.append(
            {"target": row["server_addr"], "port": row["server_port"], "shown": row["cookie"], "where": "cookie"}
        )
    mail = scene.tables["mail_sessions"].filter(_.server_addr.isin(list(targets)), _.banner.notnull())
    for row in rows(mail.select("server_addr", "server_port", "banner").distinct().limit(SHOWN)):
        shown.append(
            {"target": row["server_addr"], "port": row["server_port"], "shown": row["banner"], "where": "greeting"}
        )
    return sorted(shown, key=lambda row: (row["target"], row["port"], row["where"], row["shown"]))


def _line(row: Mapping[str, Any]) -> str:
    return f"{row['method']} {str(row['uri'])[:160]} -> {row['status']}"
