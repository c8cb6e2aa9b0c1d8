"""The competing explanations, each confirmed, refuted or open, with the observation that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from mailscope.detect.finding import Evidence, Finding, row_evidence
from mailscope.detect.open_mail_relay import RelayUse
from mailscope.investigation.conversation import Conversation, rows
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene
from mailscope.investigation.sorting import Groups
from mailscope.wording import Phrase, amount, phrase

Verdict = Literal["confirmed", "refuted", "open"]

SURE_FROM = 0.8
"""Confidence from which on a finding confirms its hypothesis."""


@dataclass(slots=True)
class Hypothesis:
    """One explanation and what the traffic says to it."""

    name: str
    verdict: Verdict
    why: Phrase
    evidence: list[Evidence] = field(default_factory=list)


def hypotheses(scene: Scene, groups: Groups, findings: Sequence[Finding], uses: Sequence[RelayUse]) -> list[Hypothesis]:
    """All hypotheses, in the order in which a report shows them; nothing is refuted of what was not watched."""
    found = [
        _outside_command(findings, groups, scene),
        _insider(findings, groups, scene),
        _malware(findings, groups, scene),
        _spoofed(findings, scene),
        _mail_server(findings, uses, scene),
    ]
    if (why := _unwatched(scene)) is None:
        return found
    return [Hypothesis(item.name, "open", why) if item.verdict == "refuted" else item for item in found]


def _unwatched(scene: Scene) -> Phrase | None:
    """Why the traffic says nothing of the owner's network, where it does not."""
    if int(scene.tables["flows"].count().execute()) == 0:
        return phrase("input.no-traffic")
    return None if scene.network.is_seen else phrase("input.not-seen")


def _of_kind(findings: Sequence[Finding], kind: str) -> list[Finding]:
    return [finding for finding in findings if finding.kind == kind]


def _outside_command(findings: Sequence[Finding], groups: Groups, scene: Scene) -> Hypothesis:
    name = "open-proxy-commanded-from-outside"
    relays = _of_kind(findings, "open-proxy-relay")
    commanded = [finding for finding in relays if finding.roles["commander"]]
    if commanded:
        best = max(commanded, key=lambda finding: finding.confidence)
        verdict: Verdict = "confirmed" if best.confidence >= SURE_FROM else "open"
        counts = best.details["counts"]
        why = phrase(
            "hypothesis.outside-confirmed" if verdict == "confirmed" else "hypothesis.outside-likely",
            commander=best.roles["commander"],
            tied=amount(counts.get("commands_seen", 0), "request"),
            sessions=amount(counts["sessions"], "session"),
        )
        return Hypothesis(name, verdict, why, best.evidence[:1])
    if relays or groups.proxy_alone:
        evidence = relays[0].evidence[:1] if relays else []
        return Hypothesis(name, "open", phrase("hypothesis.outside-no-command"), evidence)
    if groups.attempts and any(
        not scene.network.is_own(a.chain.request.client_addr) for a in groups.attempts if a.chain.request
    ):
        return Hypothesis(
            name, "refuted", phrase("hypothesis.outside-only-attempts", count=amount(len(groups.attempts), "request"))
        )
    if groups.alone:
        return Hypothesis(name, "open", phrase("hypothesis.outside-not-seen"))
    return Hypothesis(name, "refuted", phrase("hypothesis.outside-nothing"))


def _insider(findings: Sequence[Finding], groups: Groups, scene: Scene) -> Hypothesis:
    name = "insider-through-proxy"
    inside = _of_kind(findings, "proxy-policy")
    if inside:
        hosts = sorted({address for finding in inside for address in finding.roles["commander"]})
        return Hypothesis(
            name, "confirmed", phrase("hypothesis.insider-confirmed", hosts=hosts), inside[0].evidence[:1]
        )
    relayed = [chain for chains in groups.relayed.values() for chain in chains]
    if not relayed:
        alone = [chain for chains in groups.proxy_alone.values() for chain in chains]
        key = "hypothesis.insider-open" if alone else "hypothesis.insider-nothing"
        return Hypothesis(name, "open" if alone else "refuted", phrase(key))
    unexplained = sum(len(chains) for chains in groups.proxy_alone.values())
    if unexplained:
        return Hypothesis(name, "open", phrase("hypothesis.insider-some", sessions=amount(unexplained, "session")))
    if scene.network.is_weak:
        return Hypothesis(name, "open", phrase("hypothesis.insider-network"))
    return Hypothesis(name, "refuted", phrase("hypothesis.insider-refuted", sessions=amount(len(relayed), "session")))


