"""Writes an export into a folder: each file whole or not at all."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mailscope.report.exports import ecs, eve, ocsf, zeek, zeek_files
from mailscope.report.exports.facts import Tables
from mailscope.store.write import whole_file

SHAPES = {
    "zeek": "Zeek's logs as JSON: conn, smtp, http, ssl, pop3, imap",
    "zeek-tsv": "the same tab-separated",
    "eve": "Suricata's EVE: flow, smtp with email, http, tls",
    "ecs": "Elastic Common Schema, one document a mail",
    "ocsf": "OCSF 1.7 Email Activity (4009), one event a mail",
}
"""What can be written, and what it is."""


def write(tables: Tables, shape: str, folder: Path, product_version: str) -> Iterator[tuple[Path, int]]:
    """Writes the files; yields each with its number of records. A Zeek log without records is not written."""
    folder.mkdir(parents=True, exist_ok=True)
    if shape in ("zeek", "zeek-tsv"):
        yield from _zeek(tables, folder, zeek_files.write_tsv if shape == "zeek-tsv" else zeek_files.write_json)
        return
    makers: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
        "eve": lambda: eve.events(tables),
        "ecs": lambda: ecs.documents(tables),
        "ocsf": lambda: ocsf.events(tables, product_version),
    }
    path = folder / f"{shape}.json"
    count = 0
    with whole_file(path) as file:
        for record in makers[shape]():
            file.write(json.dumps(record, default=str) + "\n")
            count += 1
    yield path, count


def _zeek(tables: Tables, folder: Path, write_log: Callable[..., int]) -> Iterator[tuple[Path, int]]:
    for name, records in zeek.logs(tables):
        path = folder / f"{name}.log"
        with whole_file(path) as file:
            count = write_log(file, name, records)
        if count:
            yield path, count
        else:
            path.unlink()
