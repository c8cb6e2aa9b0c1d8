"""Which weakness let the attacker in: the first requests with an effect that they should not have had.

What an answer shows is proof of the effect, not of the code behind it: a weakness is named by its class (CWE), with
the packets that show it and how sure they make it. What this traffic does not show is said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ibis
from ibis import _

from mailscope.detect.finding import Evidence, row_evidence
from mailscope.detect.runs import as_row
from mailscope.investigation.conversation import rows
from mailscope.investigation.phases import ATTACKS, GUESSES, Phase
from mailscope.investigation.scene import Scene
from mailscope.investigation.suspects import Seen
from mailscope.investigation.uploaded_shells import Row
from mailscope.wording import Phrase, phrase

SURE = {"yes": 0.9, "likely": 0.5}
"""How sure an attack's effect makes the weakness."""

TRANSACTIONS_MOST = 2000
"""Mail transactions of an attacker looked at for forged senders."""

SHOWN = 20

PLACES = ("server", "powered_by", "greeting", "cookie", "response_title")
"""Where a program names itself, the most telling first."""

PRODUCTS_MOST = 5000
"""Names and versions looked at, over all targets."""


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
            shown.append(_weak_password(found, phase))
        elif phase.slug in ATTACKS and phase.worked in SURE:
            shown.append(_injected(found, phase))
        elif phase.slug == "file-upload" and phase.worked == "yes":
            shown += _executed_upload(found, phase)
        elif phase.slug == "mail-sending":
            shown += forged_own_senders(scene, [(phase.client, phase.target)]).values()
    shown += _unexplained_shells(found, phases)
    # Long pauses make several phases of one guessing, which showed one weakness.
    once = {(one.cwe, one.target, one.where, one.seen): one for one in shown}
    return sorted(once.values(), key=lambda weakness: weakness.seen)


def _weak_password(found: Seen, phase: Phase) -> Weakness:
    """The accounts that gave way to guessing; the evidence is the first login that was let in."""
    guessed = [
        as_row(row, "entered_")
        for row in found.guessing
        if row["client_addr"] == phase.client and row["server_addr"] == phase.target
    ]
    entered = sorted((row for row in guessed if row), key=lambda row: row["start"])
    users, where = phase.details["entered"], phase.details["where"]
    return Weakness(
        "CWE-521",
        phrase("weakness.weak-password", users=users, where=where, attempts=phase.details["attempts"]),
        f"{phase.service} {' '.join(where)}",
        phase.target,
        entered[0]["start"] if entered else phase.start,
        0.85,
        [row_evidence("logins", row, phrase("evidence.login", user=row["user"] or "-")) for row in entered[:3]],
    )


def _injected(found: Seen, phase: Phase) -> Weakness:
    """What an attack's effect shows; the evidence is the first request with it."""
    shown = [
        as_row(page, "effect_") or as_row(page, "hint_")
        for page in found.pages
        if page["client_addr"] == phase.client
        and page["server_addr"] == phase.target
        and page["attack"] == phase.slug
        and page["worked"] in SURE
    ]
    first = sorted((row for row in shown if row), key=lambda row: row["start"])
    pages, names = phase.details["pages"][:3], phase.details["parameters"][:5]
    effects = [phrase(f"effect.{reason}") for reason in phase.details["effects"]]
    attack = phrase(f"phase.{phase.slug}")
    return Weakness(
        phase.cwe or "CWE-20",
        phrase("weakness.injection", attack=attack, pages=pages, parameters=names, effect=effects),
        f"{' '.join(pages)} {' '.join(names)}".strip(),
        phase.target,
        first[0]["start"] if first else phase.start,
        SURE[phase.worked],
        [row_evidence("http_requests", row, phrase("evidence.web-request", request=_line(row))) for row in first[:3]],
    )


def _executed_upload(found: Seen, phase: Phase) -> list[Weakness]:
    shown = []
    for shell in found.shells:
        upload = shell.get("upload")
        if shell["server_addr"] != phase.target or upload is None or not phase.start <= upload["start"] <= phase.end:
            continue
        evidence = [row_evidence("http_requests", upload, phrase("evidence.upload", file=upload["file_name"]))]
        evidence += _ran(shell)
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


