"""Which addresses are ours, and which of them only pass mail on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from mailscope.errors import UsageError


@dataclass(frozen=True, slots=True)
class Networks:
    """Our own prefixes, and the relays in them whose `Received` lines are trusted."""

    own: tuple[IPv4Network | IPv6Network, ...] = ()
    relays: frozenset[str] = field(default_factory=frozenset)
    is_known: Callable[[str], bool] | None = None
    """Asked where no prefixes were given: whether the registry names a contact for an address."""

    @classmethod
    def of_text(cls, own: list[str], relays: list[str]) -> "Networks":
        """From the words of the command line.

        Raises:
            UsageError: one of them is no prefix or address.

        """
        try:
            prefixes = tuple(ip_network(text.strip(), strict=False) for text in own)
            return cls(prefixes, frozenset(str(ip_address(text.strip())) for text in relays))
        except ValueError as error:
            raise UsageError(f"not a network or address: {error}", hint="such as `--own 192.0.2.0/24`") from error

    def is_own(self, address: str) -> bool:
        """Whether an address is in our networks."""
        if self.own:
            return _is_in(self.own, address)
        return self.is_known(address) if self.is_known else False

    def is_relay(self, address: str) -> bool:
        """Whether an address is a relay of ours."""
        return address in self.relays


@lru_cache(maxsize=65536)
def _is_in(own: tuple[IPv4Network | IPv6Network, ...], address: str) -> bool:
    ip = ip_address(address)
    return any(ip in network for network in own)
