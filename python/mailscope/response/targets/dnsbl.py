"""A DNS blocklist (RFC 5782) as a zone file: mail servers that ask it refuse the address."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path

from mailscope.errors import UsageError
from mailscope.response.plan import Plan
from mailscope.response.state_file import change, lines_of

TEST_ENTRIES = ("2.0.0.127 IN A 127.0.0.2", '2.0.0.127 IN TXT "test entry (RFC 5782, section 5)"')
LARGEST = 256
"""Addresses of one plan: each has a name of its own in the zone."""


class DnsblZone:
    """The zone file of `origin`; the name server is told to reload by its own means (`rndc reload`)."""

    name = "dnsbl"
    scopes = ("mail",)

    def __init__(self, file: Path, origin: str, name_server: str) -> None:
        self.file, self.origin, self.name_server = file, origin.rstrip("."), name_server.rstrip(".")

    def commands(self, plan: Plan) -> list[str]:
        """The records."""
        return [f"{self.file}: + {line}" for line in self._records(plan)]

    def apply(self, plan: Plan) -> str:
        """Adds the records and raises the zone's serial."""
        records = self._records(plan)
        new = change(self.file, lambda lines: self._zone([*lines, *records]))
        return f"{len(records)} records" if new else "was listed"

    def undo(self, plan: Plan) -> str:
        """Removes the records and raises the zone's serial."""
        if not self.is_applied(plan):
            return "was not listed"
        records = set(self._records(plan))
        change(self.file, lambda lines: self._zone([line for line in lines if line not in records]))
        return f"{len(records)} records removed"

    def is_applied(self, plan: Plan) -> bool:
        """Whether all records stand in the zone."""
        return set(self._records(plan)) <= set(lines_of(self.file))

    def _records(self, plan: Plan) -> list[str]:
        if plan.prefix.num_addresses > LARGEST:
            raise UsageError(f"{plan.prefix} has more than {LARGEST} addresses", hint="list it in parts")
        return [f"{_reversed(address)} IN A 127.0.0.2" for address in plan.prefix]

    def _zone(self, lines: list[str]) -> list[str]:
        """The lines below a head with a new serial; every record once."""
        records = [line for line in lines if not line.startswith(("$", "@")) and line not in TEST_ENTRIES]
        serial = max(int(time.time()), _serial(lines) + 1)
        soa = f"@ IN SOA {self.name_server}. hostmaster.{self.origin}. {serial} 600 300 86400 300"
        head = [f"$ORIGIN {self.origin}.", "$TTL 300", soa, f"@ IN NS {self.name_server}.", *TEST_ENTRIES]
        return head + list(dict.fromkeys(records))


def _serial(lines: list[str]) -> int:
    for line in lines:
        if " SOA " in line:
            return int(line.split()[5])
    return 0


def _reversed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The name in the zone: octets or nibbles backwards (RFC 5782, sections 2.1 and 2.4)."""
    return address.reverse_pointer.rpartition(".in-addr.arpa")[0] or address.reverse_pointer.rpartition(".ip6.arpa")[0]