def _unexplained_shells(found: Seen, phases: Sequence[Phase]) -> list[Weakness]:
    """Shells whose upload was not seen: the weakness that put them there is not shown by this traffic."""
    clients = {phase.client for phase in phases}
    shown = []
    for shell in found.shells:
        if shell.get("upload") is None and clients & set(shell["clients"]):
            target, where = shell["server_addr"], shell["path"]
            sent = [p for p in phases if p.target == target and p.service.startswith("ftp") and p.end <= shell["first"]]
            key = "weakness.shell-after-ftp" if sent else "weakness.shell-only"
            what = phrase(key, shell=where, clients=sorted({phase.client for phase in sent}))
            shown.append(Weakness("CWE-506", what, where, target, shell["first"], 0.7, _ran(shell)))
    return shown


def _ran(shell: Row) -> list[Evidence]:
    """The first command that a shell was given."""
    run = as_row(shell, "run_")
    return [row_evidence("http_requests", run, phrase("evidence.web-request", request=_line(run)))] if run else []


def forged_own_senders(scene: Scene, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Weakness]:
    """By client and server: the server takes mail in the owner's name from this client outside, without a login."""
    asked = {(client, server) for client, server in pairs if not scene.network.is_own(client)}
    if not scene.domains.own or not asked:
        return {}
    sessions = scene.tables["mail_sessions"].filter(
        _.client_addr.isin(sorted({client for client, _server in asked})),
        _.server_addr.isin(sorted({server for _client, server in asked})),
        _.authenticated != "yes",
        _.protocol == "smtp",
    )
    sent = scene.tables["mail_transactions"].semi_join(sessions, "session_id").filter(_.rcpt_accepted > 0)
    number = ibis.row_number().over(
        group_by=["client_addr", "server_addr"], order_by=["start", "flow_id", "transaction"]
    )
    sent = sent.mutate(number=number).filter(_.number < TRANSACTIONS_MOST).order_by("start", "number")
    taken: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows(sent):
        if row["mail_from"] and scene.domains.is_own(row["mail_from"]):
            taken.setdefault((row["client_addr"], row["server_addr"]), []).append(row)
    certainty = 0.9 if scene.domains.how == "given" else 0.8
    return {pair: _own_sender(taken[pair], certainty) for pair in asked & taken.keys()}


def _own_sender(taken: Sequence[Mapping[str, Any]], certainty: float) -> Weakness:
    """What these transactions of one client with one server show."""
    first = taken[0]
    senders = sorted({row["mail_from"] for row in taken})
    return Weakness(
        "CWE-290",
        phrase("weakness.own-sender", server=first["server_addr"], senders=senders),
        f"smtp:{first['server_port']}",
        first["server_addr"],
        first["start"],
        certainty,
        [
            row_evidence("mail_transactions", row, phrase("evidence.own-sender", sender=row["mail_from"]))
            for row in taken[:3]
        ],
    )


def products(scene: Scene, targets: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """By target: what it says of itself, program and version in headers, pages, cookies and greetings."""
    http = scene.tables["http_requests"].filter(_.server_addr.isin(list(targets)))
    cookies = http.select("server_addr", "server_port", shown=_.set_cookies.unnest()).mutate(
        place=ibis.literal("cookie")
    )
    said = cookies.select("server_addr", "server_port", "shown", "place")
    pages = http.mutate(response_title=(_.status < 300).ifelse(_.response_title, ibis.null("string")))
    for column in ("server", "powered_by", "response_title"):
        said = said.union(
            pages.select("server_addr", "server_port", shown=pages[column]).mutate(place=ibis.literal(column))
        )
    mail = scene.tables["mail_sessions"].filter(_.server_addr.isin(list(targets)))
    said = said.union(mail.select("server_addr", "server_port", shown=_.banner).mutate(place=ibis.literal("greeting")))
    counted = said.filter(_.shown.notnull()).group_by(["server_addr", "server_port", "place", "shown"]).agg(n=_.count())
    shown: dict[str, list[dict[str, Any]]] = {target: [] for target in targets}
    for row in rows(counted.order_by(-_.n, "shown").limit(PRODUCTS_MOST)):
        if len(shown[row["server_addr"]]) < SHOWN:
            shown[row["server_addr"]].append(
                {"target": row["server_addr"], "port": row["server_port"], "shown": row["shown"], "where": row["place"]}
            )
    return {target: sorted(said, key=_by_place) for target, said in shown.items()}


def _by_place(product: Mapping[str, Any]) -> tuple[int, int, str]:
    return PLACES.index(product["where"]), product["port"], product["shown"]


def _line(row: Mapping[str, Any]) -> str:
    return f"{row['method']} {str(row['uri'])[:160]} -> {row['status']}"
