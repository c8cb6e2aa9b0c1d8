"""RDAP answers (RFC 9083) of the registry, without their connection: a path in, a status and JSON out."""

from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import unquote

from mailscope.contacts.lookup import Entry, Registry

CONFORMANCE = ["rdap_level_0", "cidr0"]
TERMS = {
    "title": "About",
    "description": ["The registry of this network: who is responsible for which prefix, and how that is known."],
}
_OBJECTS = ("domain", "nameserver", "autnum", "entity", "domains", "nameservers", "entities")


def answer(registry: Registry, path: str, base: str) -> tuple[int, dict[str, Any]]:
    """Status and body for a path of RFC 9082 (`/ip/...`, `/help`)."""
    parts = [unquote(part) for part in path.split("?", 1)[0].strip("/").split("/")]
    if parts == ["help"]:
        return 200, {"rdapConformance": CONFORMANCE, "notices": [TERMS]}
    if parts[0] == "ip":
        return _ip(registry, parts[1:], base)
    if parts[0] in _OBJECTS and len(parts) > 1:
        return _error(404, "Not Found", "This server answers for addresses only.")
    return _error(400, "Bad Request", "Ask for /ip/ADDRESS, /ip/PREFIX/LENGTH or /help.")


def _ip(registry: Registry, parts: list[str], base: str) -> tuple[int, dict[str, Any]]:
    if not 1 <= len(parts) <= 2 or len("/".join(parts)) > 60:
        return _error(400, "Bad Request", "Not an address or a prefix.")
    try:
        wanted = ip_network("/".join(parts), strict=False)
    except ValueError:
        return _error(400, "Bad Request", "Not an address or a prefix.")
    covering = registry.every(str(wanted.network_address))
    found = [entry for entry in covering if ip_network(entry.prefix).prefixlen <= wanted.prefixlen]
    named = [entry for entry in found if entry.organization or entry.email]
    if not named:
        return _error(404, "Not Found", "No prefix of this registry covers it.")
    return 200, network(named[0], named[1] if len(named) > 1 else None, base)


def network(entry: Entry, parent: Entry | None, base: str) -> dict[str, Any]:
    """The `ip network` object (RFC 9083, section 5.4)."""
    prefix = ip_network(entry.prefix)
    link = f"{base}/ip/{entry.prefix}"
    body: dict[str, Any] = {
        "rdapConformance": CONFORMANCE,
        "objectClassName": "ip network",
        "handle": f"NET-{entry.prefix}",
        "startAddress": str(prefix.network_address),
        "endAddress": str(prefix.broadcast_address),
        "ipVersion": f"v{prefix.version}",
        "name": entry.organization or entry.prefix,
        "status": ["active"],
        "cidr0_cidrs": [_cidr(prefix)],
        "entities": [_entity(entry)],
        "links": [{"value": link, "rel": "self", "href": link, "type": "application/rdap+json"}],
        "notices": [TERMS],
        "remarks": _remarks(entry),
    }
    if parent:
        body["parentHandle"] = f"NET-{parent.prefix}"
    if entry.updated:
        event = {"eventAction": "last changed", "eventDate": f"{entry.updated}T00:00:00Z"}
        body["events"] = [event | ({"eventActor": entry.updated_by} if entry.updated_by else {})]
    return body


def _cidr(prefix: IPv4Network | IPv6Network) -> dict[str, Any]:
    return {f"v{prefix.version}prefix": str(prefix.network_address), "length": prefix.prefixlen}


def _entity(entry: Entry) -> dict[str, Any]:
    card: list[list[Any]] = [["version", {}, "text", "4.0"]]
    card.append(["fn", {}, "text", entry.admin_contact or entry.organization or "unknown"])
    if entry.organization:
        card.append(["org", {}, "text", entry.organization])
    if entry.email:
        card.append(["email", {}, "text", entry.email])
    if entry.tel:
        card.append(["tel", {"type": "voice"}, "text", entry.tel])
    if entry.address:
        card.append(["adr", {"label": entry.address}, "text", ["", "", "", "", "", "", ""]])
    return {
        "objectClassName": "entity",
        "handle": f"CONTACT-{entry.next_hop or entry.prefix}",
        "roles": ["administrative", "abuse"],
        "vcardArray": ["vcard", card],
    }


def _remarks(entry: Entry) -> list[dict[str, Any]]:
    remarks = [{"title": "Source", "description": [f"{entry.source} {entry.table}".strip()]}]
    if entry.is_stale:
        remarks.append({"title": "Stale", "description": [f"Not confirmed since {entry.updated}."]})
    for conflict in entry.conflicts:
        remarks.append({"title": "Disputed", "description": [conflict.one, conflict.other]})
    return remarks


def _error(code: int, title: str, text: str) -> tuple[int, dict[str, Any]]:
    """The error object (RFC 9083, section 6)."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return code, {
        "rdapConformance": CONFORMANCE,
        "errorCode": code,
        "title": title,
        "description": [text],
        "notices": [TERMS, {"title": "Time", "description": [now]}],
    }
