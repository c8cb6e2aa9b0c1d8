"""The data folders of `rwhoisd`: `network` objects with their contacts, one object a block of `Name: value` lines."""

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import ip_network
from pathlib import Path

from mailscope.contacts.route import Contact, Gathered, Route

_LINE = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,60})(?:;[A-Za-z]+)?[ \t]*:[ \t]*(.*)$")
MAX_FILES = 20_000
MAX_BYTES = 64 * 1024 * 1024


def is_tree(folder: Path) -> bool:
    """Whether a folder is one of `rwhoisd`."""
    return (folder / "rwhoisd.conf").is_file() or (folder / "rwhoisd.auth_area").is_file()


def read(folder: Path) -> Gathered:
    """Networks with the organisation and the contacts that their handles name."""
    objects: dict[str, dict[str, str]] = {}
    networks = []
    for path in sorted(folder.rglob("data/**/*.txt"))[:MAX_FILES]:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            continue
        for found in _objects(path.read_text("utf-8", "replace")):
            objects[found.get("id", "")] = found
            if "ip-network" in found:
                networks.append(found)
    gathered = Gathered()
    for network in networks:
        _take(network, objects, folder.name, gathered)
    return gathered


def _objects(text: str) -> Iterator[dict[str, str]]:
    for block in re.split(r"^---.*$", text, flags=re.M):
        found = {match[1].lower(): match[2].strip() for line in block.splitlines() if (match := _LINE.match(line))}
        if found:
            yield found


def _take(network: dict[str, str], objects: dict[str, dict[str, str]], source: str, gathered: Gathered) -> None:
    try:
        prefix = ip_network(network["ip-network"], strict=False)
    except ValueError:
        gathered.unread.append(f"{source}: {network['ip-network'][:60]}")
        return
    admin = objects.get(network.get("admin-contact", ""), {})
    organization = objects.get(network.get("organization", ""), {})
    updated = _day(network.get("updated", ""))
    gathered.routes.append(Route(prefix, None, source, "rwhois", updated))
    gathered.contacts.append(
        Contact(
            str(prefix),
            organization.get("org-name") or organization.get("name") or network.get("network-name"),
            admin.get("name") or network.get("admin-contact"),
            admin.get("email") or organization.get("email"),
            admin.get("phone"),
            organization.get("street-address"),
            network.get("updated-by"),
            updated,
            source,
        )
    )


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
