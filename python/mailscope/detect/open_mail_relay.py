"""A mail server that takes mail from outside for outside.

What it flags
    Recipients in foreign domains that an own mail server accepted from an outside client without a login, from a
    foreign sender; surest when the same mail is seen leaving again.
Why it matters
    Anybody can send through it, under the owner's address.
What it can get wrong
    A backup MX and a host for other organisations' domains take such mail rightly: give them with --own-domain.
Evidence
    Rows of `mail_transactions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.domains import Domains
from mailscope.detect.network import Network

Row = Mapping[str, Any]


@dataclass(slots=True)
class RelayUse:
    """What outsiders did with one mail server: foreign mail taken (`taken`), refused, and seen leaving again."""

    server: str
    taken: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    sent_on: list[Row] = field(default_factory=list)


def incoming_transactions(mail_transactions: Table, mail_sessions: Table) -> Table:
    """Transactions on connections without a login or tunnel, with the columns that tell whether they were relayed."""
    plain = mail_sessions.filter(_.proxy_id.isnull(), _.via == "direct", _.authenticated != "yes")
    chosen = mail_transactions.filter(_.rcpt_count > 0).select(
        "flow_id", "capture", "first_packet", "last_packet", "last_capture", "session_id", "client_addr",
        "server_addr", "server_port", "mail_from", "rcpt_to", "rcpt_codes", "rcpt_texts", "start",
    )  # fmt: skip
    return chosen.semi_join(plain, "session_id")


def relay_use(transactions: Iterable[Row], network: Network, domains: Domains) -> list[RelayUse]:
    """By own mail server: foreign mail that outsiders handed in."""
    rows = list(transactions)
    uses: dict[str, RelayUse] = {}
    for row in rows:
        if not network.is_own(row["server_addr"]) or network.is_own(row["client_addr"]):
            continue
        if domains.is_own(row["mail_from"]):
            continue
        taken, refused = _foreign_recipients(row, domains)
        use = uses.setdefault(row["server_addr"], RelayUse(row["server_addr"]))
        if taken:
            use.taken.append(row)
        if refused:
            use.refused.append(row)
    sent = {(r["mail_from"], a) for r in rows if _leaves(r, network) for a in r["rcpt_to"] or ()}
    for use in uses.values():
        use.sent_on = [r for r in use.taken if any((r["mail_from"], a) in sent for a in r["rcpt_to"] or ())]
    return [uses[server] for server in sorted(uses)]


def _leaves(row: Row, network: Network) -> bool:
    return network.is_own(row["client_addr"]) and not network.is_own(row["server_addr"])


def _foreign_recipients(row: Row, domains: Domains) -> tuple[list[str], list[str]]:
    taken: list[str] = []
    refused: list[str] = []
    for address, code in zip(row["rcpt_to"] or (), row["rcpt_codes"] or (), strict=False):
        if code is None or domains.is_own(address):
            continue
        (taken if code < 300 else refused).append(address)
    return taken, refused
