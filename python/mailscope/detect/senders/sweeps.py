"""Who tries address by address and not server by server: a scan of a mail port, no sender.

What it flags
    A host of which four fifths of the addresses that it tries never answer, and that tries addresses next to each
    other: half of a /24 or more, or several addresses in each of many /24s.
Why it matters
    A scanner of port 25 looks for relays; who lists it as a spammer sends the owner after mail that never was.
What it can get wrong
    A scan of addresses drawn at random looks like a sender whose mail is blocked upstream, and stays in the queue.
Evidence
    Rows of `flow_records` whose client is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.senders.figures import Window
from mailscope.store.engine import plain_rows

LEAST_TARGETS = 30
UNANSWERED_SHARE = 0.8
"""Jung et al. (2004): scanners reach at most a fifth of what they try."""

HALF_A_NETWORK = 128
"""Addresses of one /24; a hoster of mail has fewer, and they answer."""

MANY_NETWORKS = 16
NEIGHBOURS = 4
"""Mean addresses tried in a /24. Of lists of mail servers it is 1 to 2: only large providers have several in one."""

LEAST_SAMPLED = 8
"""Addresses of one /24 that a sample must at least hold: lists of mail servers have two or three of a provider."""

LOOKED_AT = 1000
"""Hosts at most that are looked at, those with most unanswered targets first."""


def sweeps(conversations: Table, figures: Table, window: Window) -> list[str]:
    """The subjects of `figures` whose attempts are a sweep over IPv4 addresses."""
    silent = figures.filter(
        _.unanswered_destinations >= LEAST_TARGETS,
        _.unanswered_destinations >= UNANSWERED_SHARE * _.destinations,
    )
    ranked = silent.order_by(ibis.desc("unanswered_destinations"), "subject").limit(LOOKED_AT)
    rows = plain_rows(ranked.select("subject", "unanswered_destinations", "sampling"))
    suspects = [row["subject"] for row in rows]
    if not suspects:
        return []
    tried = conversations.filter(
        _.client.isin(sorted(suspects)), _.start >= ibis.literal(window.start), _.start <= ibis.literal(window.end)
    )
    targets = tried.filter(~_.server.contains(":")).select("client", "server").distinct()
    networks = targets.mutate(network=targets.server.re_replace("[.][0-9]+$", ""))
    by_network = networks.group_by(["client", "network"]).agg(addresses=_.count())
    by_client = by_network.group_by("client").agg(
        networks=_.count(), addresses=_.addresses.sum(), most=_.addresses.max()
    )
    sampling = {row["subject"]: int(row["sampling"]) for row in rows}
    return sorted(row["client"] for row in plain_rows(by_client) if _is_sweep(row, sampling[row["client"]]))


def _is_sweep(row: Mapping[str, Any], sampling: int) -> bool:
    """Of a sample, one SYN seen stands for as many tried as one packet looked at stands for."""
    if row["most"] >= max(LEAST_SAMPLED, HALF_A_NETWORK / sampling):
        return True
    return bool(row["networks"] >= MANY_NETWORKS and row["addresses"] >= NEIGHBOURS * row["networks"])