def _malware(findings: Sequence[Finding], groups: Groups, scene: Scene) -> Hypothesis:
    name = "malware-sending-by-itself"
    direct = _of_kind(findings, "direct-sender")
    if direct:
        hosts = [finding.subject for finding in direct]
        carried = [finding for finding in direct if finding.details.get("carried_by")]
        if len(carried) == len(direct):
            clients = sorted({client for finding in carried for client in finding.details["carried_by"]})
            why = phrase("hypothesis.malware-carried", hosts=hosts, clients=clients)
            return Hypothesis(name, "open", why, direct[0].evidence[-1:])
        sure = max(finding.confidence for finding in direct) >= SURE_FROM
        key = "hypothesis.malware-confirmed" if sure else "hypothesis.malware-likely"
        return Hypothesis(name, "confirmed" if sure else "open", phrase(key, hosts=hosts), direct[0].evidence[:1])
    if groups.proxy_alone:
        return Hypothesis(name, "open", phrase("hypothesis.malware-proxy-host", hosts=sorted(groups.proxy_alone)))
    unread = [
        row
        for row in scene.undecoded
        if row["app"] in ("unknown", "tls")
        and row["orig_payload_bytes"]
        and not scene.is_own_mail_server(row["orig_addr"])
    ]
    if unread and not groups.relayed:
        hosts = sorted({row["orig_addr"] for row in unread})
        return Hypothesis(
            name,
            "open",
            phrase("hypothesis.malware-unread", hosts=hosts, connections=amount(len(unread), "connection")),
        )
    if not scene.chains:
        return Hypothesis(name, "refuted", phrase("hypothesis.malware-no-mail"))
    return Hypothesis(name, "refuted", phrase("hypothesis.malware-refuted"))


def _spoofed(findings: Sequence[Finding], scene: Scene) -> Hypothesis:
    """A spoofed source never sees the server's answers, so it cannot hold a TCP conversation."""
    name = "spoofed-source"
    sessions: list[Conversation] = []
    for finding in findings:
        for chain in finding.details.get("chains", []):
            sessions += _both_ways(chain)
    if sessions:
        example = sessions[0]
        why = phrase("hypothesis.spoofed-refuted", sessions=amount(len(sessions), "connection"), example=example.client)
        return Hypothesis(name, "refuted", why, [row_evidence("mail_sessions", example.row, why)])
    one_sided = any(finding.details.get("chains") for finding in findings)
    if not findings:
        return Hypothesis(name, "refuted", phrase("hypothesis.spoofed-nothing"))
    return Hypothesis(name, "open", phrase("hypothesis.spoofed-open" if one_sided else "hypothesis.spoofed-nothing"))


def _both_ways(chain: Chain) -> list[Conversation]:
    return [c for c in chain.conversations if c.row["sides"] == "both"]


def _mail_server(findings: Sequence[Finding], uses: Sequence[RelayUse], scene: Scene) -> Hypothesis:
    name = "mail-server-open-relay"
    relays = _of_kind(findings, "open-mail-relay")
    if relays:
        servers = [finding.subject for finding in relays]
        return Hypothesis(
            name, "confirmed", phrase("hypothesis.relay-confirmed", servers=servers), relays[0].evidence[:1]
        )
    servers = [address for address in scene.hosts.with_role("mail-server") if scene.is_own_mail_server(address)]
    refused = [row for use in uses for row in use.refused] if scene.domains.own else []
    if refused:
        why = phrase(
            "hypothesis.relay-refuted",
            servers=sorted({row["server_addr"] for row in refused}),
            attempts=amount(len(refused), "attempt"),
        )
        return Hypothesis(name, "refuted", why, [row_evidence("mail_transactions", refused[0], why)])
    if not servers:
        return Hypothesis(name, "open", phrase("hypothesis.relay-no-server"))
    return Hypothesis(name, "open", phrase("hypothesis.relay-not-tried", servers=servers))


