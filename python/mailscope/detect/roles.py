"""What each host is: proxy, mail server, client, resolver; from traffic, with the facts, or as given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.network import Network
from mailscope.wording import Phrase, amount, phrase

ROLES = ("proxy", "mail-server", "client", "resolver", "gateway")
"""Roles that can be given with --role ADDR=ROLE."""


@dataclass(slots=True)
class Host:
    """One host: its roles, each with the reason."""

    address: str
    roles: dict[str, Phrase] = field(default_factory=dict)
    given: bool = False

    def add(self, role: str, why: Phrase) -> None:
        """Adds a role unless the user has already said what the host is."""
        if not self.given:
            self.roles.setdefault(role, why)


@dataclass(slots=True)
class Hosts:
    """All hosts that have a role."""

    by_address: dict[str, Host] = field(default_factory=dict)

    def of(self, address: str) -> Host:
        """The host, made when it is new."""
        return self.by_address.setdefault(address, Host(address))

    def has(self, address: str, role: str) -> bool:
        """True when the host has the role."""
        host = self.by_address.get(address)
        return host is not None and role in host.roles

    def with_role(self, role: str) -> list[str]:
        """Addresses that have the role, sorted."""
        return sorted(address for address, host in self.by_address.items() if role in host.roles)


def mail_servers_seen(mail_sessions: Table, mail_transactions: Table) -> Table:
    """Hosts that took mail in or let people read it: columns server_addr, server_port, protocol, accepted, sessions."""
    direct = mail_sessions.filter(_.proxy_id.isnull(), _.via.isin(["direct", "proxy-protocol"]))
    taken = mail_transactions.filter(_.rcpt_accepted > 0).group_by("session_id").agg(accepted=_.rcpt_accepted.sum())
    joined = direct.left_join(taken, "session_id")
    return joined.group_by(["server_addr", "server_port", "protocol"]).agg(
        sessions=_.count(),
        accepted=_.accepted.fill_null(0).sum(),
        logins=(_.authenticated == "yes").sum(),
        banner=_.banner.max(),
    )


def proxies_asked(proxy_requests: Table) -> Table:
    """Hosts asked to reach somebody else: columns proxy_addr, proxy_port, kind, requests, granted, clients."""
    asked = proxy_requests.filter(_.kind != "proxy-protocol")
    return asked.group_by(["proxy_addr", "proxy_port", "kind"]).agg(
        requests=_.count(),
        granted=((_.granted == "yes") | _.inner_app.isin(["smtp", "tls", "http", "imap", "pop3"])).sum(),
        clients=_.client_addr.nunique(),
    )


def forwarders(http_requests: Table) -> Table:
    """Hosts whose requests carry Via or X-Forwarded-For: columns client_addr, requests, via."""
    passed_on = http_requests.filter(_.via.notnull() | _.forwarded_for.notnull())
    return passed_on.group_by("client_addr").agg(requests=_.count(), via=_.via.max())


def resolvers(dns_answers: Table) -> Table:
    """Hosts that answer DNS questions: columns server_addr, answers, clients."""
    return dns_answers.group_by("server_addr").agg(answers=_.count(), clients=_.client_addr.nunique())


def host_roles(tables: Mapping[str, Table], network: Network, given: Mapping[str, str]) -> Hosts:
    """Roles of hosts: what the user said first, then what traffic shows."""
    hosts = Hosts()
    for address, role in given.items():
        host = hosts.of(address)
        host.roles[role] = phrase("role.given")
        host.given = True
    asked = _rows(proxies_asked(tables["proxy_requests"]))
    _mark_mail_servers(hosts, mail_servers_seen(tables["mail_sessions"], tables["mail_transactions"]), asked)
    _mark_proxies(hosts, network, asked, forwarders(tables["http_requests"]))
    for row in _rows(resolvers(tables["dns_answers"])):
        hosts.of(row["server_addr"]).add("resolver", phrase("role.resolver", answers=amount(row["answers"], "answer")))
    return hosts


def _mark_mail_servers(hosts: Hosts, seen: Table, asked: list[dict[str, Any]]) -> None:
    proxy_ends = {(row["proxy_addr"], row["proxy_port"]) for row in asked}
    taken: dict[str, int] = defaultdict(int)
    readers: dict[str, int] = defaultdict(int)
    for row in _rows(seen):
        if (row["server_addr"], row["server_port"]) in proxy_ends:
            continue  # mail in a tunnel whose request came before the capture
        if row["protocol"] == "smtp":
            taken[row["server_addr"]] += row["accepted"]
        else:
            readers[row["server_addr"]] += row["logins"]
    for address, accepted in taken.items():
        if accepted > 0:
            hosts.of(address).add("mail-server", phrase("role.takes-mail", recipients=amount(accepted, "recipient")))
    for address, logins in readers.items():
        if logins > 0:
            hosts.of(address).add("mail-server", phrase("role.serves-mailboxes", logins=amount(logins, "login")))


def _mark_proxies(hosts: Hosts, network: Network, asked: list[dict[str, Any]], passed_on: Table) -> None:
    for row in asked:
        if row["granted"] > 0:
            why = phrase(
                "role.proxy-asked",
                requests=amount(row["requests"], "request"),
                clients=amount(row["clients"], "client"),
                port=str(row["proxy_port"]),
            )
            hosts.of(row["proxy_addr"]).add("proxy", why)
    for row in _rows(passed_on):
        if network.side(row["client_addr"]) != "outside":
            why = phrase("role.proxy-via", requests=amount(row["requests"], "request"), via=row["via"] or "-")
            hosts.of(row["client_addr"]).add("proxy", why)


def _rows(table: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows
