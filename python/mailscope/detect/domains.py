"""Which mail domains are the owner's: given, or those for which an own mail server takes mail from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.network import Network
from mailscope.wording import Phrase, phrase


@dataclass(slots=True)
class Domains:
    """The owner's mail domains. `how` is `given`, `inferred` or `unknown`."""

    own: set[str]
    how: str
    notes: list[Phrase] = field(default_factory=list)

    def is_own(self, address: str | None) -> bool:
        """True when the mail address is in one of the owner's domains, or below one."""
        domain = domain_of(address)
        while domain and domain not in self.own:
            domain = domain.partition(".")[2]
        return bool(domain)

    def is_foreign(self, addresses: Iterable[str | None]) -> bool:
        """True when the owner's domains are known and none of the addresses is in one."""
        return bool(self.own) and not any(self.is_own(address) for address in addresses if address)


def domain_of(address: str | None) -> str:
    """The domain of a mail address, lower case; empty for the null path."""
    return (address or "").rpartition("@")[2].strip("<>[]. ").lower() if "@" in (address or "") else ""


def recipient_domains(mail_transactions: Table, mail_sessions: Table) -> Table:
    """Recipients by pair of hosts: columns client_addr, server_addr, rcpt_to, rcpt_codes, mail_from, session_id.

    Without those taken after a login: a server takes mail for everybody from who may use it.
    """
    logged_in = mail_sessions.filter(_.authenticated == "yes")
    return (
        mail_transactions.filter(_.rcpt_accepted > 0)
        .anti_join(logged_in, "session_id")
        .select("session_id", "client_addr", "server_addr", "mail_from", "rcpt_to", "rcpt_codes")
    )


def own_domains(
    transactions: Iterable[Mapping[str, Any]],
    network: Network,
    given: Sequence[str] = (),
    tunnelled: Iterable[str] = (),
) -> Domains:
    """The owner's domains.

    Inferred ones are those of recipients that an own server took from outside and that no own host sends on to the
    outside: an open relay takes mail for foreign domains, too, but it sends that mail on. `tunnelled` are sessions
    inside a proxy's tunnel, which say nothing of the proxy's domains.
    """
    if given:
        return Domains({domain.lower().strip(".@ ") for domain in given}, "given")
    skipped = set(tunnelled)
    taken: set[str] = set()
    sent_on: set[str] = set()
    for row in transactions:
        if row["session_id"] in skipped:
            continue
        domains = _accepted_domains(row)
        is_own_server = network.is_own(row["server_addr"])
        if is_own_server and not network.is_own(row["client_addr"]):
            taken |= domains
        elif not is_own_server and network.is_own(row["client_addr"]):
            sent_on |= domains
    own = taken - sent_on - {""}
    if not own:
        return Domains(set(), "unknown", [phrase("domains.unknown")])
    return Domains(own, "inferred", [phrase("domains.inferred", domains=sorted(own))])


def _accepted_domains(row: Mapping[str, Any]) -> set[str]:
    codes = list(row["rcpt_codes"] or ())
    recipients = list(row["rcpt_to"] or ())
    return {domain_of(a) for a, code in zip(recipients, codes, strict=False) if code is not None and code < 300}
