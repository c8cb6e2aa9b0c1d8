"""Captures straight to NDJSON or CSV, with the memory of one batch."""

import tempfile
from pathlib import Path

from mailscope.ingest.captures import Options, Paths, Progress, write_case
from mailscope.store.case import TABLES_FOLDER, Case
from mailscope.store.formats import write_rows
from mailscope.store.write import made_folder, whole_file


def write_case_as(format_: str, paths: Paths, folder: Path, options: Options, progress: Progress | None) -> Case:
    """Like `write_case`, with text files in place of Parquet; returns the manifest's case."""
    with (
        made_folder(folder / TABLES_FOLDER) as tables,
        tempfile.TemporaryDirectory(prefix=".parquet.", dir=folder) as draft,
    ):
        parquet = write_case(paths, draft, options, progress)
        for name, table in parquet.items():
            with whole_file(tables / f"{name}.{format_}") as file:
                write_rows(format_, table.columns, table.rows(), file)
            # Of an earlier reading into this folder: `show` and `sql` would take them for this one's.
            (tables / f"{name}.parquet").unlink(missing_ok=True)
    facts = {key: value for key, value in parquet.manifest.items() if key not in ("format", "inputs")}
    return Case.create(folder, parquet.inputs, **facts)
