"""A text file of one entry a line that another program reads: never half-written, never two writers at once."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def lines_of(path: Path) -> list[str]:
    """The file's lines without comments; an absent file has none."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line.strip() and not line.startswith(("#", ";"))]


def change(path: Path, changed: Callable[[list[str]], list[str]], head: str = "") -> bool:
    """Replaces the lines by `changed(lines)` in one step; returns whether anything differs."""
    with _locked(path):
        before = lines_of(path)
        after = changed(list(before))
        if after == before and path.exists():
            return False
        write(path, head + "".join(f"{line}\n" for line in after))
        return True


def write(path: Path, text: str) -> None:
    """The text under its final name only when all of it is on disk."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with (path.parent / f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
