"""The chain of `Received` lines of a quoted mail, read from the side that can be trusted.

The topmost line was written by the reporter's own server. Below the first host that is not the reporter's,
anything may be invented by the sender: an address there accuses nobody. Only where that host is a relay of
ours does the next line come from a server that we trust, and names the customer behind it.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

from mailscope.desk.complaints.addresses import canonical
from mailscope.desk.complaints.bounds import MAX_RECEIVED
from mailscope.desk.complaints.mail import Headers
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.times import Context, Moment, parsed

_FROM = re.compile(r"^\s*from\s+(?P<helo>[^\s(;]+)", re.I)
_BY = re.compile(r"(?:^|[\s)])by\s+(?P<by>[^\s(;]+)", re.I)
_BRACKET = re.compile(r"[\[(](?:IPv6:)?([0-9A-Fa-f:.]{3,45})(?::\d{1,5})?[\])]")
_BARE = re.compile(r"(?<![\w.:-])((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:-]|\.\d)")
_PORT = re.compile(r"\](?::|\.)(\d{1,5})\b|\bport[ =]+(\d{1,5})\b", re.I)
LATEST_RELAYING = timedelta(hours=6)
"""How long before a relay handed a mail on it can have taken it, to be believed without being named a relay."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One `Received` line: who handed the mail over to whom, and when."""

    address: str | None
    helo: str
    by: str
    at: Moment | None
    port: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a quoted mail came from: the host that handed it to the reporter, and who stands behind our relay."""

    reported: str
    responsible: str
    at: Moment | None
    port: int | None
    number: int
    is_relay_known: bool = True
    behind: int | None = None


def hops(headers: Headers) -> list[Hop]:
    """The `Received` lines from the last writer to the first."""
    return [_hop(value, number) for number, value in enumerate(headers.all("received")[:MAX_RECEIVED], start=1)]


def _hop(value: str, number: int) -> Hop:
    clause = re.split(r"\s+by\s+", value, maxsplit=1, flags=re.I)[0] if not value.lower().startswith("by ") else ""
    found = [address for text in _BRACKET.findall(clause) if (address := canonical(text))]
    found = found or [address for text in _BARE.findall(clause) if (address := canonical(text))]
    helo = _FROM.search(value)
    by = _BY.search(value)
    port = _PORT.search(clause)
    when = value.rsplit(";", 1)[-1] if ";" in value else value[-60:]
    # The last address of the clause is the one that the server saw; a literal as HELO stands before it.
    return Hop(
        found[-1] if found else None,
        helo["helo"].lower() if helo else "",
        by["by"].lower() if by else "",
        parsed(when, Context()),
        int(port[1] or port[2]) if port and int(port[1] or port[2]) < 65536 else None,
        number,
    )


def origin(headers: Headers, networks: Networks, reported: str | None = None) -> Origin | None:
    """Who handed the mail to the reporter, or to `reported` where the report names it already."""
    chain = hops(headers)
    index = _first_foreign(chain, networks, reported)
    if index is None:
        return None
    hop = chain[index]
    address = hop.address or ""
    behind, is_known = _behind(chain, index, networks)
    if behind is None:
        return Origin(address, address, hop.at, hop.port, hop.number)
    return Origin(address, behind.address or "", hop.at, hop.port, hop.number, is_known, behind.number)


def _first_foreign(chain: list[Hop], networks: Networks, reported: str | None) -> int | None:
    """The first hop from outside the reporter's own servers."""
    if reported is not None:
        return next((index for index, hop in enumerate(chain) if hop.address == reported), None)
    fallback, houses = None, set[str]()
    for index, hop in enumerate(chain):
        houses.add(_house(hop.by))
        if hop.address is None or ip_address(hop.address).is_loopback:
            continue
        if networks.is_own(hop.address):
            return index
        is_private = ip_address(hop.address).is_private and not _is_test_range(hop.address)
        if (is_private or _house(hop.helo) in houses) and _goes_on(chain, index):
            fallback = index if fallback is None else fallback
            continue
        return index
    return fallback


def _is_test_range(address: str) -> bool:
    """The ranges kept for documentation count as private, but stand for public ones."""
    return address.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "198.18.", "198.19."))


def _goes_on(chain: list[Hop], index: int) -> bool:
    """Whether the next line was written by the host that this one names, so that the mail was still inside.

    A name alone can be a lie told as HELO. One who also invents the line that fits it is believed; what he gains
    is that another is asked, and an address of ours is found this way only if he knows one.
    """
    hop = chain[index]
    following = next((later for later in chain[index + 1 :] if later.by), None)
    if following is None or "." not in hop.helo or hop.helo[0].isdigit():
        return False
    return hop.helo.split(".", 1)[0] == following.by.split(".", 1)[0]


def _house(name: str) -> str:
    """The last labels of a host name: enough to tell whether two names are of one house."""
    labels = name.strip(".[]").split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[-keep:])


def _behind(chain: list[Hop], index: int, networks: Networks) -> tuple[Hop | None, bool]:
    """The customer behind a relay of ours, and whether the relay was named as one rather than inferred."""
    hop, behind, is_known = chain[index], None, True
    while hop.address and index + 1 < len(chain):
        following = chain[index + 1]
        if not following.address or not networks.is_own(following.address) or following.address == hop.address:
            break
        if networks.is_relay(hop.address):
            behind = following
        elif networks.is_own(hop.address) and behind is None and _is_shortly_before(following, hop):
            behind, is_known = following, False
        else:
            break
        hop, index = following, index + 1
    return behind, is_known


def _is_shortly_before(earlier: Hop, later: Hop) -> bool:
    if earlier.at is None or later.at is None:
        return False
    return timedelta(minutes=-1) <= later.at.at - earlier.at.at <= LATEST_RELAYING
