"""Findings of kind `web-intrusion`: one attacking address, its trail, and the weaknesses that the trail shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibis import _

from mailscope.detect.finding import Evidence, Fact, Finding, Technique, combined
from mailscope.investigation.conversation import rows
from mailscope.investigation.data_theft import data_theft
from mailscope.investigation.ftp_uploads import ftp_uploads
from mailscope.investigation.phase_facts import phases_of
from mailscope.investigation.phases import ATTACKS, GUESSES, Phase
from mailscope.investigation.scene import Scene
from mailscope.investigation.stolen_accounts import strangers, tell_thefts, thefts
from mailscope.investigation.suspects import Seen, seen
from mailscope.investigation.trail import mail_phases, web_phases
from mailscope.investigation.uploaded_shells import Row
from mailscope.investigation.weakness import Weakness, products, weaknesses
from mailscope.wording import Phrase, amount, phrase

KIND = "web-intrusion"

WEIGHTS = {
    "web-shell": 0.9,
    "uploaded-file-ran": 0.8,
    "attack-worked": 0.85,
    "attack-likely": 0.5,
    "attack-tried": 0.4,
    "password-guessed": 0.6,
    "passwords-tried": 0.5,
    "directory-scan": 0.35,
    "port-scan": 0.3,
    "attack-program": 0.4,
    "account-used": 0.3,
    "mail-sent": 0.1,
}
"""How much each observation alone says that the address attacked."""

PROGRAMS_TELLING = frozenset(
    ("curl", "wget", "java", "okhttp", "httpx", "aiohttp", "python-requests", "go-http-client")
)
"""Programs that anybody uses: no mark of an attack."""

MACHINE_USERS, MACHINE_ATTEMPTS = 5, 30
"""Accounts tried, and attempts at one a second or faster, from which on a machine guesses at mailboxes."""

FINDINGS_MOST = 50
"""Attackers reported; a report of more is a list of scanners."""

SENDERS_SHOWN = 20


def intrusion_findings(scene: Scene) -> list[Finding]:
    """One finding for each address that attacked a web server, or guessed its way into an account."""
    found = seen(scene.tables)
    found.shells = [shell for shell in found.shells if not _is_own_editors(scene, found, shell)]
    suspects = found.suspects()
    web = web_phases(scene.tables, found, suspects)
    mail = mail_phases(scene.tables, found, suspects)
    trails = {client: phases_of(client, web, mail, found) for client in suspects}
    kept = {client: phases for client, phases in trails.items() if _is_intrusion(phases)}
    _join_guessers(kept)
    _add_strangers(scene, found, kept)
    for client, phases in kept.items():
        phases += data_theft(scene, client, phases) + ftp_uploads(scene, client, phases)
        phases.sort(key=lambda phase: (phase.start, phase.slug))
    said = products(scene, sorted({phase.target for phases in kept.values() for phase in phases})) if kept else {}
    made = []
    for client, phases in kept.items():
        _tell_mail(scene, phases)
        made.append(_finding(scene, found, client, phases))
        made[-1].details["products"] = [one for target in made[-1].roles["target"] for one in said[target]]
    return _the_surest(made)


def _is_own_editors(scene: Scene, found: Seen, shell: Row) -> bool:
    """A program that somebody inside put there, or that was there, and only the inside asked: how a site is kept.

    Whoever gives it commands, or attacked something, is no editor.
    """
    upload = shell.get("upload")
    if shell["commands"] or not all(map(scene.network.is_own, shell["clients"])):
        return False
    if upload is None:
        return True
    attackers = {page["client_addr"] for page in found.pages} | {row["client_addr"] for row in found.guessing}
    return bool(scene.network.is_own(upload["client_addr"]) and upload["client_addr"] not in attackers)


def _join_guessers(trails: dict[str, list[Phase]]) -> None:
    """Makes one trail of the clients that guessed together at a service: that of who got in, else of the first."""
    groups: dict[tuple[str, str], set[str]] = {}
    for client, phases in trails.items():
        for phase in phases:
            if phase.slug in GUESSES and phase.details.get("together"):
                groups.setdefault((phase.target, phase.service), set()).add(client)
    for clients in groups.values():
        left = sorted(client for client in clients if client in trails)
        if not left:
            continue
        owner = min(left, key=lambda c: (all(p.worked != "yes" for p in trails[c]), trails[c][0].start, c))
        for client in left:
            if client != owner and all(p.slug in GUESSES or p.slug == "reconnaissance" for p in trails[client]):
                trails[owner] += trails.pop(client)
        trails[owner].sort(key=lambda phase: (phase.start, phase.slug))


def _add_strangers(scene: Scene, found: Seen, trails: dict[str, list[Phase]]) -> None:
    """Adds what other addresses did with accounts that were stolen to the trail of who stole them, or sent the lure."""
    if not trails:
        return
    stolen = thefts(scene, trails)
    others = strangers(scene, stolen, trails)
    mail = mail_phases(scene.tables, found, sorted(others))
    for client, users in others.items():
        guessers = {theft.by for user in users for theft in stolen[user] if theft.how == "guessed"}
        owner = next((c for c in trails if c in guessers), None) or next(
            (c for c, phases in trails.items() if any(phase.slug == "mail-sending" for phase in phases)),
            next(iter(trails)),
        )
        trails[owner] += [p for p in phases_of(client, [], mail, found) if p.slug in ("account-use", "mail-sending")]
        trails[owner].sort(key=lambda phase: (phase.start, phase.slug))
    for phases in trails.values():
        tell_thefts(phases, stolen)


def _the_surest(made: list[Finding]) -> list[Finding]:
    """The findings that a report can hold; the last one says how many more there are."""
    ranked = sorted(made, key=lambda finding: (-finding.confidence, finding.subject))
    if len(ranked) > FINDINGS_MOST:
        more = amount(len(ranked) - FINDINGS_MOST, "address")
        ranked[FINDINGS_MOST - 1].not_proven.append(phrase("intrusion.more", addresses=more))
    return ranked[:FINDINGS_MOST]


def _is_intrusion(phases: Sequence[Phase]) -> bool:
    """More than a look around: an attack, a shell, guessing at a web login, or by a machine, or into an account."""
    return any(
        phase.slug in ATTACKS
        or phase.slug == "web-shell"
        or (phase.slug in GUESSES and (phase.service.startswith("http") or phase.worked == "yes" or _is_machine(phase)))
        for phase in phases
    )


def _is_machine(phase: Phase) -> bool:
    """Guessing that no mail program with an old password does: at many accounts, with others, or more than 1/s."""
    seconds = (phase.end - phase.start).total_seconds()
    attempts = phase.details.get("attempts", 0)
    return bool(
        phase.details.get("together")
        or phase.details.get("user_count", 0) >= MACHINE_USERS
        or attempts >= max(MACHINE_ATTEMPTS, seconds)
    )


def _tell_mail(scene: Scene, phases: Sequence[Phase]) -> None:
    """Adds what was sent, in whose name and how it was answered, to the phases that sent mail."""
    for phase in phases:
        if phase.slug != "mail-sending":
            continue
        sent = rows(
            scene.tables["mail_transactions"]
            .filter(_.client_addr == phase.client, _.server_addr == phase.target)
            .filter(_.start >= phase.start, _.start <= phase.end)
            .group_by("mail_from")
            .agg(mails=_.count(), accepted=_.rcpt_accepted.sum(), rejected=_.rcpt_rejected.sum())
            .order_by(-_.mails, "mail_from")
            .limit(SENDERS_SHOWN)
        )
        accepted, rejected = (sum(row[name] for row in sent) for name in ("accepted", "rejected"))
        phase.worked = "yes" if accepted else "no"
        phase.details |= {
            "mail_from": [row["mail_from"] for row in sent if row["mail_from"]],
            "mails": sum(row["mails"] for row in sent),
            "recipients_accepted": accepted,
            "recipients_rejected": rejected,
        }
        phase.what = phrase(
            "phase.what-sent",
            mails=amount(phase.details["mails"], "mail"),
            senders=phase.details["mail_from"] or [phrase("word.none")],
            accepted=amount(accepted, "recipient"),
            rejected=rejected,
        )


def _finding(scene: Scene, found: Seen, client: str, phases: list[Phase]) -> Finding:
    targets = sorted({phase.target for phase in phases if phase.slug != "reconnaissance"})
    holes = weaknesses(scene, found, phases)
    facts = _facts(phases)
    worked = any(phase.worked == "yes" and phase.slug in ATTACKS | GUESSES | {"web-shell"} for phase in phases)
    return Finding(
        kind=KIND,
        subject=client,
        confidence=combined(facts),
        summary=phrase(
            "intrusion.broke-in" if worked else "intrusion.tried",
            attacker=client,
            targets=targets,
            phases=_distinct(phrase(f"phase.{phase.slug}") for phase in phases if phase.slug != "reconnaissance"),
        ),
        roles={"attacker": list(dict.fromkeys([client, *(phase.client for phase in phases)])), "target": targets},
        facts=facts,
        evidence=[*(_phase_evidence(phase) for phase in phases), *(e for hole in holes for e in hole.evidence)],
        not_proven=_not_proven(phases, holes),
        could_be=[phrase("intrusion.could-be-test"), phrase("intrusion.could-be-shared")],
        techniques=_techniques(phases),
        details={
            "phases": [phase.as_row() for phase in phases],
            "products": [],
            "counts": {"requests": sum(phase.requests for phase in phases), "phases": len(phases)},
            "first": min(phase.start for phase in phases),
            "last": max(phase.end for phase in phases),
            "answers": answers_of(phases, holes),
        },
    )


def answers_of(phases: Sequence[Phase], holes: Sequence[Weakness]) -> dict[str, Any]:
    """The six questions as far as this attacker's trail answers them."""
    sent = [phase for phase in phases if phase.slug == "mail-sending" and phase.worked == "yes"]
    not_shown = [] if holes else ["weaknesses"]
    return {
        "sender_ip": sorted({phase.client for phase in sent}),
        "forged_from": sorted({sender for phase in sent for sender in phase.details["mail_from"]}),
        "weaknesses": [hole.as_row() for hole in holes],
        "attacks": [
            {
                "phase": phase.slug,
                "what": phase.what,
                "source": phase.client,
                "target": phase.target,
                "first": phase.start,
                "last": phase.end,
                "worked": phase.worked,
                "technique": phase.technique.id,
            }
            for phase in phases
        ],
        "not_shown": not_shown,
    }


