"""Routing tables walked from live routers by SNMP v2c or v3, from router to router along their next hops."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailscope.contacts.route import Gathered
from mailscope.contacts.sources import snmp_text
from mailscope.errors import InputError, UsageError

if TYPE_CHECKING:
    from gufo.snmp import User

TABLES = ("1.3.6.1.2.1.4.24.7.1.7", "1.3.6.1.2.1.4.24.4.1.1", "1.3.6.1.2.1.4.21.1.7", "1.3.6.1.2.1.4.21.1.11")
"""One column of each newer table, whose index is the route; next hop and mask of the old one."""
OWN_ADDRESSES = ("1.3.6.1.2.1.4.20.1.1", "1.3.6.1.2.1.4.34.1.3.1.4")
MAX_ROUTERS = 256
MAX_ROWS = 2_000_000
AUTHENTICATIONS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
PRIVACIES = ("des", "aes128", "aes192", "aes256")


@dataclass(frozen=True, slots=True)
class Access:
    """How routers are asked: a community (v2c), or a user with its keys (v3). Never printed, never stored."""

    community: str = ""
    user: str = ""
    authentication: str = "sha1"
    authentication_password: str = ""
    privacy: str = "aes128"
    privacy_password: str = ""
    port: int = 161
    timeout: float = 5.0

    def __repr__(self) -> str:
        return f"Access(port={self.port}, version={'3' if self.user else '2c'})"


Walk = Callable[[str, Access], "tuple[list[str], set[str]]"]


def gather(start: str, access: Access, depth: int = 0, walk: Walk | None = None) -> Gathered:
    """Routes of a router and, `depth` next hops far, of those behind it.

    A router has many addresses: one that was walked is known by all its own, so that a loop of routers ends.

    Raises:
        InputError: the first router does not answer.

    """
    ask = walk or walk_router
    gathered, known = Gathered(), set[str]()
    pending = deque([(start, 0)])
    count = 0
    while pending:
        address, level = pending.popleft()
        if address in known:
            continue
        if count >= MAX_ROUTERS:
            gathered.unread.append(f"more than {MAX_ROUTERS} routers; {address} was not asked")
            break
        known.add(address)
        count += 1
        try:
            lines, own = ask(address, access)
        except InputError as error:
            if address == start:
                raise
            gathered.unread.append(f"{address}: {error}")
            continue
        known |= own
        found = snmp_text.read(lines, address, datetime.now(UTC).date())
        gathered.add(found)
        if level < depth:
            hops = dict.fromkeys(route.next_hop for route in found.routes if route.next_hop)
            pending.extend((hop, level + 1) for hop in hops if hop not in known)
    return gathered


def walk_router(address: str, access: Access) -> tuple[list[str], set[str]]:
    """The lines of a walk as :mod:`snmp_text` reads them, and the router's own addresses.

    Raises:
        InputError: the router does not answer, or refuses.

    """
    from gufo.snmp import SnmpError, SnmpVersion
    from gufo.snmp.sync import SnmpSession

    options = {"user": _user(access)} if access.user else {"community": access.community, "version": SnmpVersion.v2c}
    lines: list[str] = []
    try:
        with SnmpSession(addr=address, port=access.port, timeout=access.timeout, **options) as session:
            if access.user:
                session.refresh()
            own = {_last_address(oid) for table in OWN_ADDRESSES for oid, _ in _rows(session.getbulk(table))}
            for table in TABLES:
                lines += [f"{oid} = x: {value}" for oid, value in _rows(session.getbulk(table))]
    except (SnmpError, TimeoutError, OSError, ConnectionError) as error:
        raise InputError(
            f"`{address}` gives no routing table: {type(error).__name__}", hint="check address, community or user"
        ) from error
    return lines, own


def _rows(found: Iterator[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    for number, row in enumerate(found):
        if number >= MAX_ROWS:
            return
        yield row


def _last_address(oid: str) -> str:
    return ".".join(oid.split(".")[-4:])


def _user(access: Access) -> "User":
    from gufo import snmp

    authentications = dict(
        zip(
            AUTHENTICATIONS,
            (snmp.Md5Key, snmp.Sha1Key, snmp.Sha224Key, snmp.Sha256Key, snmp.Sha384Key, snmp.Sha512Key),
            strict=True,
        )
    )
    privacies = dict(zip(PRIVACIES, (snmp.DesKey, snmp.Aes128Key, snmp.Aes192Key, snmp.Aes256Key), strict=True))
    if access.authentication not in authentications or access.privacy not in privacies:
        raise UsageError(f"unknown SNMP algorithm `{access.authentication}` or `{access.privacy}`")
    authentication = (
        authentications[access.authentication](access.authentication_password.encode())
        if access.authentication_password
        else None
    )
    privacy = privacies[access.privacy](access.privacy_password.encode()) if access.privacy_password else None
    return snmp.User(access.user, auth_key=authentication, priv_key=privacy)
