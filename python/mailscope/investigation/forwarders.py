"""Ports of mail that hand every connection on to a mail server outside: a forwarded port, and no mail server.

What comes in and what goes out are then one conversation: the same greeting, the same HELO, the same bytes. A mail
server that relays greets with its own name and writes its own Received line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.listed import among
from mailscope.detect.network import Network
from mailscope.detect.registry import MAIL_PORTS
from mailscope.detect.roles import Hosts
from mailscope.investigation import ties
from mailscope.investigation.conversation import Conversation, endpoint, rows, utc
from mailscope.wording import phrase

CONNECTS_WITHIN = timedelta(seconds=30)
"""A forwarder connects before it greets, so the two connections begin close together, also with clocks apart."""

SAME = 0.9
"""Share of equal chunks from which on two streams are one."""

Ends = Mapping[tuple[str, int], str]
"""Address and port that forward, with the server that they hand on to as ADDR:PORT."""


def forwarding_ends(mail_sessions: Table, legs: Sequence[Conversation], network: Network) -> dict[tuple[str, int], str]:
    """Own ports of mail on which outsiders' conversations come in that go out again unchanged."""
    by_talk: dict[tuple[str, str, str], list[Conversation]] = defaultdict(list)
    for leg in legs:
        banner, helo = leg.row["banner"], leg.row["helo"]
        if banner and helo and leg.row["from_start"]:
            by_talk[(leg.client_addr, banner, helo)].append(leg)
    found: dict[tuple[str, int], str] = {}
    for row in _taken_in(mail_sessions, by_talk):
        end = (row["server_addr"], row["server_port"])
        if end in found or network.is_own(row["client_addr"]):
            continue
        near = by_talk.get((end[0], row["banner"], row["helo"]), ())
        copy = next((leg for leg in near if _is_copy(row, leg)), None)
        if copy is not None:
            found[end] = endpoint(copy.server_addr, copy.row["server_port"])
    return found


def _taken_in(mail_sessions: Table, by_talk: Mapping[tuple[str, str, str], Any]) -> list[dict[str, Any]]:
    """Sessions that came to the hosts on ports of mail, greeted as one of the servers that they reached."""
    if not by_talk:
        return []
    hosts = sorted({host for host, _banner, _helo in by_talk})
    banners = sorted({banner for _host, banner, _helo in by_talk})
    direct = mail_sessions.filter(_.protocol == "smtp", _.via == "direct", _.server_port.isin(list(MAIL_PORTS)))
    columns = "client_addr server_addr server_port banner helo start client_sketch server_sketch"
    return rows(among(among(direct, "server_addr", hosts), "banner", banners).select(*columns.split()))


def _is_copy(row: Mapping[str, Any], leg: Conversation) -> bool:
    client = ties.containment(frozenset(row["client_sketch"] or ()), leg.client_hashes)
    server = ties.containment(frozenset(row["server_sketch"] or ()), leg.server_hashes)
    is_near = abs(leg.start - utc(row["start"])) <= CONNECTS_WITHIN
    return is_near and client.shared >= 1 and client.share >= SAME and server.share >= SAME


def mark(hosts: Hosts, ends: Ends, mail_pairs: Sequence[Mapping[str, Any]]) -> None:
    """The hosts are proxies; mail servers they are only when another of their ports takes mail."""
    for (address, port), server in ends.items():
        host = hosts.of(address)
        is_other = any(
            pair["server_addr"] == address and (address, pair["server_port"]) not in ends for pair in mail_pairs
        )
        if not host.given and not is_other:
            host.roles.pop("mail-server", None)
        host.add("proxy", phrase("role.forwards", port=str(port), server=server))
