"""Everything an investigation knows about one set of tables before it judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ibis.expr.types import Table

from mailscope.detect import open_proxy_relay
from mailscope.detect.domains import Domains, own_domains, recipient_domains
from mailscope.detect.network import Network, host_pairs, own_network
from mailscope.detect.registry import MAIL_PORTS
from mailscope.detect.roles import Hosts, host_roles
from mailscope.investigation.conversation import Conversation, Mail, Request, conversations, requests, rows
from mailscope.investigation.forwarders import Ends, forwarding_ends, mark
from mailscope.investigation.path import Chain, tied
from mailscope.investigation.sightings import Sightings
from mailscope.investigation.targets import Names, address_answers, greeting_name, names_seen
from mailscope.investigation.vantage import clock_offsets, same_conversations, same_requests

Tables = Mapping[str, Table]


@dataclass(slots=True)
class Scene:
    """The facts of one case: who is who, what mail left, what was asked of proxies, and what belongs together."""

    tables: Tables
    network: Network
    domains: Domains
    hosts: Hosts
    names: Names
    chains: list[Chain]
    undecoded: list[dict[str, Any]]
    proxy_ends: frozenset[tuple[str, int]] = frozenset()
    sightings: Sightings = field(default_factory=Sightings)
    offsets: dict[tuple[str, str], Any] = field(default_factory=dict)

    def is_own_mail_server(self, address: str) -> bool:
        """True for a mail server of the owner."""
        return self.hosts.has(address, "mail-server") and not self.network.is_outside(address)

    def is_proxy_end(self, address: str, port: int) -> bool:
        """True when a proxy answers there, as requests show or the user said."""
        is_given = address in self.hosts.by_address and self.hosts.by_address[address].given
        return (address, port) in self.proxy_ends or (is_given and self.hosts.has(address, "proxy"))

    def software_rows(self) -> list[dict[str, Any]]:
        """What hosts say of themselves in Via and Server fields: columns client_addr, server_addr, via, server."""
        http = self.tables["http_requests"]
        said = http.filter(http.via.notnull() | http.server.notnull())
        return rows(said.select("client_addr", "server_addr", "via", "server").distinct().limit(5000))


def scene_of(
    tables: Tables,
    own: Sequence[str] = (),
    own_domain_names: Sequence[str] = (),
    roles: Mapping[str, str] | None = None,
) -> Scene:
    """Reads the tables and ties requests to connections."""
    commands = open_proxy_relay.mail_commands(tables["proxy_requests"])
    network = own_network(rows(host_pairs(tables["flows"])), own, _proxies_asked(commands, roles or {}))
    pairs = rows(open_proxy_relay.smtp_pairs(tables["mail_sessions"]))
    hosts = host_roles(tables, network, roles or {})
    senders, own_hosts = _sides(tables, pairs, network)
    sessions = tables["mail_sessions"]
    asked_hosts = [address for address in hosts.with_role("proxy") if not network.is_outside(address)]
    legs = conversations(open_proxy_relay.outgoing_legs(sessions, senders, own_hosts, asked_hosts), tables)
    forwarding = forwarding_ends(sessions, legs, network)
    mark(hosts, forwarding, pairs)
    carried = _carried(tables, pairs, network, {leg.session_id for leg in legs}, forwarding)
    asked = requests(commands, carried)
    names = names_seen(rows(address_answers(tables["dns_answers"])), _greetings(legs))
    offsets = clock_offsets(asked, legs)
    hidden = {conversation.session_id for conversation in carried}
    domains = own_domains(
        rows(recipient_domains(tables["mail_transactions"], sessions)), network, own_domain_names, tunnelled=hidden
    )
    return Scene(
        tables=tables,
        network=network,
        domains=domains,
        hosts=hosts,
        names=names,
        chains=_chains(asked, legs, names, offsets),
        proxy_ends=frozenset(
            (row["proxy_addr"], row["proxy_port"]) for row in _proxy_ends(tables) if row["kind"] != "unseen"
        ),
        undecoded=rows(open_proxy_relay.undecoded_legs(tables["flows"], sessions, senders, own_hosts)),
        offsets=offsets,
    )


def _proxies_asked(commands: Table, roles: Mapping[str, str]) -> dict[str, set[str]]:
    asked: dict[str, set[str]] = {address: set() for address, role in roles.items() if role == "proxy"}
    for row in rows(commands.select("proxy_addr", "client_addr").distinct()):
        asked.setdefault(row["proxy_addr"], set()).add(row["client_addr"])
    return asked


def _sides(tables: Tables, pairs: list[dict[str, Any]], network: Network) -> tuple[list[str], list[str]]:
    """Hosts whose mail may be outgoing, and hosts that mail reaches inside."""
    flows = tables["flows"]
    to_mail_ports = flows.filter(flows.proto == "tcp", flows.resp_port.isin(list(MAIL_PORTS)))
    seen = rows(to_mail_ports.select("orig_addr", "resp_addr").distinct())
    clients = {pair["client_addr"] for pair in pairs} | {row["orig_addr"] for row in seen}
    servers = {pair["server_addr"] for pair in pairs} | {row["resp_addr"] for row in seen}
    senders = sorted(address for address in clients if network.side(address) != "outside")
    return senders, sorted(address for address in servers if network.is_own(address))


def _carried(
    tables: Tables, pairs: list[dict[str, Any]], network: Network, leg_ids: set[str], forwarding: Ends
) -> list[Conversation]:
    """Sessions on a proxy's client side; mail on a port of an own host that is no mail port is one, too."""
    ends = {f"{row['proxy_addr']} {row['proxy_port']}" for row in _proxy_ends(tables)}
    for pair in pairs:
        if pair["server_port"] not in MAIL_PORTS and network.side(pair["server_addr"]) != "outside":
            ends.add(f"{pair['server_addr']} {pair['server_port']}")
    handed_on = sorted(f"{address} {port}" for address, port in forwarding)
    carried = open_proxy_relay.carried_sessions(tables["mail_sessions"], sorted(ends), handed_on)
    found = conversations(carried, tables)
    return [conversation for conversation in found if conversation.session_id not in leg_ids]


def _proxy_ends(tables: Tables) -> list[dict[str, Any]]:
    return rows(tables["proxy_requests"].select("proxy_addr", "proxy_port", "kind").distinct())


def _greetings(legs: Sequence[Conversation]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for leg in legs:
        name = greeting_name(leg.row["banner"])
        if name:
            found.setdefault(leg.server_addr, set()).add(name)
    return found


def _chains(
    asked: list[Request], legs: list[Conversation], names: Names, offsets: dict[tuple[str, str], Any]
) -> list[Chain]:
    leg_views = same_conversations(legs)
    request_views = [sorted(group, key=_richest_first) for group in same_requests(asked)]
    chains = tied([g[0] for g in request_views], [g[0] for g in leg_views], names, offsets)
    others_of_leg = {group[0].session_id: group[1:] for group in leg_views}
    others_of_request = {group[0].key: group[1:] for group in request_views}
    for chain in chains:
        if chain.leg is not None:
            chain.same_leg = others_of_leg[chain.leg.session_id]
        if chain.request is not None:
            chain.same_request = others_of_request[chain.request.key]
        for mail in chain.mails:
            mail.seen_at = sorted({c.capture for c in chain.conversations if _shows(c, mail)} | set(mail.seen_at))
    return chains


def _shows(conversation: Conversation, mail: Mail) -> bool:
    return any(
        (other.message_id and other.message_id == mail.message_id)
        or (other.mail_from and other.envelope == mail.envelope)
        for other in conversation.mails
    )


def _richest_first(request: Request) -> tuple[bool, int, float]:
    return request.is_unseen, -len(request.mails), request.start.timestamp()
