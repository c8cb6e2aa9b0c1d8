"""The finding `open-proxy-relay` (and `proxy-policy`, its inside counterpart) from chains of one proxy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mailscope.detect.finding import (
    BRUTE_FORCE,
    MAIL_PROTOCOLS,
    PROXY,
    VALID_ACCOUNTS,
    Evidence,
    Fact,
    Finding,
    combined,
    row_evidence,
)
from mailscope.detect.proxy_software import software_named
from mailscope.investigation.actor import Account, Attempt, accounts, victim_of
from mailscope.investigation.conversation import Conversation, Request, endpoint
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene
from mailscope.investigation.sorting import Groups
from mailscope.investigation.targets import decoded_host
from mailscope.investigation.timeline import bursts
from mailscope.wording import Phrase, amount, phrase

WEAK_NETWORK_FACTOR = 0.7
"""How much of the confidence is left when inside and outside are only guessed."""


FEW = 4
"""Names in the sentence that sums a finding up; all of them are in its roles."""


def relay_finding(kind: str, scene: Scene, groups: Groups, key: str, chains: Sequence[Chain]) -> Finding:
    """One finding for one proxy: everything that was sent through it by the commanders of `chains`."""
    commanders = _by_mails(chains)
    proxies = _proxies(scene, groups, chains)
    used = accounts(chains, scene.tables["logins"])
    tried = [a for a in groups.attempts if a.chain.request is not None and a.chain.request.client_addr in commanders]
    facts = _facts(scene, chains)
    confidence = combined(facts)
    if scene.network.is_weak and kind == "open-proxy-relay":
        confidence = round(confidence * WEAK_NETWORK_FACTOR, 3)
    counts = mail_counts(chains)
    finding = Finding(
        kind=kind,
        subject=proxies[0] if proxies else key,
        confidence=confidence,
        summary=_summary(kind, scene, chains, commanders, proxies, counts),
        roles={"commander": commanders, "proxy": proxies, "victim": victims(scene, chains)},
        facts=facts,
        evidence=list(_evidence(chains)),
        not_proven=_not_proven(kind, scene, chains, used),
        could_be=_could_be(kind, commanders),
        techniques=_techniques(used),
    )
    finding.details = _details(scene, groups, chains, used, tried, proxies, counts)
    return finding


def mail_counts(chains: Iterable[Chain]) -> dict[str, int]:
    """Figures over the chains, each conversation counted once however often it was seen."""
    total: Counter[str] = Counter(
        sessions=0,
        mails=0,
        mails_accepted=0,
        recipients=0,
        recipients_accepted=0,
        recipients_refused=0,
        mails_unknown=0,
    )
    for chain in chains:
        total["sessions"] += 1
        for mail in chain.mails:
            total["mails"] += 1
            total["mails_accepted"] += mail.is_delivered
            total["mails_unknown"] += mail.delivered == "unknown"
            total["recipients"] += mail.recipient_count
            total["recipients_accepted"] += len(mail.accepted)
            total["recipients_refused"] += len(mail.refused)
        total["commands_seen"] += bool(chain.request is not None and not chain.request.is_unseen)
        total["legs_seen"] += chain.leg is not None
        total["sessions_opaque"] += any(c.is_opaque for c in chain.conversations)
    return dict(total)


def accepted_mails(counts: Mapping[str, int]) -> int | Phrase:
    """Mails accepted, for a sentence; where answers are missing, said to be what is known and no more."""
    accepted = counts["mails_accepted"]
    return phrase("word.known-to-be", count=accepted) if counts["mails_unknown"] else accepted


def victims(scene: Scene, chains: Sequence[Chain]) -> list[str]:
    """Servers that mail was handed to or logins were tried at; when there are none, all that were reached."""
    busy = [chain for chain in chains if _did_something(chain)]
    found = [_resolved(scene, chain) for chain in (busy or chains)]
    return [victim for victim, _count in Counter(filter(None, found)).most_common()]


def _did_something(chain: Chain) -> bool:
    return any(c.mails or c.row["auth_users"] or c.row["auth_mechanisms"] or c.is_opaque for c in chain.conversations)


def _resolved(scene: Scene, chain: Chain) -> str | None:
    if chain.leg is not None or chain.request is None:
        return victim_of(chain)
    host, port = chain.request.row.get("target_host"), chain.request.row.get("target_port")
    if not host or chain.request.is_unseen:
        return None
    literal, _is_plain = decoded_host(str(host))
    if literal is None:
        known = [a for a, names in scene.names.by_dns.items() if str(host).rstrip(".").lower() in names]
        literal = known[0] if len(known) == 1 else str(host)
    return endpoint(literal, port)


def _by_mails(chains: Sequence[Chain]) -> list[str]:
    sent: Counter[str] = Counter()
    for chain in chains:
        if chain.request is not None:
            sent[chain.request.client_addr] += 1000 * len(chain.mails) + 1
    return [address for address, _count in sent.most_common()]


def _proxies(scene: Scene, groups: Groups, chains: Sequence[Chain]) -> list[str]:
    asked: Counter[str] = Counter()
    for chain in chains:
        for request in [chain.request, *chain.same_request]:
            if request is not None:
                asked[request.proxy_addr] += 2
        if chain.leg is not None:
            asked[chain.leg.client_addr] += 1
    return [address for address, _count in asked.most_common() if not scene.network.is_outside(address)] or list(asked)


def _facts(scene: Scene, chains: Sequence[Chain]) -> list[Fact]:
    """The facts of the surest chain; without any tied chain, what one side alone shows."""
    best = max(
        chains, key=lambda chain: (bool(chain.facts), not _is_unseen(chain), chain.confidence, -chain_start(chain))
    )
    if best.facts:
        return list(best.facts)
    if best.request is not None:
        return _client_side_facts(best.request)
    facts = [Fact("host-is-proxy", 0.35, phrase("tie.host-is-proxy"))]
    addresses = [address for mail in best.mails for address in (mail.mail_from, *(r[0] for r in mail.recipients))]
    if any(scene.domains.is_foreign(chain_addresses) for chain_addresses in [addresses]):
        facts.append(Fact("foreign-to-foreign", 0.3, phrase("direct.foreign", domains=sorted(scene.domains.own))))
    return facts


def _client_side_facts(request: Request) -> list[Fact]:
    facts = []
    if not request.is_unseen:
        facts.append(Fact("command-to-mail-port", 0.5, phrase("tie.command", command=request.command)))
    if request.carried:
        facts.append(Fact("mail-in-tunnel", 0.8, phrase("tie.mail-in-tunnel")))
    if request.row.get("granted") == "yes":
        facts.append(Fact("proxy-agreed", 0.4, phrase("tie.proxy-agreed", reply=str(request.row.get("reply_text")))))
    return facts


def chain_start(chain: Chain) -> float:
    """Seconds since the epoch at which the chain began."""
    part = chain.request or chain.leg
    return part.start.timestamp() if part is not None else 0.0


def _summary(
    kind: str, scene: Scene, chains: Sequence[Chain], commanders: list[str], proxies: list[str], counts: dict[str, int]
) -> Phrase:
    start = min(part.start for chain in chains for part in [chain.request or chain.leg] if part is not None)
    values: dict[str, Any] = {
        "proxy": proxies[:2],
        "victims": _few(victims(scene, chains)),
        "since": start,
        "mails": amount(counts["mails"], "mail"),
        "accepted": accepted_mails(counts),
        "recipients": amount(counts["recipients_accepted"], "recipient"),
        "refused": counts["recipients_refused"],
        "sessions": amount(counts["sessions"], "session"),
    }
    if not commanders:
        return phrase("relay.summary-no-commander", **values)
    values["commander"] = _few(commanders)
    kinds = _kinds(chains)
    values["how"] = [phrase(f"relay.how-{kind}") for kind in kinds if kind != "unseen" or len(kinds) == 1]
    if kind == "proxy-policy":
        return phrase("policy.summary", **values)
    return phrase("relay.summary" if counts["mails"] else "relay.summary-no-mail", **values)


def _few(names: Sequence[str]) -> Phrase | list[str]:
    """So many names as one sentence can bear."""
    if len(names) <= FEW:
        return list(names)
    return phrase("word.and-more", shown=list(names[: FEW - 1]), rest=len(names) - FEW + 1)


def _kinds(chains: Sequence[Chain]) -> list[str]:
    kinds = Counter(_kind(chain.request) for chain in chains if chain.request is not None)
    return [kind for kind, _count in kinds.most_common()]


def _kind(request: Request) -> str:
    if request.row.get("kind") == "encrypted":
        return "encrypted"
    # Seen from its first byte on, and no request in front of the mail: the port hands everything on.
    return "forwarded" if request.is_unseen and request.row.get("from_start") else request.kind


def _evidence(chains: Sequence[Chain]) -> Iterable[Evidence]:
    """The commanding packets first, surest chain first, then the mail on both sides."""
    ordered = sorted(chains, key=lambda chain: (_is_unseen(chain), -chain.confidence, chain_start(chain)))
    for chain in ordered:
        for request in [chain.request, *chain.same_request]:
            if request is not None:
                yield from _request_evidence(request)
    for chain in ordered:
        if chain.leg is not None:
            for leg in [chain.leg, *chain.same_leg]:
                yield row_evidence("mail_sessions", leg.row, _leg_phrase(leg))


def _is_unseen(chain: Chain) -> bool:
    return chain.request is None or chain.request.is_unseen


def _request_evidence(request: Request) -> Iterable[Evidence]:
    asked = {"client": endpoint(request.client_addr, request.row["client_port"])}
    asked["proxy"] = endpoint(request.proxy_addr, request.proxy_port)
    if _kind(request) == "encrypted":
        yield row_evidence("flows", request.row, phrase("evidence.encrypted", **asked))
    elif not request.is_unseen:
        first, last = request.packets
        reply = request.row.get("reply_text") or request.row.get("reply_code") or "-"
        what = phrase("evidence.request", command=request.command, reply=str(reply), **asked)
        yield Evidence("proxy_requests", request.flow_id, request.capture, first, last, what)
    for carried in request.carried:
        yield row_evidence("mail_sessions", carried.row, phrase("evidence.carried", mails=_mails(carried), **asked))


def _leg_phrase(leg: Conversation) -> Phrase:
    return phrase("evidence.leg", client=leg.client, server=leg.server, mails=_mails(leg))


def _mails(conversation: Conversation) -> object:
    return amount(len(conversation.mails), "mail")


def _not_proven(kind: str, scene: Scene, chains: Sequence[Chain], used: Sequence[Account]) -> list[Phrase]:
    unseen = [chain for chain in chains if chain.request is not None and chain.request.is_unseen]
    encrypted = [chain for chain in unseen if chain.request is not None and _kind(chain.request) == "encrypted"]
    without_request = [chain for chain in chains if chain.request is None]
    without_leg = [chain for chain in chains if chain.leg is None]
    found = []
    if len(without_request) == len(chains):
        found.append(phrase("not-proven.no-command"))
    else:
        found.append(phrase("not-proven.behind-commander"))
        if without_request:
            found.append(phrase("not-proven.legs-alone", sessions=amount(len(without_request), "session")))
    before = [chain for chain in unseen if chain.request is not None and _kind(chain.request) == "unseen"]
    if before:
        found.append(phrase("not-proven.unseen", sessions=amount(len(before), "session")))
    if encrypted:
        found.append(phrase("not-proven.encrypted", sessions=amount(len(encrypted), "session")))
    if without_leg:
        found.append(phrase("not-proven.no-leg", sessions=amount(len(without_leg), "session")))
    if any(chain.is_ambiguous for chain in chains):
        found.append(phrase("not-proven.ambiguous"))
    if any(mail.is_delivered for chain in chains for mail in chain.mails):
        found.append(phrase("not-proven.delivery"))
    if any(account.is_used for account in used):
        found.append(phrase("not-proven.account"))
    if scene.network.how != "given":
        key = "not-proven.network-weak" if scene.network.is_weak else "not-proven.network"
        found.append(phrase(key, notes=list(scene.network.notes)))
    if scene.offsets and any(scene.offsets.values()):
        found.append(phrase("not-proven.clocks", offset=max(scene.offsets.values(), key=abs)))
    return found


def _could_be(kind: str, commanders: Sequence[str]) -> list[Phrase]:
    if not commanders:
        return [phrase("could-be.proxy-host-itself"), phrase("could-be.command-elsewhere")]
    if kind == "proxy-policy":
        return [phrase("could-be.allowed"), phrase("could-be.infected-insider")]
    return [phrase("could-be.partner"), phrase("could-be.chain")]


def _techniques(used: Sequence[Account]) -> list[Any]:
    found = [PROXY, MAIL_PROTOCOLS]
    if any(account.is_used for account in used):
        found.append(VALID_ACCOUNTS)
    if sum(account.failed for account in used) >= 2:
        found.append(BRUTE_FORCE)
    return found


def _details(
    scene: Scene,
    groups: Groups,
    chains: Sequence[Chain],
    used: Sequence[Account],
    tried: Sequence[Attempt],
    proxies: Sequence[str],
    counts: dict[str, int],
) -> dict[str, Any]:
    starts = [(part.start, len(chain.mails)) for chain in chains for part in [chain.request or chain.leg] if part]
    ends = [part.end for chain in chains for part in (chain.leg, chain.request) if part is not None]
    aliases = sorted({a for proxy in proxies for a in groups.one_proxy(proxy)} - set(proxies))
    return {
        "counts": counts,
        "first": min(start for start, _mails in starts),
        "last": max(ends),
        "moments": starts,
        "bursts": bursts(starts),
        "chains": list(chains),
        "accounts": list(used),
        "attempts": list(tried),
        "contacted": sorted({v for c in chains if (v := _resolved(scene, c))} - set(victims(scene, chains))),
        "aliases": aliases,
        "proxy_ports": sorted({c.request.proxy_port for c in chains if c.request is not None}),
        "command_kinds": _kinds(chains),
        "software": _software(scene, {*proxies, *aliases}, chains),
        "user_agents": sorted({str(a) for c in chains if c.request and (a := c.request.row.get("user_agent"))}),
    }


def _software(scene: Scene, proxies: set[str], chains: Sequence[Chain]) -> dict[str, str] | None:
    """Name of the proxy's software and the words that show it."""
    said: list[str] = []
    for row in scene.software_rows():
        if row["client_addr"] in proxies and row["via"]:
            said.append(str(row["via"]))
        if row["server_addr"] in proxies and row["server"]:
            said.append(str(row["server"]))
    said += [str(c.request.row.get("reply_text")) for c in chains if c.request is not None]
    for words in said:
        name = software_named(words)
        if name:
            return {"name": name, "said": words}
    return None
