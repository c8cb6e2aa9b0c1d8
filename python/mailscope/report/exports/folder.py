"""Writes an export into a folder: each file whole or not at all."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mailscope.report.exports import complaints, ecs, eve, misp, ocsf, spreadsheets, stix, suricata, zeek, zeek_files
from mailscope.report.exports.facts import Tables
from mailscope.report.exports.observed import observed
from mailscope.store.write import whole_file, write_text

SHAPES = {
    "zeek": "Zeek's logs as JSON: conn, smtp, http, ssl, pop3, imap",
    "zeek-tsv": "the same tab-separated",
    "eve": "Suricata's EVE: flow, smtp with email, http, tls",
    "ecs": "Elastic Common Schema, one document a mail",
    "ocsf": "OCSF 1.7 Email Activity (4009), one event a mail",
    "stix": "findings as a STIX 2.1 bundle",
    "misp": "findings as a MISP event",
    "csv": "findings, indicators, people and timeline for a spreadsheet",
    "suricata": "Suricata rules for the indicators of the findings",
    "xarf": "X-ARF v4 reports to the owners of the accused addresses",
    "arf": "the same as ARF mails (RFC 5965)",
}
"""What can be written, and what it is."""

OF_FINDINGS = ("stix", "misp", "csv", "suricata", "xarf", "arf")
"""Shapes that are made from a case's findings, not from its tables."""


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


def write_findings(
    answer: Mapping[str, Any], shape: str, folder: Path, product_version: str, reporter: tuple[str, str]
) -> Iterator[tuple[Path, int]]:
    """The shapes that are made from findings; yields each file with its number of objects."""
    folder.mkdir(parents=True, exist_ok=True)
    if shape == "csv":
        yield from spreadsheets.write(answer, folder)
    elif shape in ("xarf", "arf"):
        yield from complaints.write(answer, shape, folder, reporter)
    elif shape == "suricata":
        lines = list(suricata.rules(answer))
        write_text(folder / "mailscope.rules", "\n".join(lines) + "\n")
        yield folder / "mailscope.rules", len(lines) - 1
    else:
        text = (
            stix.bundle(answer, product_version) if shape == "stix" else json.dumps(misp.event(answer, product_version))
        )
        write_text(folder / f"{shape}.json", text + "\n")
        yield folder / f"{shape}.json", len(observed(answer))


def _zeek(tables: Tables, folder: Path, write_log: Callable[..., int]) -> Iterator[tuple[Path, int]]:
    for name, records in zeek.logs(tables):
        path = folder / f"{name}.log"
        with whole_file(path) as file:
            count = write_log(file, name, records)
        if count:
            yield path, count
        else:
            path.unlink()
