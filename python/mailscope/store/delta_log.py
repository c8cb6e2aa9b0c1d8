"""Which files a Delta table got since a version: the log's own words, for readers that take each record once.

A commit says of every file whether it changes data: files of an append do, those of a compaction do not
(Delta protocol, "Add File and Remove File", `dataChange`).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deltalake import DeltaTable


class Gap(Exception):  # noqa: N818 - not an error: the log no longer reaches back so far
    """A commit that is asked for is no longer in the log, or a file of it is gone."""


@dataclass(frozen=True)
class NewFile:
    """A file that came with records, and the version that it came with."""

    path: Path
    version: int
    records: int
    bytes: int
    hours: tuple[int, int] | None = None
    """First and last hour since 1970 in which records of it began, where the log tells it of all."""


def new_files(table: Path, after: int, upto: int) -> list[NewFile]:
    """Files that brought records after one version, up to another, in their order; without those forgotten since.

    Gap: the log does not reach back so far, or compaction and clean-up have removed a file meanwhile.
    """
    found: dict[str, NewFile] = {}
    for version in range(after + 1, upto + 1):
        for action in _actions(table, version):
            if (add := action.get("add")) and add["dataChange"]:
                told = json.loads(add.get("stats") or "{}")
                file = NewFile(
                    table / unquote(add["path"]), version, told.get("numRecords", 0), add["size"], _hours(told)
                )
                found[add["path"]] = file
            elif (gone := action.get("remove")) and gone["dataChange"]:
                found.pop(gone["path"], None)
    if any(not file.path.exists() for file in found.values()):
        raise Gap
    return list(found.values())


def _hours(told: dict[str, Any]) -> tuple[int, int] | None:
    """From what the log tells of a file's values."""
    edges = [told.get(name, {}).get("start") for name in ("minValues", "maxValues")]
    if None in edges or told.get("nullCount", {}).get("start") != 0:
        return None
    first, last = (int(datetime.fromisoformat(str(edge)).timestamp() // 3600) for edge in edges)
    return first, last


def _actions(table: Path, version: int) -> list[dict[str, Any]]:
    try:
        text = (table / "_delta_log" / f"{version:020}.json").read_text("utf-8")
    except FileNotFoundError:
        raise Gap from None
    return [json.loads(line) for line in text.splitlines() if line]


def data_files(table: "DeltaTable", filters: list[tuple[str, str, str]] | None = None) -> list[str]:
    """Where the table's Parquet files lie; of those in folders of this machine, their names as they are.

    deltalake writes the folder as a URL has it, `a%20b` for `a b`, and then no file is found there.
    """
    place = table.table_uri
    folder = place.removeprefix("file://")
    uris = table.file_uris(file_pruning_predicate=filters)
    if folder == place:
        return list(uris)
    return [unquote(folder) + uri.removeprefix(folder) if uri.startswith(folder) else uri for uri in uris]