def _facts(phases: Sequence[Phase]) -> list[Fact]:
    """What the confidence is made of: each kind of observation once, at its strongest."""
    made: dict[str, Fact] = {}
    for phase in phases:
        name = _fact_name(phase)
        if name is not None and phase.what is not None:
            made.setdefault(name, Fact(name, WEIGHTS[name], phase.what))
        if phase.tool and phase.tool not in PROGRAMS_TELLING:
            tool = phrase("fact.attack-program", program=phase.tool, target=phase.target)
            made.setdefault("attack-program", Fact("attack-program", WEIGHTS["attack-program"], tool))
    return sorted(made.values(), key=lambda fact: -fact.weight)


def _fact_name(phase: Phase) -> str | None:
    if phase.slug in ATTACKS:
        return {"yes": "attack-worked", "likely": "attack-likely"}.get(phase.worked, "attack-tried")
    if phase.slug in GUESSES:
        return "password-guessed" if phase.worked == "yes" else "passwords-tried"
    return {
        "web-shell": "web-shell",
        "file-upload": "uploaded-file-ran" if phase.worked == "yes" else None,
        "directory-scan": "directory-scan",
        "port-scan": "port-scan",
        "account-use": "account-used" if phase.worked == "yes" else None,
        "mail-sending": "mail-sent",
    }.get(phase.slug)


