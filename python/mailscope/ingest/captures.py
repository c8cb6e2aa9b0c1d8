"""Captures in, tables out: the functions of the core, with Python's paths and objects."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path

from mailscope import _core
from mailscope._core import Options
from mailscope.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard

    from mailscope.store.case import Case
    from mailscope.store.tables import ArrowStream, Tables

__all__ = ["Options", "Progress", "carve", "described", "read", "search", "version", "write_case"]

Progress = Callable[[int, int | None, int], None]
"""Called with bytes read, bytes in all (or None) and packets; what it raises stops the run."""

STANDARD_INPUT = "standard-input.capture"
"""The name of what came on standard input, where it is kept."""

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def version() -> str:
    """The core's version."""
    return _core.version()


def read(paths: Paths, options: Options | None = None, progress: Progress | None = None) -> "Tables":
    """The tables of one or several captures, merged by time, held in memory.

    For captures larger than memory use :func:`write_case`. `-` is standard input.
    """
    from mailscope.store.tables import Tables

    result = _core.read(_names(paths), options or Options(), progress)
    return Tables(result.tables, result.inputs)


def write_case(
    paths: Paths, folder: str | Path, options: Options | None = None, progress: Progress | None = None
) -> "Case":
    """The tables of captures as a case folder of Parquet files; memory stays bounded whatever their size."""
    from mailscope.store.case import TABLES_FOLDER, Case
    from mailscope.store.write import made_folder

    options = options or Options()
    folder = Path(folder)
    with made_folder(folder / TABLES_FOLDER) as tables:
        inputs = _core.write(_names(paths), str(tables), options, progress)
    return Case.create(
        folder,
        inputs,
        mailscope=version(),
        python=sys.version.split()[0],
        options=described(options),
        base=str(Path.cwd()),
    )


def search(
    paths: Paths,
    needles: Iterable[tuple[str, str, bytes]],
    near: Iterable[str] = (),
    options: Options | None = None,
    progress: Progress | None = None,
) -> "ArrowStream":
    """Where byte patterns occur in the captures' streams: table `sightings`.

    A needle is (id, form, pattern). Addresses in `near` are reported where an ASCII address differs
    from them in one octet.
    """
    return _core.search(_names(paths), list(needles), list(near), options or Options(), progress)


def carve(
    source: "Case | Paths", flows: Iterable[str], out: str | os.PathLike[str], options: Options | None = None
) -> int:
    """Writes the packets of these flows as pcapng; returns their number.

    The source is captures, or a case: then they are the captures it was made from.
    """
    flows = list(flows)
    if not flows:
        raise UsageError("no flow named", hint="flow ids are in the column `flow_id` of every table")
    names = capture_paths(source) if _is_case(source) else _names(source)
    out = Path(out)
    if out.exists() and any(Path(name).exists() and out.samefile(name) for name in names):
        raise UsageError(f"`{out}` is a capture that is read", hint="choose another name for the output")
    return _core.carve(names, flows, str(out), options or Options())


def described(options: Options) -> dict[str, object]:
    """The options by name, as :class:`Options` takes them."""
    names = [name for name in dir(options) if not name.startswith("_")]
    return {name: getattr(options, name) for name in names}


def _is_case(source: "Case | Paths") -> "TypeGuard[Case]":
    return hasattr(source, "manifest")


def spooled(paths: Paths, folder: Path) -> list[str]:
    """The captures, standard input and pipes replaced by copies in the folder: a search needs to read them twice."""
    return [_copied(name, folder, number) if _is_read_once(name) else name for number, name in enumerate(_names(paths))]


def _is_read_once(name: str) -> bool:
    path = Path(name)
    return name == "-" or path.is_fifo()


def _copied(name: str, folder: Path, number: int) -> str:
    import shutil

    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / (STANDARD_INPUT if name == "-" else f"pipe-{number}.capture")
    with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as source, copy.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    return str(copy)


def capture_paths(case: "Case") -> list[str]:
    """The captures that a case was made from, where they lie now."""
    base = Path(str(case.manifest.get("base", ".")))
    paths = [base / str(entry["path"]) for entry in case.inputs]
    for path in paths:
        if not path.exists():
            raise InputError(f"`{path}` is gone", hint="the case keeps tables, not packets: put the capture back")
    return [str(path) for path in paths]


def _names(paths: Paths) -> list[str]:
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    names = [os.fspath(path) for path in paths]
    if not names:
        raise UsageError("no capture given")
    return names
