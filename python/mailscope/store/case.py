"""A case folder: the tables of one reading, what was read, and what was found.

CASE/case.json          what was read: inputs with hashes and outcomes, versions, options
CASE/tables/*.parquet   one file a table
CASE/findings.json      the answer, when there was an investigation
CASE/report.html        the same for people
"""

import json
from collections.abc import Mapping
from pathlib import Path

from mailscope.errors import StoreError
from mailscope.store.tables import Tables
from mailscope.store.write import write_json, write_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailscope.store.engine import Rows

MANIFEST = "case.json"
TABLES_FOLDER = "tables"
ANSWER = ("findings.json", "report.html")
FORMAT = 1
"""Version of the layout above; a case with a higher one is refused."""


class Case(Tables):
    """The tables of a case folder, by name, and what belongs to them."""

    def __init__(self, path: Path, manifest: "Mapping[str, Any]") -> None:
        self.path = path
        self.manifest = dict(manifest)
        folder = path / TABLES_FOLDER
        super().__init__({file.stem: file for file in sorted(folder.glob("*.parquet"))}, self.manifest["inputs"])

    @classmethod
    def open(cls, path: str | Path) -> "Case":
        """The case that lies in this folder."""
        path = Path(path)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise StoreError(
                f"`{path}` is no case folder", hint="`mailscope tables CAPTURE -o CASE` makes one"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"`{path / MANIFEST}` cannot be read: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("format") not in range(1, FORMAT + 1):
            raise StoreError(f"`{path}` was written by a newer Mailscope", hint="read it with that version")
        return cls(path, manifest)

    @classmethod
    def create(cls, path: str | Path, inputs: "list[dict[str, Any]]", **facts: object) -> "Case":
        """Makes the folder a case, once its tables have been written; `facts` are versions and options.

        An answer that lies there from before is removed: it was not found in these tables.
        """
        path = Path(path)
        for name in ANSWER:
            (path / name).unlink(missing_ok=True)
        write_json(path / MANIFEST, {"format": FORMAT, **facts, "inputs": inputs})
        return cls.open(path)

    def sql(self, query: str) -> "Rows":
        """The rows of one SELECT over the case's tables; nothing else can be reached from it."""
        from mailscope.store import engine

        files = {name: [str(table.path.resolve())] for name, table in self.items() if table.path is not None}
        if not files:
            raise StoreError(f"`{self.path}` has no Parquet tables", hint="make them with `--format parquet`")
        return engine.query(files, query)

    def write(self, name: str, text: str) -> Path:
        """Puts a file of that name into the case, whole or not at all."""
        write_text(self.path / name, text)
        return self.path / name

    def __repr__(self) -> str:
        return f"<mailscope case {self.path}, {len(self)} tables>"
