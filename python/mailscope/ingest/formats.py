"""Captures straight to NDJSON or CSV, with the memory of one batch."""

import tempfile
from pathlib import Path

from mailscope.ingest.captures import Options, Paths, Progress, write_case
from mailscope.store.case import TABLES_FOLDER, Case
from mailscope.store.formats import write_rows
from mailscope.store.write import whole_file


def write_case_as(format_: str, paths: Paths, folder: Path, options: Options, progress: Progress | None) -> Case:
    """Like `write_case`, with text files in place of Parquet; returns the manifest's case."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLES_FOLDER).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".parquet.", dir=folder) as draft:
        parquet = write_case(paths, draft, options, progress)
        for name, table in parquet.items():
            with whole_file(folder / TABLES_FOLDER / f"{name}.{format_}") as file:
                write_rows(format_, table.columns, table.rows(), file)
    facts = {key: value for key, value in parquet.manifest.items() if key not in ("format", "inputs")}
    return Case.create(folder, parquet.inputs, **facts)
