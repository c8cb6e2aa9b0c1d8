"""Files that are there whole or not at all."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any


@contextmanager
def whole_file(path: Path) -> "Iterator[IO[str]]":
    """A text file that takes its name only when everything was written; on an error nothing is left.

    It is written beside its place, so that the last step is one rename in the same folder.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def made_folder(path: Path) -> "Iterator[Path]":
    """The folder, made with those above it; what was made is removed again when the block fails and left it empty."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    try:
        yield path
    except BaseException:
        with suppress(OSError):
            for folder in new:
                folder.rmdir()
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with whole_file(path) as file:
        file.write(text)


def write_json(path: Path, value: "Any") -> None:
    """Writes a JSON file for people as well as programs, whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n")
