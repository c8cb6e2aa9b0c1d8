"""Sources read by what they are: files and folders sniffed by their content, never by their name alone."""

import bz2
import gzip
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from mailscope.contacts.route import Gathered
from mailscope.contacts.sources import contact_table, delegated, mrt, netbox, router_text, rwhois_tree, snmp_text
from mailscope.errors import InputError

MAX_SOURCE_BYTES = 512 * 1024 * 1024
_SNMP = re.compile(
    r"^\s*\S*(?:(?:1\.3\.6\.1\.2\.1|mib-2)\.4\.2[14]\.|ip(?:Cidr)?Route[A-Z]|inetCidrRoute[A-Z])\S*\s*=", re.M
)


def gather(paths: list[Path]) -> Gathered:
    """Everything that files and folders tell.

    Raises:
        InputError: a path is not there, or none of them is a source that can be read.

    """
    gathered = Gathered()
    for path in paths:
        if path.is_dir():
            gathered.add(_folder(path))
        elif path.is_file():
            gathered.add(read_source(path))
        else:
            raise InputError(f"`{path}` is not there")
    if not gathered.routes and not gathered.contacts:
        raise InputError(
            "no routes and no contacts were found", hint="`mailscope registry --help` lists what can be imported"
        )
    return gathered


def _folder(folder: Path) -> Gathered:
    if rwhois_tree.is_tree(folder):
        return rwhois_tree.read(folder)
    gathered = Gathered()
    for path in sorted(folder.iterdir()):
        if path.is_file() and kind_of(_head(path)):
            gathered.add(read_source(path))
    return gathered


def read_source(path: Path) -> Gathered:
    """One file, by its kind."""
    if path.stat().st_size > MAX_SOURCE_BYTES:
        raise InputError(f"`{path}` is larger than {MAX_SOURCE_BYTES} bytes")
    head = _head(path)
    kind = kind_of(head)
    if kind is None:
        return Gathered(unread=[path.name])
    as_of = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return _READERS[kind](path, as_of)


def kind_of(head: bytes) -> str | None:
    """The kind of a source by its first bytes; None for what is no source."""
    if mrt.is_mrt(head):
        return "mrt"
    text = head.decode("utf-8", "replace")
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if _SNMP.search(text):
        return "snmp"
    if contact_table.is_contact_table(first):
        return "table"
    if delegated.is_delegated(first):
        return "delegated"
    if netbox.is_netbox(text):
        return "netbox"
    return "router" if router_text.looks_like_routes(text) else None


def _head(path: Path) -> bytes:
    with opened(path) as file:
        data: bytes = file.read(65536)
        return data


def opened(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """A file, unpacked where it is gzip or bzip2."""
    with path.open("rb") as file:
        magic = file.read(3)
    if magic[:2] == b"\x1f\x8b":
        return gzip.open(path)
    if magic == b"BZh":
        return bz2.open(path)
    return path.open("rb")


def lines_of(path: Path, limit: int = 20_000_000) -> list[str]:
    """The lines of a text source."""
    with opened(path) as file:
        return [line.decode("utf-8", "replace").rstrip("\r\n") for line in islice(file, limit)]


def _mrt(path: Path, _as_of: date) -> Gathered:
    with opened(path) as file:
        return mrt.read(file, path.name)


_READERS: dict[str, Callable[[Path, date], Gathered]] = {
    "snmp": lambda path, as_of: snmp_text.read(lines_of(path), path.name, as_of),
    "mrt": _mrt,
    "delegated": lambda path, _as_of: delegated.read(lines_of(path), path.name),
    "netbox": lambda path, _as_of: netbox.read("\n".join(lines_of(path)), path.name),
    "router": lambda path, as_of: router_text.read(lines_of(path), path.name, as_of),
    "table": lambda path, _as_of: contact_table.read(lines_of(path), path.name),
}
