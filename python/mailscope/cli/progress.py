"""How far a run has come, on standard error of a terminal; nothing at all in a pipe."""

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """One line, rewritten: share, amount, rate, time left. Removed at the end."""

    def __init__(self, stream: "TextIO | None" = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._started = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()

    def __call__(self, done_bytes: int, total_bytes: int | None, packets: int) -> None:
        """What the core calls while it reads."""
        if self._shown:
            self._stream.write(_CLEAR_LINE + self.line(done_bytes, total_bytes, packets))
            self._stream.flush()

    def line(self, done_bytes: int, total_bytes: int | None, packets: int) -> str:
        """The line's text."""
        rate = done_bytes / max(time.monotonic() - self._started, 1e-3)
        text = f"{packets:,} packets, {size(done_bytes)}"
        if total_bytes:
            left = max(total_bytes - done_bytes, 0) / max(rate, 1.0)
            text = f"{100 * done_bytes // total_bytes:3d} %  {text} of {size(total_bytes)}, {left:.0f} s left"
        return f"{text}, {size(rate)}/s"


def size(count: float) -> str:
    """Bytes in decimal units, three figures at most: `1.9 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
