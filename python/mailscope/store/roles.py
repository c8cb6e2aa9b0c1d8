"""What the owner says of hosts: ADDR is a mail-server, relay, newsletter or monitor. One small JSON file."""

import ipaddress
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from mailscope.errors import StoreError, UsageError
from mailscope.store.write import write_json

ROLES = ("mail-server", "relay", "newsletter", "monitor")
"""Roles that explain why a host sends mail to many servers."""

LIMIT = 100_000
"""Hosts at most in the file."""


def roles_file(given: Path | None = None) -> Path:
    """The file: given, else of the variable MAILSCOPE_ROLES, else in the user's configuration folder."""
    if given is not None:
        return given
    if named := os.environ.get("MAILSCOPE_ROLES"):
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "mailscope" / "roles.json"


def roles(file: Path) -> dict[str, str]:
    """Role by address; empty when there is no file."""
    return {address: entry["role"] for address, entry in _entries(file).items()}


def add_role(file: Path, address: str, role: str) -> None:
    """Notes the role of a host, in place of an earlier one."""
    if role not in ROLES:
        raise UsageError(f"`{role}` is no role", hint=f"the roles are {', '.join(ROLES)}")
    entries = _entries(file)
    if len(entries) >= LIMIT:
        raise StoreError(f"`{file}` has {LIMIT} hosts already")
    file.parent.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    write_json(file, {**entries, canonical(address): {"role": role, "since": moment}})


def remove_role(file: Path, address: str) -> bool:
    """Forgets a host's role; false when it had none."""
    entries = _entries(file)
    if entries.pop(canonical(address), None) is None:
        return False
    write_json(file, entries)
    return True


def canonical(address: str) -> str:
    """The address as tables write it."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        raise UsageError(f"`{address}` is no address", hint="an address looks like 192.0.2.7 or 2001:db8::7") from None


def _entries(file: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(address): {"role": str(entry["role"]), **entry} for address, entry in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StoreError(f"`{file}` cannot be read as roles: {error}") from error
