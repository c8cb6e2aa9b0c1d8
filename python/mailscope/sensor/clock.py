"""Steps of the clock that stamps the packets."""

import time
from collections.abc import Callable

STEP_S = 2.0
"""A clock that moves by more at once was set; less is slewing, or the machine was busy."""


class ClockWatch:
    """Notices that the clock was set, by the clock itself and by the packets' times."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()
        self._ahead = 0.0

    def step(self, last_us: int | None = None, back_us: int = 0) -> float | None:
        """By how many seconds the clock moved since the last call, if it was set.

        `last_us` and `back_us` are of the packets since then: the newest time, and the furthest that a packet's
        time lies before the one before it. Packets from a clock that was set come before we see our own clock move,
        or from a card's clock that we do not see.
        """
        offset = self._wall() - self._steady()
        moved, self._offset = offset - self._offset, offset
        ahead = max(0.0, last_us / 1e6 - self._wall()) if last_us is not None else self._ahead
        jumped, self._ahead = ahead - self._ahead, ahead
        if abs(moved) > STEP_S:
            return moved
        if back_us / 1e6 > STEP_S:
            return -back_us / 1e6
        return jumped if jumped > STEP_S else None
