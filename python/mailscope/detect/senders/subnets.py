"""Senders with many addresses: those of one IPv6 /64 added up, as one host.

What it flags
    A /64 whose temporary addresses (RFC 8981: a host takes a new random one each day, or as often as it likes) each
    send too little to stand out, and together are abnormal by the same measure as a host.
Why it matters
    A /64 is what one customer has; a bot in it that takes a new address for every few mails would never be seen.
What it can get wrong
    A network of several hosts, each with a little direct mail of its own, looks the same; hosts with an interface
    identifier that somebody chose or that is made of a hardware address (RFC 4291) are therefore left out, and so is
    mail handed to a provider with a login (ports 465 and 587).
Evidence
    Rows of `flow_records` whose client is one of the addresses.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import Prefix
from mailscope.detect.senders.baseline import FEWEST_SERVERS, baseline
from mailscope.detect.senders.figures import RELAY_PORTS, Window, sending_figures
from mailscope.detect.senders.history import without_history
from mailscope.detect.senders.sizes import without_sizes
from mailscope.detect.senders.verdicts import verdicts
from mailscope.store.engine import add_arrow, plain_rows

FEWEST_ADDRESSES = 3
"""A host has one or two temporary addresses at a time (RFC 8981, section 3.4)."""

ADDRESS_LIMIT = 200_000
"""Sending IPv6 addresses that are looked at, those with most servers first."""

_CHOSEN_BITS = 32
_HARDWARE = 0xFFFE


def many_addresses(figures: Table, left_out: Collection[str] = ()) -> dict[str, list[str]]:
    """For each /64, by its first address, its senders of direct mail that may be one host; `left_out` are none.

    Only where together they could stand out: their servers, each counted at most once too often, reach the floor.
    """
    direct = sum(figures[f"flows_{port}"] for port in RELAY_PORTS)
    asked = figures.filter(_.subject.contains(":"), 2 * direct >= figures.flows).select("subject", "destinations")
    found: dict[str, list[str]] = defaultdict(list)
    servers: dict[str, int] = defaultdict(int)
    for row in plain_rows(asked.order_by(_.destinations.desc(), "subject").limit(ADDRESS_LIMIT)):
        address = row["subject"]
        if address not in left_out and is_random(address):
            subnet = first_of(address)
            found[subnet].append(address)
            servers[subnet] += int(row["destinations"])
    return {
        subnet: sorted(addresses)
        for subnet, addresses in found.items()
        if len(addresses) >= FEWEST_ADDRESSES and servers[subnet] >= FEWEST_SERVERS
    }


def is_random(address: str) -> bool:
    """Whether the interface identifier is one that a host made up: not chosen by hand, not of a hardware address.

    >>> is_random("2001:db8::25"), is_random("2001:db8::5054:ff:fe12:3456"), is_random("2001:db8::a1b2:c3d4:e5f6:718")
    (False, False, True)
    """
    identifier = int(ipaddress.IPv6Address(address)) & ((1 << 64) - 1)
    return identifier >> _CHOSEN_BITS != 0 and (identifier >> 24) & 0xFFFF != _HARDWARE


def first_of(address: str) -> str:
    """The first address of its /64."""
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(address)) >> 64 << 64))


def abnormal_together(
    conversations: Table,
    figures: Table,
    window: Window,
    own: Sequence[Prefix],
    members: Mapping[str, Iterable[str]],
) -> list[dict[str, Any]]:
    """Rows as of `verdicts`, one a /64 whose addresses together are abnormal; `subject` is its first address.

    They are compared with the hosts that `figures` tell of.
    """
    pairs = [(address, subnet) for subnet, addresses in members.items() for address in addresses]
    table = pa.table({"address": [one for one, _two in pairs], "subnet": [two for _one, two in pairs]})
    known = add_arrow(conversations.get_backend(), "sender_subnets", table)
    as_client = conversations.inner_join(known, conversations.client == known.address)
    as_server = conversations.inner_join(known, conversations.server == known.address)
    columns = conversations.columns
    joined = as_client.mutate(client=_.subnet).select(columns).union(as_server.mutate(server=_.subnet).select(columns))
    summed = sending_figures(joined, window, own)
    told = summed.filter(_.subject.isin(sorted(members)))
    judged = verdicts(without_sizes(without_history(told)), baseline(figures), window)
    return plain_rows(judged.filter(_.verdict == "abnormal").order_by(_.score.desc(), "subject"))
