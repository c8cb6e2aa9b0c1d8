"""Chains by what they are: commanded from outside, commanded from inside, sent alone, ordinary."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from mailscope.detect.registry import SUBMISSION_PORTS
from mailscope.investigation.actor import Attempt, attempts, mark_cut
from mailscope.investigation.conversation import Conversation, Request
from mailscope.investigation.passed_on import handed_on, take_over
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene


@dataclass(slots=True)
class Groups:
    """The chains of a scene, each in one group; `aliases` are addresses that belong to one proxy."""

    relayed: dict[str, list[Chain]] = field(default_factory=lambda: defaultdict(list))
    policy: dict[str, list[Chain]] = field(default_factory=lambda: defaultdict(list))
    submissions: list[Chain] = field(default_factory=list)
    through_outside: dict[str, list[Chain]] = field(default_factory=lambda: defaultdict(list))
    transit: list[Chain] = field(default_factory=list)
    odd_ports: list[Chain] = field(default_factory=list)
    proxy_alone: dict[str, list[Chain]] = field(default_factory=lambda: defaultdict(list))
    alone: dict[str, list[Chain]] = field(default_factory=lambda: defaultdict(list))
    ordinary: list[Chain] = field(default_factory=list)
    handed_on: list[tuple[Chain, Chain]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    aliases: dict[str, set[str]] = field(default_factory=dict)

    def one_proxy(self, address: str) -> set[str]:
        """All addresses known to belong to the same proxy."""
        return self.aliases.get(address, {address})


def sorted_chains(scene: Scene) -> Groups:
    """Every chain in its group."""
    groups = Groups(attempts=attempts(scene.chains), aliases=_aliases(scene.chains))
    tried = {id(attempt.chain) for attempt in groups.attempts if not _carried_something(attempt.chain)}
    groups.attempts = [attempt for attempt in groups.attempts if id(attempt.chain) in tried]
    mark_cut(groups.attempts, scene.tables["flows"])
    for chain in scene.chains:
        if id(chain) not in tried:
            _place(chain, scene, groups)
    _hand_on(groups)
    return groups


def _hand_on(groups: Groups) -> None:
    """What a proxy asked of another proxy for a stranger is the stranger's command, and no insider's."""
    inside = [chain for chains in groups.policy.values() for chain in chains]
    groups.handed_on = handed_on(inside, [chain for chains in groups.relayed.values() for chain in chains])
    gone = {id(chain) for chain, _origin in groups.handed_on}
    for host in list(groups.policy):
        groups.policy[host] = [chain for chain in groups.policy[host] if id(chain) not in gone]
        if not groups.policy[host]:
            del groups.policy[host]
    for chain, origin in groups.handed_on:
        take_over(chain, origin)


def _carried_something(chain: Chain) -> bool:
    """True when the tunnel was opened and spoke mail or TLS to a mail port."""
    row = chain.request.row if chain.request is not None else {}
    if row.get("inner_app") == "smtp":
        return True
    return row.get("inner_app") == "tls" and row.get("granted") != "no"


def _place(chain: Chain, scene: Scene, groups: Groups) -> None:
    request = chain.request
    if request is None:
        _place_alone(chain, scene, groups)
        return
    if request.is_unseen and chain.leg is None and not scene.is_proxy_end(request.proxy_addr, request.proxy_port):
        # Mail on a port that is no mail port, and nothing else shows a proxy there.
        groups.odd_ports.append(chain)
        return
    network = scene.network
    key = min(groups.one_proxy(request.proxy_addr))
    is_own_proxy = not network.is_outside(request.proxy_addr) or (
        chain.leg is not None and not network.is_outside(chain.leg.client_addr)
    )
    if not is_own_proxy:
        if network.is_own(request.client_addr):
            groups.through_outside[request.client_addr].append(chain)
        else:
            groups.transit.append(chain)
    elif _is_submission(chain) and (network.is_own(request.client_addr) or _is_known_to(request)):
        groups.submissions.append(chain)
    elif not network.is_own(request.client_addr):
        groups.relayed[key].append(chain)
    else:
        groups.policy[request.client_addr].append(chain)


def _is_known_to(request: Request) -> bool:
    """True when the proxy let the client in by a user's name: a person of the house who is away."""
    return bool(request.row.get("auth_user")) and request.row.get("granted") == "yes"


def _place_alone(chain: Chain, scene: Scene, groups: Groups) -> None:
    leg = chain.leg
    if leg is None or scene.network.is_own(leg.server_addr):
        return  # mail to the owner's own server
    views = [leg, *chain.same_leg]
    if any(scene.is_own_mail_server(view.client_addr) for view in views):
        groups.ordinary.append(chain)
    elif _is_submission(chain):
        groups.submissions.append(chain)
    elif _is_behind(chain, scene, groups):
        groups.alone[origin_of(chain)].append(chain)
    elif any(scene.hosts.has(address, "proxy") for view in views for address in groups.one_proxy(view.client_addr)):
        groups.proxy_alone[min(groups.one_proxy(leg.client_addr))].append(chain)
    else:
        groups.alone[origin_of(chain)].append(chain)


def _is_behind(chain: Chain, scene: Scene, groups: Groups) -> bool:
    """True when the connection was seen to come from a host behind the proxy's address, which is a NAT's as well."""
    origin = origin_of(chain)
    is_other = chain.leg is not None and chain.leg.client_addr != origin and scene.network.is_own(origin)
    return is_other and not any(scene.hosts.has(address, "proxy") for address in groups.one_proxy(origin))


def origin_of(chain: Chain) -> str:
    """The innermost address a leg was seen to come from: behind NAT, the host itself."""
    views = ([chain.leg] if chain.leg is not None else []) + chain.same_leg
    return views[-1].client_addr


def _is_submission(chain: Chain) -> bool:
    """A person's mail program handing in mail: a submission port, with TLS or a login."""
    sessions: list[Conversation] = chain.conversations
    if chain.leg is not None:
        port = chain.leg.row["server_port"]
    else:
        port = chain.request.row.get("target_port") if chain.request is not None else None
    if port not in SUBMISSION_PORTS:
        return False
    return not sessions or any(s.is_opaque or s.row["authenticated"] == "yes" for s in sessions)


def _aliases(chains: list[Chain]) -> dict[str, set[str]]:
    """Addresses of one proxy: asked on one, connecting from another."""
    groups: dict[str, set[str]] = {}
    for chain in chains:
        if chain.request is None or chain.leg is None or not _is_copy(chain):
            continue
        addresses = {r.proxy_addr for r in [chain.request, *chain.same_request]}
        addresses |= {view.client_addr for view in [chain.leg, *chain.same_leg]}
        merged = set(addresses).union(*(groups.get(address, set()) for address in addresses))
        for address in merged:
            groups[address] = merged
    return groups


def _is_copy(chain: Chain) -> bool:
    names = {fact.name for fact in chain.facts}
    return bool(names & {"payload-equal", "message-equal", "envelope-equal", "source-port-kept", "helo-equal"})