def _phase_evidence(phase: Phase) -> Evidence:
    table = "http_requests" if phase.service.startswith("http") else "mail_sessions"
    return Evidence(
        table="flows" if phase.slug == "port-scan" or phase.service.startswith("ftp") else table,
        flow_id=phase.flow_id,
        capture=phase.first[0],
        first_packet=phase.first[1],
        last_packet=phase.last[1],
        what=phase.what or phrase(f"phase.{phase.slug}"),
        last_capture=phase.last[0] if phase.last[0] != phase.first[0] else None,
    )


def _not_proven(phases: Sequence[Phase], holes: Sequence[Weakness]) -> list[Phrase]:
    said = [phrase("intrusion.who-behind")]
    if not holes:
        said.append(phrase("intrusion.no-weakness"))
    if any(phase.slug in ATTACKS and phase.worked in ("likely", "unknown") for phase in phases):
        said.append(phrase("intrusion.effect-unsure"))
    if any(phase.slug == "account-use" and phase.details.get("messages") for phase in phases):
        said.append(phrase("intrusion.read-by-whom"))
    return said


def _techniques(phases: Sequence[Phase]) -> list[Technique]:
    return list({phase.technique.id: phase.technique for phase in phases}.values())


def _distinct(words: Any) -> list[Phrase]:
    return list(dict.fromkeys(words))
