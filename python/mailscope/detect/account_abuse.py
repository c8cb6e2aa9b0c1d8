"""An account of an own mail server hands in mail that is not its owner's.

What it flags
    Mail for recipients outside that an own mail server took after a login, where at least two marks say that not
    the account's owner sends it: senders that are not the owner's domains', senders of several domains, a password
    that was guessed just before, many recipients who do not exist, many clients at once.
Why it matters
    A guessed or stolen password is enough to send through a server that is closed to everybody else; the server
    is then blocked as if it were open.
What it can get wrong
    A customer's list software sends for several domains through one account, and knows old addresses: give its
    domains with --own-domain. Logins inside TLS are not visible.
Evidence
    Rows of `mail_transactions`, and the `logins` before them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.domains import Domains, domain_of
from mailscope.detect.finding import Fact
from mailscope.detect.network import Network
from mailscope.wording import amount, phrase

Row = Mapping[str, Any]

GUESSES_LEAST = 3
"""Refused logins of a client before its first mail from which on the password was guessed."""

DOMAINS_LEAST = 3
"""Sender domains of one account from which on they are not one person's."""

CLIENTS_LEAST = 4
"""Clients of one account from which on they are not one person's devices."""

REFUSED_LEAST, REFUSED_SHARE = 3, 0.2
"""Recipients refused, in number and share, from which on the list was bought or guessed."""

MAILS_LEAST = 3
"""Mails from which on marks count, where the password was not seen to be guessed."""


@dataclass(slots=True)
class AccountUse:
    """One account of one own mail server: mails for outside handed in under it, and logins around them."""

    server: str
    user: str
    mails: list[Row] = field(default_factory=list)
    refused_logins: list[Row] = field(default_factory=list)

    @property
    def clients(self) -> list[str]:
        """Who handed the mails in, the busiest first."""
        of_client: dict[str, int] = defaultdict(int)
        for row in self.mails:
            of_client[row["client_addr"]] += 1
        return sorted(of_client, key=lambda client: (-of_client[client], client))


def logged_in_transactions(mail_transactions: Table, mail_sessions: Table) -> Table:
    """Transactions after a login that was seen to succeed; the last of `auth_users` is the account."""
    sessions = mail_sessions.filter(_.via == "direct", _.authenticated == "yes").select("session_id", "auth_users")
    chosen = mail_transactions.filter(_.rcpt_count > 0).select(
        "flow_id", "capture", "first_packet", "last_packet", "last_capture", "session_id", "transaction", "client_addr",
        "client_port", "server_addr", "server_port", "mail_from", "rcpt_to", "rcpt_codes", "delivered", "start",
    )  # fmt: skip
    return chosen.join(sessions, "session_id").order_by(["start", "first_packet"])


def refused_logins(logins: Table) -> Table:
    """Logins at mail services that were refused."""
    mail = logins.filter(_.service.isin(["smtp", "pop3", "imap"]), _.success == "no")
    return mail.select("client_addr", "server_addr", "user", "start", "flow_id")


def account_uses(transactions: Iterable[Row], refused: Iterable[Row], network: Network) -> list[AccountUse]:
    """By own server and account: what was handed in for recipients outside; each mail once, however often captured."""
    uses: dict[tuple[str, str], AccountUse] = {}
    seen: set[tuple[Any, ...]] = set()
    for row in transactions:
        users = [user for user in row["auth_users"] or () if user]
        once = (row["client_addr"], row["client_port"], row["mail_from"], row["transaction"], row["server_port"])
        if not users or once in seen or not network.is_own(row["server_addr"]):
            continue
        seen.add(once)
        key = row["server_addr"], users[-1]
        uses.setdefault(key, AccountUse(*key)).mails.append(row)
    by_client: dict[str, list[Row]] = defaultdict(list)
    for row in refused:
        by_client[row["client_addr"]].append(row)
    for use in uses.values():
        for client in use.clients:
            begin = min(row["start"] for row in use.mails if row["client_addr"] == client)
            use.refused_logins += [row for row in by_client.get(client, ()) if row["start"] < begin]
    return [uses[key] for key in sorted(uses)]


def strangers_part(use: AccountUse, domains: Domains) -> AccountUse:
    """The use by clients that send in names that are not the owner's, where there are such.

    Beside them the account's owner may work as ever.
    """
    strange = {row["client_addr"] for row in use.mails if row["mail_from"] and not domains.is_own(row["mail_from"])}
    if not domains.own or not strange:
        return use
    mails = [row for row in use.mails if row["client_addr"] in strange]
    refused = [row for row in use.refused_logins if row["client_addr"] in strange]
    return AccountUse(use.server, use.user, mails, refused)


def facts(use: AccountUse, domains: Domains, network: Network) -> list[Fact]:
    """Marks that somebody else sends under the account; empty when two of them do not come together."""
    mails = foreign_mails(use, domains)
    if not mails:
        return []
    found: list[Fact] = []
    strange = [row for row in mails if row["mail_from"] and not domains.is_own(row["mail_from"])]
    if domains.own and len(strange) * 2 > len(mails):
        found.append(Fact("foreign-senders", 0.6, phrase("account.foreign", domains=sorted(domains.own))))
    senders = {domain_of(row["mail_from"]) for row in strange} - {""}
    if len(senders) >= DOMAINS_LEAST:
        found.append(
            Fact("many-sender-domains", 0.5, phrase("direct.many-domains", count=amount(len(senders), "domain")))
        )
    if len(use.refused_logins) >= GUESSES_LEAST:
        tries = amount(len(use.refused_logins), "login")
        found.append(Fact("password-guessed", 0.6, phrase("account.guessed", logins=tries)))
    codes = [code for row in mails for code in row["rcpt_codes"] or () if code is not None]
    refused = sum(code >= 500 for code in codes)
    if refused >= REFUSED_LEAST and refused >= REFUSED_SHARE * len(codes):
        found.append(Fact("recipients-refused", 0.4, phrase("account.refused", count=amount(refused, "recipient"))))
    outside = [client for client in use.clients if network.is_outside(client)]
    if len(outside) >= CLIENTS_LEAST:
        found.append(Fact("many-clients", 0.4, phrase("account.clients", count=amount(len(outside), "client"))))
    return found if _is_enough(found, len(mails), bool(outside)) else []


def foreign_mails(use: AccountUse, domains: Domains) -> list[Row]:
    """The account's mails with a recipient who is not the owner's."""
    return [row for row in use.mails if any(not domains.is_own(address) for address in row["rcpt_to"] or ())]


def _is_enough(found: list[Fact], mails: int, is_outside: bool) -> bool:
    """Two marks, of which one is the sender's; inside, where people mistype and share computers, three."""
    names = {fact.name for fact in found}
    if not names & {"foreign-senders", "many-sender-domains"}:
        return False
    if "password-guessed" not in names and mails < MAILS_LEAST:
        return False
    return len(names) >= (2 if is_outside else 3)
