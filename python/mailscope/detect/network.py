"""Which addresses are the owner's: given, or inferred from the traffic and then said to be inferred."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import (
    PRIVATE,
    Address,
    Edge,
    Prefix,
    Site,
    is_private,
    parsed,
    prefix_of,
    unicast_edges,
)
from mailscope.wording import Phrase, phrase

Side = Literal["own", "outside", "unknown"]

PAIRS_LIMIT = 200_000
"""Pairs of hosts looked at to infer the owner's networks; the busiest come first."""

SITE = (24, 48)
"""Prefix lengths of the site that an address likely belongs to, in IPv4 and in IPv6."""

COVER_SHARE = 0.9
"""A network that is one end of this share of the flows is taken for the one watched."""


@dataclass(slots=True)
class Network:
    """The owner's networks. `how` is `given`, `private`, `cover`, `proxy` or `unknown`, joined by `+`."""

    prefixes: list[Prefix]
    how: str
    notes: list[Phrase] = field(default_factory=list)
    is_weak: bool = False
    is_seen: bool = True
    """False where none of the networks given has an address in the traffic: then nothing is known of the owner's."""
    _sides: dict[str, Side] = field(default_factory=dict)

    def side(self, text: str | None) -> Side:
        """`own`, `outside`, or `unknown` when nothing tells."""
        if text is None:
            return "unknown"
        known = self._sides.get(text)
        if known is None:
            known = self._sides[text] = self._side(text)
        return known

    def is_own(self, text: str | None) -> bool:
        """True when the address is the owner's."""
        return self.side(text) == "own"

    def is_outside(self, text: str | None) -> bool:
        """True when the address is known not to be the owner's."""
        return self.side(text) == "outside"

    def _side(self, text: str) -> Side:
        address = parsed(text)
        if address is None:
            return "unknown"
        if any(address in prefix for prefix in self.prefixes if prefix.version == address.version):
            return "own"
        return "outside" if self.prefixes else "unknown"


def host_pairs(flows: Table) -> Table:
    """Pairs of hosts with the number of their flows, busiest first: columns orig_addr, resp_addr, flows."""
    return (
        flows.group_by(["orig_addr", "resp_addr"])
        .agg(flows=_.count())
        .order_by(ibis.desc("flows"), "orig_addr", "resp_addr")
        .limit(PAIRS_LIMIT)
    )


def own_network(
    pairs: Iterable[Mapping[str, Any]],
    given: Sequence[str] = (),
    proxies: Mapping[str, set[str]] | None = None,
    sites: Sequence[tuple[int, int]] = (SITE,),
) -> Network:
    """The owner's networks from what was given, else from the host pairs seen.

    `proxies` are hosts asked to reach a mail port, with the clients that asked: the last resort. `sites` are
    the prefix lengths (IPv4, IPv6) that one network may have, tried in turn.
    """
    if given:
        network = Network([ipaddress.ip_network(text, strict=False) for text in given], "given")
        _note_unseen(network, list(pairs))
        return network
    edges = unicast_edges(pairs)
    ends = {id(end): end for orig, resp, _flows in edges for end in (orig, resp)}.values()
    private = {end.private for end in ends if end.private is not None}
    anchors = {parsed(text): clients for text, clients in (proxies or {}).items()}
    if private and all(end.private is not None for end in ends):
        return _private_only(private, anchors)
    network = _private_and_cover(private, edges, sites)
    _add_anchors(network, anchors)
    if not network.prefixes:
        network.how = "unknown"
        network.is_weak = True
        network.notes.append(phrase("network.unknown"))
    return network


def _note_unseen(network: Network, pairs: Sequence[Mapping[str, Any]]) -> None:
    """A slip in `--own` would otherwise be an answer that accuses nobody."""
    if not 0 < len(pairs) < PAIRS_LIMIT:
        return
    if not any(network.is_own(pair[end]) for pair in pairs for end in ("orig_addr", "resp_addr")):
        network.is_seen = False
        network.notes.append(phrase("network.given-unseen", networks=[str(prefix) for prefix in network.prefixes]))


def _private_only(private: set[int], anchors: Mapping[Address | None, set[str]]) -> Network:
    """No public address at all: the private ranges, or, where a proxy shows a border, the proxy's subnet."""
    homes = {_home(anchor) for anchor in anchors if anchor is not None}
    strangers = [
        client
        for clients in anchors.values()
        for client in map(parsed, clients)
        if client is not None and not any(client in home for home in homes if home.version == client.version)
    ]
    if homes and strangers:
        names = sorted(str(home) for home in homes)
        return Network(sorted(homes, key=str), "proxy", [phrase("network.private-lab", networks=names)], is_weak=True)
    prefixes = [PRIVATE[number] for number in sorted(private)]
    names = [str(prefix) for prefix in prefixes]
    return Network(prefixes, "private", [phrase("network.private-only", networks=names)])


def _private_and_cover(private: set[int], edges: Sequence[Edge], sites: Sequence[tuple[int, int]]) -> Network:
    network = Network([], "")
    hows = []
    if private:
        used = [PRIVATE[number] for number in sorted(private)]
        network.prefixes.extend(used)
        network.notes.append(phrase("network.private", networks=[str(prefix) for prefix in used]))
        hows.append("private")
    for version in (4, 6):  # one line carries both, each with a site of its own
        of_version = [edge for edge in edges if edge[0].version == version]
        covered = next(filter(None, (_cover(of_version, site) for site in sites)), None)
        if covered is not None:
            prefix, share = covered
            network.prefixes.append(prefix)
            network.notes.append(phrase("network.cover", network=str(prefix), share=round(100 * share)))
            network.is_weak = not private
            hows = [*dict.fromkeys([*hows, "cover"])]
    network.how = "+".join(hows)
    return network


def _cover(edges: Sequence[Edge], site: tuple[int, int]) -> tuple[Prefix, float] | None:
    """The one network that is an end of nearly every flow between public hosts."""
    weight: Counter[Site] = Counter()
    peers: dict[Site, set[Site]] = defaultdict(set)
    total = 0
    for orig, resp, flows in edges:
        if orig.private is not None or resp.private is not None:
            continue
        a, b = orig.site(site), resp.site(site)
        if a == b:
            continue
        total += flows
        for one, other in ((a, b), (b, a)):
            weight[one] += flows
            peers[one].add(other)
    most = max(weight.values(), default=0)
    if not most or most / total < COVER_SHARE:
        return None
    busiest = [one for one, flows in weight.items() if flows == most]
    reach = max(len(peers[one]) for one in busiest)
    ranked = [one for one in busiest if len(peers[one]) == reach]
    return (prefix_of(ranked[0], site), most / total) if len(ranked) == 1 else None


def _add_anchors(network: Network, anchors: Mapping[Address | None, set[str]]) -> None:
    """A host asked by strangers to reach a mail port, itself on no known side, is taken for the owner's."""
    for anchor, clients in anchors.items():
        if anchor is None or network.side(str(anchor)) == "own" or any(network.is_own(c) for c in clients):
            continue
        if network.how and is_private(anchor):
            continue
        network.prefixes.append(_home(anchor))
        network._sides.clear()
        network.is_weak = True
        network.how = "+".join(filter(None, (network.how, "proxy")))
        network.notes.append(phrase("network.proxy", proxy=str(anchor)))


def _home(address: Address, site: tuple[int, int] = SITE) -> Prefix:
    """The site an address likely belongs to."""
    return ipaddress.ip_network((address, site[0] if address.version == 4 else site[1]), strict=False)
