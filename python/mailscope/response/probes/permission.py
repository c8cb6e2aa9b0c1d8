"""Who may be probed: only hosts of the registered own networks, slowly, and never in silence."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence

from mailscope.errors import UsageError
from mailscope.response.plan import Network

PAUSE_S = 1.0
"""Between two connections to one host."""

NAME = "mailscope-probe"
"""What a probe calls itself in HELO and Subject."""


def allowed(host: str, own: Sequence[Network]) -> str:
    """The host's address in canonical form; UsageError when it is no address of an own network.

    A name is refused: it could point anywhere by the time it is asked for.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(f"`{host[:80]}` is no address", hint="give the address itself, not a name") from None
    if not any(address.version == prefix.version and address in prefix for prefix in own):
        raise UsageError(
            f"{address} is not in your own networks", hint="list them under [network] own; others are never probed"
        )
    return str(address)


class Pace:
    """Waits so that no two connections come closer than `pause_s`."""

    def __init__(
        self,
        pause_s: float = PAUSE_S,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pause_s, self.sleep, self.clock = pause_s, sleep, clock
        self._last: float | None = None

    def wait(self) -> None:
        """Until the next connection may be opened."""
        now = self.clock()
        if self._last is not None and now - self._last < self.pause_s:
            self.sleep(self.pause_s - (now - self._last))
        self._last = self.clock()
