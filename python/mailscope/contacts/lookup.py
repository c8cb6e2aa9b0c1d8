"""The contact of an address: the longest prefix that covers it, and who stands behind that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mailscope.contacts.route import Conflict, Contact, Gathered, Route

STALE_AFTER = timedelta(days=365)
"""A contact not confirmed for so long is shown as stale."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who is responsible for an address, and how that is known."""

    prefix: str
    next_hop: str | None
    organization: str | None
    admin_contact: str | None
    email: str | None
    tel: str | None
    address: str | None
    updated_by: str | None
    updated: date | None
    source: str
    table: str
    as_of: date | None
    is_stale: bool
    conflicts: tuple[Conflict, ...] = ()


class Registry:
    """Prefixes and contacts in memory, asked by address."""

    def __init__(self, gathered: Gathered, today: date | None = None) -> None:
        import radix

        self._today = today or datetime.now(UTC).date()
        self._tree = radix.Radix()
        self._contacts: dict[str, Contact] = {}
        for contact in gathered.contacts:
            self._take_contact(contact)
        self.routes: dict[str, list[Route]] = {}
        for route in gathered.routes:
            self.routes.setdefault(str(route.prefix), []).append(route)
        for prefix in self.routes:
            self._tree.add(prefix)
        self.conflicts = list(dict.fromkeys([*gathered.conflicts, *conflicts_of(gathered.routes)]))
        self._disputed: dict[str, list[Conflict]] = {}
        for conflict in self.conflicts:
            self._disputed.setdefault(conflict.subject, []).append(conflict)

    def _take_contact(self, contact: Contact) -> None:
        known = self._contacts.get(contact.key)
        if known is None or (contact.updated or date.min) >= (known.updated or date.min):
            self._contacts[contact.key] = contact

    def find(self, address: str) -> Entry | None:
        """The entry of the longest prefix whose next hop or own record names a contact, else the longest prefix."""
        found = self.every(address)
        return next((entry for entry in found if entry.organization or entry.email), found[0] if found else None)

    def every(self, address: str) -> list[Entry]:
        """All entries that cover an address, the longest prefix first.

        The covering prefix of a customer's prefix is another organisation: only where the longest prefix leads
        nowhere (a connected network, a default route) is a shorter one asked.
        """
        nodes = self._tree.search_covering(address.split("%", 1)[0])  # without a zone (RFC 4007)
        return [self.entry(node.prefix) for node in nodes]

    def entry(self, prefix: str) -> Entry:
        """The entry of a prefix that is in the registry."""
        routes = self.routes[prefix]
        route = max(routes, key=lambda route: (self._behind(route) is not None, route.as_of or date.min))
        contact = self._behind(route)
        updated = contact.updated if contact else route.as_of
        return Entry(
            prefix,
            route.next_hop,
            (contact.organization if contact else None) or route.organization,
            contact.admin_contact if contact else None,
            (contact.email if contact else None) or route.email,
            contact.tel if contact else None,
            contact.address if contact else None,
            contact.updated_by if contact else None,
            updated,
            contact.source if contact and contact.source else route.source,
            route.table,
            route.as_of,
            updated is not None and self._today - updated > STALE_AFTER,
            tuple(self._disputed.get(prefix, ())),
        )

    def _behind(self, route: Route) -> Contact | None:
        return self._contacts.get(route.next_hop or "") or self._contacts.get(str(route.prefix))

    def prefixes(self) -> Iterable[str]:
        """Every prefix, in its order."""
        return (node.prefix for node in self._tree)

    @property
    def contacts(self) -> list[Contact]:
        """Every contact."""
        return list(self._contacts.values())


def conflicts_of(routes: list[Route]) -> list[Conflict]:
    """Where routes contradict each other.

    Two next hops for one prefix; and a table that can hold a destination once only, which hides one of two
    prefixes that begin at the same address.
    """
    found: dict[tuple[str, str, str | None], Conflict] = {}
    by_prefix: dict[str, Route] = {}
    old = {str(route.prefix.network_address): route for route in routes if route.table == "ipRouteTable"}
    in_old = {str(route.prefix) for route in routes if route.table == "ipRouteTable"}
    for route in routes:
        key = str(route.prefix)
        known = by_prefix.setdefault(key, route)
        if route.next_hop and known.next_hop and route.next_hop != known.next_hop and not _are_paths(known, route):
            found.setdefault(
                ("two-next-hops", key, route.next_hop), Conflict("two-next-hops", key, _told(known), _told(route))
            )
        seen = old.get(str(route.prefix.network_address))
        if seen is not None and route.table.endswith("CidrRouteTable") and key not in in_old:
            hidden = Conflict("hidden-in-ipRouteTable", key, _told(route), f"{seen.prefix}: {_told(seen)}")
            found.setdefault((hidden.kind, key, None), hidden)
    return list(found.values())


def _are_paths(one: Route, other: Route) -> bool:
    """Several next hops in one router's BGP or forwarding table are paths to choose from, not a contradiction."""
    return one.source == other.source and one.table == other.table and one.table in ("BGP", "router")


def _told(route: Route) -> str:
    day = f", {route.as_of}" if route.as_of else ""
    return f"{route.next_hop} ({route.source}{day})"
