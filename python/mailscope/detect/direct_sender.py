"""An own host that is no mail server hands mail to outside mail servers by itself.

What it flags
    Mail between foreign addresses (no envelope address is in the owner's domains) from an own host that takes no
    mail in and is no proxy; or, where the owner's domains are unknown, marks of forged senders.
Why it matters
    This is how malware on an office computer sends; only its own address is blocked, but so is the whole network
    behind a shared one.
What it can get wrong
    A mail server of which only outgoing mail was captured looks the same: give it with --role ADDR=mail-server.
Evidence
    Rows of `mail_sessions`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from mailscope.detect.domains import Domains, domain_of
from mailscope.detect.finding import Fact
from mailscope.wording import amount, phrase


@dataclass(frozen=True, slots=True)
class Sending:
    """What one host sent by itself: envelopes, HELO names and how it logged in."""

    senders: Sequence[str | None]
    recipients: Sequence[str]
    helos: Sequence[str]
    servers: Sequence[str]
    sessions: int
    logged_in: int
    opaque: int


def facts(sending: Sending, domains: Domains) -> list[Fact]:
    """Marks of unwanted sending; empty when the sending looks ordinary."""
    if not sending.senders or sending.logged_in + sending.opaque == sending.sessions:
        return []
    found: list[Fact] = []
    everybody = [*sending.senders, *sending.recipients]
    if domains.is_foreign(everybody):
        found.append(Fact("foreign-to-foreign", 0.6, phrase("direct.foreign", domains=sorted(domains.own))))
    elif domains.own and any(domains.is_own(sender) for sender in sending.senders):
        return []  # the owner's own mail, sent past the mail server: at most a question of policy
    senders = {domain_of(sender) for sender in sending.senders} - {""}
    if len(senders) > 1:
        found.append(
            Fact("many-sender-domains", 0.45, phrase("direct.many-domains", count=amount(len(senders), "domain")))
        )
    odd = sorted({helo for helo in sending.helos if not _is_host_name(helo)})
    if odd:
        found.append(Fact("helo-no-host-name", 0.35, phrase("direct.helo", helos=odd)))
    if len(set(sending.helos)) > 1:
        found.append(Fact("changing-helo", 0.35, phrase("direct.helos", count=amount(len(set(sending.helos)), "name"))))
    if len(set(sending.servers)) > 2:
        found.append(
            Fact("many-servers", 0.2, phrase("direct.servers", count=amount(len(set(sending.servers)), "server")))
        )
    return found if _is_enough(found, domains, len(sending.senders)) else []


COMMON_FROM = 4
"""So many hosts with the same marks, where the owner's domains are unknown, are how this network sends mail."""


def _is_enough(found: list[Fact], domains: Domains, mails: int) -> bool:
    """Foreign addresses are enough where the owner's domains are given; else several mails and another mark, too."""
    names = {fact.name for fact in found}
    if "foreign-to-foreign" in names:
        return domains.how == "given" or (mails > 1 and len(names) > 1)
    return not domains.own and len(names) >= 2 and bool(names & {"many-sender-domains", "changing-helo"})


def _is_host_name(helo: str) -> bool:
    """True for a full host name, as a mail server gives it (RFC 5321, 4.1.1.1)."""
    text = helo.strip()
    if text.startswith("["):
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "." in text.strip(".") and not text.lower().endswith((".local", ".localdomain", ".lan"))
    return False
