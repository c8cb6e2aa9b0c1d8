"""A block as a plan: what, where, until when, why; and the guards that refuse what must never be blocked."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from mailscope.errors import UsageError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SCOPES = ("mail", "all")
"""`mail`: only the mail ports (25, 465, 587, 2525). `all`: everything the address sends."""

MAIL_PORTS = (25, 465, 587, 2525)


@dataclass(frozen=True, slots=True)
class Plan:
    """One block of one prefix; `expires` is not optional: a forgotten block is an outage."""

    prefix: Network
    scope: str
    expires: datetime
    reason: str


class Target(Protocol):
    """A kind of device. All four work on one plan and may be repeated without harm."""

    @property
    def name(self) -> str:
        """Its slug."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it can block: members of SCOPES."""

    def commands(self, plan: Plan) -> list[str]:
        """What `apply` will do, in the device's own words: the dry run."""

    def apply(self, plan: Plan) -> str:
        """Does it; returns what the device said. Raises DeliveryError."""

    def undo(self, plan: Plan) -> str:
        """Takes it back; says so when it was not there."""

    def is_applied(self, plan: Plan) -> bool:
        """Whether the device blocks the prefix now."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What the owner allows. Without own networks nothing is allowed."""

    own: Sequence[Network]
    protected: Sequence[Network] = ()
    most: int = 20
    longest: timedelta = timedelta(days=7)
    most_addresses: int = 256
    two_persons: bool = False
    scopes: Sequence[str] = field(default=SCOPES)


def network(text: str) -> Network:
    """A prefix or single address; host bits are refused, since one of the two readings is wrong."""
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise UsageError(f"`{text[:60]}` is no prefix: {error}", hint="write 192.0.2.7 or 192.0.2.0/28") from None


def refusals(plan: Plan, guards: Guards, active: int, now: datetime) -> list[str]:
    """Why the plan must not be applied; empty when it may.

    `active` is how many blocks stand now.
    """
    found = []
    if not any(_covers(own, plan.prefix) for own in guards.own):
        found.append(f"{plan.prefix} is not in your own networks")
    found += [f"{plan.prefix} touches the protected {keep}" for keep in guards.protected if _touch(keep, plan.prefix)]
    if plan.prefix.num_addresses > guards.most_addresses:
        found.append(f"{plan.prefix} has more than {guards.most_addresses} addresses")
    if plan.scope not in guards.scopes:
        found.append(f"the scope `{plan.scope}` is not allowed")
    if active >= guards.most:
        found.append(f"{active} blocks stand already; at most {guards.most} may")
    if plan.expires <= now:
        found.append("it would expire in the past")
    if plan.expires - now > guards.longest:
        found.append(f"it would last longer than {guards.longest}")
    return found


def _covers(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _touch(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
