"""What looked similar and is not accused, each with its reason; and what stays unproven."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mailscope.detect import open_proxy_relay
from mailscope.detect.finding import Evidence, Finding, row_evidence
from mailscope.investigation.conversation import endpoint, rows
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene
from mailscope.investigation.senders import is_marked
from mailscope.investigation.sorting import Groups, origin_of
from mailscope.wording import Phrase, amount, phrase

LISTED_LIMIT = 50
"""Hosts listed one by one; beyond it they are counted."""


@dataclass(slots=True)
class Cleared:
    """Somebody or something that was looked at and is not accused, and why."""

    kind: str
    subject: str
    why: Phrase
    evidence: list[Evidence] = field(default_factory=list)


def cleared(scene: Scene, groups: Groups, findings: Sequence[Finding]) -> list[Cleared]:
    """Everything that looks like the abuse and is not."""
    accused = {
        address for finding in findings for role in ("commander", "sender") for address in finding.roles.get(role, [])
    }
    return [
        *_refused(scene, groups, accused),
        *_other_users(scene, accused),
        *_submissions(groups),
        *_handed_on(groups),
        *_ordinary_senders(groups),
        *_odd_ports(groups),
        *_unmarked_senders(scene, groups, findings),
        *_quotes(scene),
    ]


def unproven(scene: Scene, groups: Groups, findings: Sequence[Finding]) -> list[Cleared]:
    """Near misses (an address that differs in one octet from a searched one), and sending that can't be judged."""
    return [*_near(scene), *_not_judged(scene, groups, findings)]


def _not_judged(scene: Scene, groups: Groups, findings: Sequence[Finding]) -> list[Cleared]:
    """Hosts with marks of abuse that were not accused, because so many have them and own domains are unknown."""
    accused = {finding.subject for finding in findings if finding.kind == "direct-sender"}
    marked = {host: chains for host, chains in groups.alone.items() if host not in accused and is_marked(scene, chains)}
    result = []
    for host, chains in sorted(marked.items())[:LISTED_LIMIT]:
        legs = [chain.leg for chain in chains if chain.leg is not None]
        why = phrase("unproven.direct", sessions=amount(len(legs), "session"), hosts=len(marked))
        result.append(Cleared("direct-mail", host, why, [row_evidence("mail_sessions", legs[0].row, why)]))
    return result


def _near(scene: Scene) -> list[Cleared]:
    reached = {chain.leg.server_addr for chain in scene.chains if chain.leg is not None}
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in scene.sightings.by_meaning["near-miss"]:
        if row["matched"] in reached:
            continue  # another server that mail went to as well
        found[(row["needle"], row["matched"])].append(row)
    for row in scene.sightings.by_meaning["possible-command"]:
        found[(row["needle"], row["matched"])].append(row)
    result = []
    for (needle, matched), sightings in sorted(found.items())[:LISTED_LIMIT]:
        is_near = sightings[0]["form"] == "near"
        why = phrase(
            "unproven.near" if is_near else "unproven.possible",
            searched=needle,
            found=matched,
            where=sightings[0]["excerpt"],
            times=amount(len(sightings), "place"),
        )
        kind = "near-miss" if is_near else "possible-command"
        result.append(Cleared(kind, matched, why, [_sighting_evidence(row, why) for row in sightings[:3]]))
    return result


def _sighting_evidence(row: dict[str, Any], what: Phrase) -> Evidence:
    return row_evidence("sightings", row, what)


def _refused(scene: Scene, groups: Groups, accused: set[str]) -> list[Cleared]:
    by_client: dict[str, list[Any]] = defaultdict(list)
    for attempt in groups.attempts:
        request = attempt.chain.request
        if request is not None and request.client_addr not in accused and not scene.network.is_own(request.client_addr):
            by_client[request.client_addr].append(attempt)
    result = []
    for client, tried in sorted(by_client.items())[:LISTED_LIMIT]:
        why = phrase(
            "cleared.refused-attempts",
            count=amount(len(tried), "request"),
            targets=sorted({attempt.target for attempt in tried}),
            replies=sorted({attempt.reply for attempt in tried}),
        )
        request = tried[0].chain.request
        result.append(Cleared("refused-attempts", client, why, [row_evidence("proxy_requests", request.row, why)]))
    return result


def _other_users(scene: Scene, accused: set[str]) -> list[Cleared]:
    """Clients of proxies that asked for no mail port: outside ones one by one, inside ones together."""
    outside: dict[str, list[dict[str, Any]]] = defaultdict(list)
    inside: Counter[tuple[str, int]] = Counter()
    inside_hosts: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in rows(open_proxy_relay.other_use(scene.tables["proxy_requests"])):
        if scene.network.is_outside(row["proxy_addr"]):
            continue
        if scene.network.is_own(row["client_addr"]):
            key = (row["kind"], row["target_port"])
            inside[key] += row["requests"]
            inside_hosts[key].add(row["client_addr"])
        else:
            outside[row["client_addr"]].append(row)
    result = []
    for client, used in sorted(outside.items())[:LISTED_LIMIT]:
        values = {
            "requests": amount(sum(row["requests"] for row in used), "request"),
            "ports": sorted({str(row["target_port"]) for row in used}),
        }
        if client in accused:
            continue
        served = any(row["granted"] for row in used)
        why = phrase("cleared.outside-user" if served else "cleared.outside-user-refused", **values)
        result.append(Cleared("outside-proxy-user", client, why))
    for (kind, port), requests in sorted(inside.items()):
        hosts = sorted(inside_hosts[(kind, port)])
        why = phrase("cleared.inside-use", requests=amount(requests, "request"), hosts=hosts, port=str(port), kind=kind)
        result.append(Cleared("inside-proxy-use", f"{kind} :{port}", why))
    return result


