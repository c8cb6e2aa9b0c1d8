"""Prefixes of NetBox (`/api/ipam/prefixes/`), as JSON that its API or its export gives."""

import json
from datetime import date
from ipaddress import ip_network
from typing import Any

from mailscope.contacts.route import Contact, Gathered, Route

MAX_PREFIXES = 1_000_000


def is_netbox(text: str) -> bool:
    """Whether a text is a list of NetBox prefixes."""
    has_prefixes = '"prefix"' in text[:65536] and text.lstrip()[:1] in ("[", "{")
    return has_prefixes and any(f'"{name}"' in text for name in ("tenant", "vrf", "is_pool", "family"))


def read(text: str, source: str) -> Gathered:
    """A route and, where tenant or description tell one, a contact for each prefix."""
    gathered = Gathered()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Gathered(unread=[source])
    items = found.get("results", []) if isinstance(found, dict) else found
    for item in items[:MAX_PREFIXES] if isinstance(items, list) else []:
        if not isinstance(item, dict) or not _take(item, source, gathered):
            gathered.unread.append(f"{source}: {str(item)[:60]}")
    return gathered


def _take(item: dict[str, Any], source: str, gathered: Gathered) -> bool:
    try:
        prefix = ip_network(str(item.get("prefix")), strict=False)
        updated = date.fromisoformat(str(item.get("last_updated") or item.get("created"))[:10])
    except ValueError:
        updated = None
        try:
            prefix = ip_network(str(item.get("prefix")), strict=False)
        except ValueError:
            return False
    custom = item.get("custom_fields")
    fields = custom if isinstance(custom, dict) else {}
    organization = (
        _name(item.get("tenant"))
        or _name(item.get("site"))
        or _name(item.get("scope"))
        or str(item.get("description") or "")
        or None
    )
    email = next((str(value) for name, value in fields.items() if "mail" in name.lower() and value), None)
    contact = next(
        (str(value) for name, value in fields.items() if name.lower() in ("contact", "admin_contact") and value), None
    )
    if organization or email:
        gathered.contacts.append(Contact(str(prefix), organization, contact, email, updated=updated, source=source))
    gathered.routes.append(Route(prefix, None, source, "NetBox", updated))
    return True


def _name(value: Any) -> str | None:
    if isinstance(value, dict):
        return str(value.get("display") or value.get("name") or "") or None
    return str(value) if isinstance(value, str) and value else None
