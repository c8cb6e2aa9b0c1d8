"""What sources tell: routes, contacts, and where two of them contradict each other."""

from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix and where it leads: a next hop, or the organisation itself."""

    prefix: IPv4Network | IPv6Network
    next_hop: str | None
    source: str
    table: str = ""
    as_of: date | None = None
    organization: str | None = None
    email: str | None = None
    asn: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is behind a next hop, or behind a handle."""

    key: str
    organization: str | None = None
    admin_contact: str | None = None
    email: str | None = None
    tel: str | None = None
    address: str | None = None
    updated_by: str | None = None
    updated: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources, or two rows of one, that cannot both be true; none of them is dropped."""

    kind: str
    subject: str
    one: str
    other: str


@dataclass(slots=True)
class Gathered:
    """All that was learnt from one or several sources."""

    routes: list[Route] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, other: "Gathered") -> None:
        """Takes in what another source told."""
        self.routes += other.routes
        self.contacts += other.contacts
        self.conflicts += other.conflicts
        self.unread += other.unread
