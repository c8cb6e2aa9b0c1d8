"""Contacts and prefixes as CSV: one row a next hop, a prefix, or both.

Column names are matched by their words (`admin_contact`, `Admin Contact` and `admin-contact` are one).
"""

import csv
import re
from collections.abc import Iterable
from datetime import date
from ipaddress import ip_address, ip_network

from mailscope.contacts.route import Contact, Gathered, Route

_NAMES = {
    "next_hop": ("nexthop", "gateway", "router", "connectedvia"),
    "prefix": ("prefix", "network", "cidr", "ipnetwork", "subnet", "route", "net"),
    "destination": ("dest", "destination"),
    "mask": ("netmask", "mask"),
    "organization": (
        "organization",
        "organisation",
        "org",
        "orgname",
        "customer",
        "name",
        "description",
        "unit",
        "site",
    ),
    "admin_contact": ("admincontact", "contact", "person", "admin", "responsible", "contactname"),
    "email": ("email", "mail", "abusemailbox", "abuse", "abuseemail", "emailaddress", "contactemail"),
    "tel": ("tel", "phone", "telephone"),
    "address": ("address", "postaladdress", "street"),
    "updated_by": ("updatedby", "changedby"),
    "updated": ("updated", "lastupdated", "changed", "date", "lastmodified"),
    "key": ("handle", "id", "key"),
}
COLUMNS = frozenset(word for words in _NAMES.values() for word in words)


def read(lines: Iterable[str], source: str) -> Gathered:
    """Contacts by next hop or prefix; rows that cannot be read are named in `unread`."""
    gathered = Gathered()
    text = list(lines)
    delimiter = max(",;\t|", key=(text[0] if text else "").count)
    reader = csv.reader(text, delimiter=delimiter)
    heading = [_plain(cell) for cell in next(reader, [])]
    columns = {
        name: next((heading.index(word) for word in words if word in heading), None) for name, words in _NAMES.items()
    }
    for number, row in enumerate(reader, start=2):
        values = {name: _cell(row, column) for name, column in columns.items()}
        if any(values.values()) and not _take(values, source, gathered):
            gathered.unread.append(f"{source}, row {number}")
    return gathered


def is_contact_table(first_line: str) -> bool:
    """Whether a heading is one of contacts or prefixes."""
    delimiter = max(",;\t|", key=first_line.count)
    words = {_plain(cell) for cell in first_line.split(delimiter)}
    keys = {*_NAMES["next_hop"], *_NAMES["prefix"], *_NAMES["destination"]}
    return len(words) > 1 and bool(words & keys) and len(words & COLUMNS) >= 2


def _take(values: dict[str, str | None], source: str, gathered: Gathered) -> bool:
    hop, prefix = values["next_hop"], values["prefix"]
    if values["destination"] and values["mask"]:
        prefix = f"{values['destination']}/{values['mask']}"
    try:
        network = ip_network(prefix, strict=False) if prefix else None
        key = str(ip_address(hop)) if hop else values["key"] or (str(network) if network else "")
    except ValueError:
        return False
    if not key:
        return False
    updated = _day(values["updated"])
    has_contact = any(values[name] for name in ("organization", "admin_contact", "email"))
    if has_contact:
        gathered.contacts.append(
            Contact(
                key,
                values["organization"],
                values["admin_contact"],
                values["email"],
                values["tel"],
                values["address"],
                values["updated_by"],
                updated,
                source,
            )
        )
    if network:
        gathered.routes.append(Route(network, key, source, "table", updated))
    return True


def _plain(cell: str) -> str:
    return re.sub(r"[^a-z]", "", cell.lower().lstrip("\ufeff"))


def _cell(row: list[str], column: int | None) -> str | None:
    return row[column].strip() or None if column is not None and column < len(row) else None


def _day(text: str | None) -> date | None:
    digits = re.sub(r"\D", "", text or "")[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None