def _submissions(groups: Groups) -> list[Cleared]:
    """One entry for each client and server, however often it handed in mail."""
    seen: dict[tuple[str, str], Cleared] = {}
    for chain in groups.submissions:
        request, leg = chain.request, chain.leg
        if request is not None:
            proxy = endpoint(request.proxy_addr, request.proxy_port)
            target = request.target or (leg.server if leg is not None else "-")
            key = (request.client_addr, target)
            why = phrase("cleared.submission-through-proxy", client=key[0], proxy=proxy, target=target)
            row, table = request.row, "mail_sessions" if request.is_unseen else "proxy_requests"
        elif leg is not None:
            key = (leg.client_addr, leg.server)
            why = phrase("cleared.submission", client=key[0], server=key[1])
            row, table = leg.row, "mail_sessions"
        else:
            continue
        if key not in seen and len(seen) < LISTED_LIMIT:
            seen[key] = Cleared("submission", key[0], why, [row_evidence(table, row, why)])
    return list(seen.values())


def _ordinary_senders(groups: Groups) -> list[Cleared]:
    by_host: dict[str, list[Chain]] = defaultdict(list)
    for chain in groups.ordinary:
        by_host[origin_of(chain)].append(chain)
    result = []
    for host, chains in sorted(by_host.items())[:LISTED_LIMIT]:
        servers = sorted({chain.leg.server for chain in chains if chain.leg is not None})
        why = phrase("cleared.mail-server", sessions=amount(len(chains), "session"), servers=servers)
        leg = next(chain.leg for chain in chains if chain.leg is not None)
        result.append(Cleared("mail-server", host, why, [row_evidence("mail_sessions", leg.row, why)]))
    return result


def _handed_on(groups: Groups) -> list[Cleared]:
    """Hosts that asked a proxy for somebody else: a proxy before a proxy."""
    by_ends: dict[tuple[str, str, str], list[Chain]] = defaultdict(list)
    for chain, origin in groups.handed_on:
        inner, outer = chain.request, origin.request
        if inner is not None and outer is not None:
            where = endpoint(inner.proxy_addr, inner.proxy_port)
            by_ends[(inner.client_addr, where, outer.client_addr)].append(chain)
    result = []
    for (client, proxy, commander), chains in sorted(by_ends.items())[:LISTED_LIMIT]:
        requests = amount(len(chains), "request")
        why = phrase("cleared.handed-on", client=client, proxy=proxy, commander=commander, requests=requests)
        row = chains[0].request.row if chains[0].request is not None else {}
        result.append(Cleared("handed-on", client, why, [row_evidence("proxy_requests", row, why)]))
    return result


def _odd_ports(groups: Groups) -> list[Cleared]:
    """One entry for each client and server, however often they spoke."""
    seen: dict[tuple[str, str], Cleared] = {}
    for chain in groups.odd_ports:
        request = chain.request
        if request is None or len(seen) >= LISTED_LIMIT:
            continue
        where = endpoint(request.proxy_addr, request.proxy_port)
        key = (request.client_addr, where)
        if key not in seen:
            why = phrase("cleared.odd-port", client=request.client_addr, server=where)
            seen[key] = Cleared("odd-port-mail", where, why, [row_evidence("mail_sessions", request.row, why)])
    return list(seen.values())


def _unmarked_senders(scene: Scene, groups: Groups, findings: Sequence[Finding]) -> list[Cleared]:
    """Hosts that sent mail directly without any mark of abuse."""
    accused = {finding.subject for finding in findings if finding.kind == "direct-sender"}
    result = []
    for host, chains in sorted(groups.alone.items()):
        legs = [chain.leg for chain in chains if chain.leg is not None]
        if host in accused or not legs or is_marked(scene, chains):
            continue
        key = "cleared.direct-own" if scene.domains.own else "cleared.direct-unknown"
        why = phrase(key, sessions=amount(len(legs), "session"), servers=sorted({leg.server for leg in legs}))
        result.append(Cleared("direct-mail", host, why, [row_evidence("mail_sessions", legs[0].row, why)]))
    return result[:LISTED_LIMIT]


def _quotes(scene: Scene) -> list[Cleared]:
    result = []
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for meaning in ("quoted-in-answer", "mentioned-in-mail", "other-request"):
        for row in scene.sightings.by_meaning[meaning]:
            # The same page fetched ten times is one quotation.
            groups[(meaning, row["needle"], row["src_addr"] if meaning == "quoted-in-answer" else "")].append(row)
    for (meaning, needle, source), sightings in sorted(groups.items())[:LISTED_LIMIT]:
        why = phrase(
            f"cleared.{meaning}",
            needle=needle,
            source=source or sightings[0]["src_addr"],
            excerpt=sightings[0]["excerpt"],
            times=amount(len(sightings), "place"),
        )
        subject = f"{needle} ({endpoint(sightings[0]['src_addr'], sightings[0]['src_port'])})"
        result.append(Cleared(meaning, subject, why, [row_evidence("sightings", row, why) for row in sightings[:3]]))
    return result
