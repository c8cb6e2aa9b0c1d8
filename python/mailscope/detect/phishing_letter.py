"""A message as its envelope, its header and its links together show it: what the signals of phishing judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ibis.expr.types import Table

from mailscope.detect.domains import Domains, domain_of
from mailscope.detect.endpoints import asked_host, is_private, parsed
from mailscope.detect.network import Network
from mailscope.detect.registrable import registrable

LETTERS = 200_000
"""Messages judged one by one, the earliest first; an investigation says when there were more."""

LINKS = 60
"""Links of one message looked at."""

_MESSAGE = [
    "flow_id",
    "capture",
    "last_capture",
    "first_packet",
    "last_packet",
    "start",
    "end",
    "session_id",
    "message",
    "transaction",
    "client_addr",
    "client_port",
    "server_addr",
    "server_port",
    "transfer",
    "from_client",
    "from_addrs",
    "from_names",
    "sender",
    "to_addrs",
    "cc_addrs",
    "reply_to",
    "subject",
    "message_id",
    "in_reply_to",
    "user_agent",
    "return_path",
    "received_ips",
    "authentication_results",
    "dkim_domains",
    "list_id",
    "list_unsubscribe",
    "bulk_marks",
    "header_names",
    "content_type",
    "size_bytes",
    "body_sha256",
    "text_simhash",
    "structure_hash",
    "charsets",
    "marks",
    "hidden_chars",
    "spotted",
    "truncated",
]


@dataclass(frozen=True, slots=True)
class Link:
    """One URL of a message that can be followed; `host` as a browser asks for it, `domain` its registrable domain."""

    url: str
    host: str
    domain: str
    shown: str | None


@dataclass(slots=True)
class Ground:
    """Whose network and mail domains the messages are judged for."""

    network: Network
    domains: Domains
    own_names: tuple[str, ...] = ()
    insiders: frozenset[str] = frozenset()
    """Login names, without domain, that were used from inside."""

    def __post_init__(self) -> None:
        self.own_names = tuple(sorted(self.domains.own))

    def is_from_outside(self, letter: Letter) -> bool:
        """The host that handed the message in is known not to be the owner's."""
        return letter.is_handed_in and self.network.is_outside(letter.row["client_addr"])

    def is_strange_login(self, letter: Letter) -> bool:
        """Handed in from outside with an account whose owner sits inside: the account may be stolen."""
        users = {str(user).lower().partition("@")[0] for user in letter.row.get("auth_users") or ()}
        return letter.is_logged_in and self.is_from_outside(letter) and not users.isdisjoint(self.insiders)


