"""When an address was last seen at it in flow records, and for how many hours anybody was looking since."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.moments import MAIL_KINDS
from mailscope.detect.port_profile import matches
from mailscope.detect.senders.conversations import MAIL_PORTS
from mailscope.store.engine import plain_rows

if TYPE_CHECKING:
    from ibis.expr.types import Table

HANDED_IN = (465, 587)
"""Ports at which an ordinary client hands in mail at its own provider."""

SERVERS_OF_A_CLIENT = 3
"""Whoever hands in mail at more servers than these in the time looked at is no ordinary client."""

NETWORK_KINDS = frozenset({"scan", "bruteforce", "ddos", "attack"})
"""Categories that the detectors of scans and floods can see."""

ATTEMPTS_AT_ONE = 20
"""Connections to one server's login port in the time looked at from which they count as guessing."""

LOGIN_PORTS = (21, 22, 23, 110, 143, 993, 995, 1433, 3306, 3389, 5900, *MAIL_PORTS)


@dataclass(frozen=True, slots=True)
class Sight:
    """The last time that the address was seen at it, and how long and until when anybody was looking.

    `watched` counts hours with records since the last time seen. `until` None: nobody looked, or nobody can see it.
    """

    last: datetime | None
    until: datetime | None
    watched: timedelta = timedelta(0)
    why: str | None = None


Seen = Callable[[str, str, datetime, datetime], Sight]
"""(address, category, from, to) -> what was seen of it."""


def seen_in(records: Table) -> Seen:
    """The question above, asked of flow records."""

    def seen(address: str, category: str, since: datetime, now: datetime) -> Sight:
        if category in MAIL_KINDS:
            last = _last_mail
        elif category in NETWORK_KINDS:
            last = _last_attack
        else:
            return Sight(None, None, why="kind")
        then = records.filter((records.start >= since) & (records.start <= now))
        latest = last(then, address)
        hours = _hours(then, max(latest or since, since))
        if not hours:
            return Sight(latest, None, why="nobody")
        return Sight(latest, max(hours), timedelta(hours=len(hours)))

    return seen


def _hours(records: Table, since: datetime) -> list[datetime]:
    """Hours with at least one record of anybody that begins after `since`; each given by its last record."""
    later = records.filter(records.start > since)
    rows = plain_rows(later.group_by(hour=later.start.truncate("h")).agg(last=later.start.max()))
    return [_aware(row["last"]) for row in rows]


def _last_mail(records: Table, address: str) -> datetime | None:
    mine = records.filter(records.src_addr == address, records.proto == "tcp", records.dst_port.isin(MAIL_PORTS))
    mine = mine.filter(~mine.src_port.isin(MAIL_PORTS))
    rows = plain_rows(mine.group_by("dst_port").agg(last=mine.start.max(), servers=mine.dst_addr.nunique()))
    counted = [row for row in rows if row["dst_port"] not in HANDED_IN or row["servers"] > SERVERS_OF_A_CLIENT]
    return max((_aware(row["last"]) for row in counted), default=None)


def _last_attack(records: Table, address: str) -> datetime | None:
    """The end of the last scan or flood, or of many connections to one login."""
    own = ipaddress.ip_network(address)
    mine = records.filter((records.src_addr == address) | (records.dst_addr == address))
    ends: list[Any] = [row["last"] for row in plain_rows(matches(mine, [own]))]
    asked = mine.filter(mine.src_addr == address, mine.proto == "tcp", mine.dst_port.isin(LOGIN_PORTS))
    by_server = asked.group_by("dst_addr", "dst_port").agg(count=asked.count(), last=asked.start.max())
    ends += [row["last"] for row in plain_rows(by_server.filter(by_server["count"] >= ATTEMPTS_AT_ONE))]
    return max((_aware(end) for end in ends), default=None)


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
