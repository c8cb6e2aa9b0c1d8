"""Bursts of mail from neighbouring addresses: the same second, one network, nearly one size (F46).

One machine with many addresses, or many machines under one hand, hand in the same letter. A mailing list's server does
so too from one address: `addrs` tells.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailscope.investigation.mail_stories import MailStory

FEWEST = 3
"""Mails that make a burst."""

WITHIN = timedelta(seconds=1)
"""From one mail to the next of a burst at most."""

SIZE_SHARE = 0.05
"""By which part of the smallest the largest may exceed it."""

PREFIX = {4: 24, 6: 64}


@dataclass(slots=True)
class Burst:
    """One cluster: its mails, their network (/24, /64) and addresses, and the span of their sizes in bytes."""

    network: str
    first: datetime
    last: datetime
    addrs: tuple[str, ...]
    smallest_bytes: int
    largest_bytes: int
    forged: int
    stories: list[MailStory]


def bursts(told: Iterable[MailStory], fewest: int = FEWEST) -> list[Burst]:
    """The clusters in order of time."""
    by_network: dict[str, list[tuple[datetime, int, MailStory]]] = defaultdict(list)
    for story in told:
        if story.client_addr and story.first and story.size_bytes:
            version = ipaddress.ip_address(story.client_addr).version
            network = ipaddress.ip_network(f"{story.client_addr}/{PREFIX[version]}", strict=False)
            by_network[str(network)].append((story.first, story.size_bytes, story))
    found = [burst for network, mails in by_network.items() for burst in _of_network(network, mails, fewest)]
    return sorted(found, key=lambda burst: (burst.first, burst.network))


def _of_network(network: str, mails: list[tuple[datetime, int, MailStory]], fewest: int) -> Iterable[Burst]:
    mails.sort(key=lambda mail: (mail[0], mail[1]))
    start = 0
    for index in range(1, len(mails) + 1):
        if index == len(mails) or mails[index][0] - mails[index - 1][0] > WITHIN:
            yield from _of_size(network, mails[start:index], fewest)
            start = index


def _of_size(network: str, mails: list[tuple[datetime, int, MailStory]], fewest: int) -> Iterable[Burst]:
    """Runs of nearly one size among mails of one moment."""
    mails = sorted(mails, key=lambda mail: mail[1])
    start = 0
    for index in range(1, len(mails) + 1):
        if index < len(mails) and mails[index][1] <= mails[start][1] * (1 + SIZE_SHARE):
            continue
        run = sorted(mails[start:index], key=lambda mail: mail[0])
        start = index
        if len(run) >= fewest:
            sizes = [size for _first, size, _story in run]
            addrs = tuple(sorted({story.client_addr or "" for _first, _size, story in run}))
            forged = sum(story.is_forged for _first, _size, story in run)
            told = [story for _first, _size, story in run]
            yield Burst(network, run[0][0], run[-1][0], addrs, min(sizes), max(sizes), forged, told)