@dataclass
class Letter:
    """One message with its envelope; `row` has columns of `messages`, `mail_transactions` and `mail_sessions`."""

    row: Mapping[str, Any]
    links: list[Link] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    files: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int]:
        """Session and number in it."""
        return self.row["session_id"], self.row["message"]

    @property
    def is_handed_in(self) -> bool:
        """Seen on its way to the server (SMTP), not fetched from it."""
        return bool(self.row["from_client"]) and str(self.row["transfer"]).startswith("smtp")

    @property
    def is_logged_in(self) -> bool:
        """Its sender had logged in at the server; who fetches a mail logs in, too, and is not its sender."""
        return bool(self.row["from_client"]) and self.row.get("authenticated") == "yes"

    @cached_property
    def from_addr(self) -> str:
        """First address of From, lower case; empty when there is none."""
        return str(next(iter(self.row["from_addrs"] or ()), "")).lower()

    @cached_property
    def from_name(self) -> str:
        """Display name of From."""
        return str(next(iter(self.row["from_names"] or ()), "") or "")

    @cached_property
    def from_domain(self) -> str:
        """Registrable domain of From."""
        return registrable(domain_of(self.from_addr)) if "@" in self.from_addr else ""

    @cached_property
    def envelope_from(self) -> str | None:
        """Address of MAIL, else of Return-Path; empty for the null path."""
        address = self.row.get("mail_from")
        if address is None:
            address = self.row.get("return_path")
        return None if address is None else str(address).strip("<> ").lower()

    @cached_property
    def recipients(self) -> list[str]:
        """Envelope recipients, else those of To and Cc, lower case."""
        given = self.row.get("rcpt_to") or [*(self.row["to_addrs"] or ()), *(self.row["cc_addrs"] or ())]
        return list(dict.fromkeys(str(address).lower() for address in given))

    @cached_property
    def link_domains(self) -> list[str]:
        """Registrable domains that the links lead to, in order."""
        return list(dict.fromkeys(link.domain for link in self.links))

    @cached_property
    def marks(self) -> frozenset[str]:
        """What the parts look like."""
        return frozenset(self.row["marks"] or ())

    @cached_property
    def themes(self) -> dict[str, list[str]]:
        """Phrases of lures that occur, by theme."""
        from mailscope.detect.phishing_phrases import THEME_OF

        found: dict[str, list[str]] = defaultdict(list)
        for phrase in self.row["spotted"] or ():
            if phrase in THEME_OF:
                found[THEME_OF[phrase]].append(phrase)
        return dict(found)

    @property
    def is_list_mail(self) -> bool:
        """Sent through a mailing list, which rightly passes on mail of others."""
        return bool(self.row["list_id"])

    def sender_ip(self, network: Network) -> str | None:
        """The outside host that handed it in; for fetched mail the first public address of its Received fields."""
        if self.is_handed_in and not network.is_own(self.row["client_addr"]):
            return str(self.row["client_addr"])
        for text in self.row["received_ips"] or ():
            address = parsed(text)
            if address is not None and not network.is_own(text) and not is_private(address) and not address.is_loopback:
                return str(text)
        return None


def letters(tables: Mapping[str, Table]) -> list[Letter]:
    """All messages in transfer with what belongs to them, by time."""
    messages = tables["messages"].select(_MESSAGE)
    sessions = tables["mail_sessions"].select("session_id", "helo", "authenticated", "auth_users", "via", "banner")
    transactions = tables["mail_transactions"].select(
        "session_id", "transaction", "mail_from", "rcpt_to", "rcpt_codes", "delivered"
    )
    joined = messages.left_join(sessions, "session_id").drop("session_id_right")
    joined = joined.left_join(transactions, ["session_id", "transaction"])
    joined = joined.order_by(["start", "session_id", "message"]).limit(LETTERS)
    found = {(row["session_id"], row["message"]): Letter(row) for row in joined.to_pyarrow().to_pylist()}
    _add_links(found, tables["urls"])
    _add_files(found, tables["attachments"])
    return list(found.values())


def _add_links(found: Mapping[tuple[str, int], Letter], urls: Table) -> None:
    chosen = urls.filter(urls.host.notnull(), urls.place != "header")
    columns = chosen.select("session_id", "message", "place", "url", "host", "visible_text").to_pyarrow()
    for row in columns.to_pylist():
        letter = found.get((row["session_id"], row["message"]))
        if letter is None:
            continue
        if row["place"] == "html-src":
            letter.pictures.append(row["host"])
        elif row["place"] != "html-text" and len(letter.links) < LINKS:
            host = asked_host(row["host"])
            letter.links.append(Link(row["url"], host, registrable(host), row["visible_text"]))
    for letter in found.values():
        letter.links = _whole(letter.links)


def _whole(links: list[Link]) -> list[Link]:
    """Without links of a host of one label with which another begins: a line break cut them (RFC 5545, 3.1)."""
    cut = [link for link in links if "." not in link.host and ":" not in link.host]
    broken = {link.url for link in cut for other in links if other is not link and other.url.startswith(link.url)}
    return [link for link in links if link not in cut or link.url not in broken]


def _add_files(found: Mapping[tuple[str, int], Letter], attachments: Table) -> None:
    columns = attachments.select("session_id", "message", "name", "content_type", "magic", "size_bytes", "sha256")
    for row in columns.to_pyarrow().to_pylist():
        letter = found.get((row["session_id"], row["message"]))
        if letter is not None:
            letter.files.append(row)


def alike(addresses: Sequence[str]) -> str:
    """Several addresses as one key, whatever their order."""
    return " ".join(sorted(addresses))