def claims(scene: Scene, groups: Groups, uses: Sequence[RelayUse]) -> list[Hypothesis]:
    """What an owner says of the network, checked against the traffic."""
    return [_only_mail_server_sends(scene, groups), _closed_to_outsiders(scene, groups), _refuses_foreign(scene, uses)]


def _only_mail_server_sends(scene: Scene, groups: Groups) -> Hypothesis:
    name = "only-the-mail-server-sends-mail-out"
    others = [
        chain
        for chain in scene.chains
        if chain.leg is not None
        and not any(scene.is_own_mail_server(view.client_addr) for view in [chain.leg, *chain.same_leg])
    ]
    if others:
        hosts = sorted({chain.leg.client_addr for chain in others if chain.leg is not None})
        first = next(chain.leg for chain in others if chain.leg is not None)
        why = phrase("claim.others-send", hosts=hosts, sessions=amount(len(others), "session"))
        return Hypothesis(name, "refuted", why, [row_evidence("mail_sessions", first.row, why)])
    if any(chain.leg is not None for chain in scene.chains):
        return Hypothesis(name, "confirmed", phrase("claim.only-servers-send"))
    return Hypothesis(name, "open", phrase("claim.no-mail-out"))


def _closed_to_outsiders(scene: Scene, groups: Groups) -> Hypothesis:
    name = "the-proxy-is-closed-to-outsiders"
    requests = scene.tables["proxy_requests"]
    asked = rows(
        requests.filter(requests.kind != "proxy-protocol")
        .order_by("start")
        .select(
            "flow_id", "capture", "first_packet", "last_packet", "client_addr", "proxy_addr", "granted", "inner_app"
        )
    )
    outside = [
        r for r in asked if scene.network.is_outside(r["client_addr"]) and not scene.network.is_outside(r["proxy_addr"])
    ]
    served = [row for row in outside if row["granted"] == "yes" or row["inner_app"] not in ("none", "unknown")]
    if served:
        clients = sorted({row["client_addr"] for row in served})
        why = phrase("claim.outsiders-served", clients=clients, requests=amount(len(served), "request"))
        return Hypothesis(name, "refuted", why, [row_evidence("proxy_requests", served[0], why)])
    if any(chains for chains in groups.relayed.values()):
        return Hypothesis(name, "refuted", phrase("claim.outsiders-tunnel"))
    if outside:
        why = phrase("claim.outsiders-refused", requests=amount(len(outside), "request"))
        return Hypothesis(name, "confirmed", why, [row_evidence("proxy_requests", outside[0], why)])
    return Hypothesis(name, "open", phrase("claim.no-outsider-asked"))


def _refuses_foreign(scene: Scene, uses: Sequence[RelayUse]) -> Hypothesis:
    name = "the-mail-server-refuses-to-relay"
    sent_on = [row for use in uses for row in use.sent_on]
    if sent_on:
        why = phrase("claim.relays", mails=amount(len(sent_on), "mail"))
        return Hypothesis(name, "refuted", why, [row_evidence("mail_transactions", sent_on[0], why)])
    refused = [row for use in uses for row in use.refused] if scene.domains.own else []
    if refused:
        why = phrase("claim.refuses", attempts=amount(len(refused), "attempt"))
        return Hypothesis(name, "confirmed", why, [row_evidence("mail_transactions", refused[0], why)])
    return Hypothesis(name, "open", phrase("claim.relay-not-tried"))
