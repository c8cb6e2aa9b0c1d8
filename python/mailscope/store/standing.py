"""A store's tables asked as a case's are: rows, columns and SQL, over the files that Delta's logs list just now."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from mailscope.errors import StoreError
from mailscope.schema.tables import STORED
from mailscope.store.case import MANIFEST, Case

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailscope.store.engine import Rows


class StandingTable:
    """One table of a store, as it was when the store was opened."""

    def __init__(self, files: list[str]) -> None:
        self.files = files

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order; the day, by which files are laid out, is none of them."""
        import pyarrow.parquet as pq

        return list(pq.read_schema(self.files[0]).names)

    def __len__(self) -> int:
        import pyarrow.parquet as pq

        return sum(int(pq.read_metadata(file).num_rows) for file in self.files)


class StandingTables(Mapping[str, StandingTable]):
    """The tables of a local store of `sense`, `collect` or `maillog` that have rows, by name."""

    def __init__(self, path: str | Path) -> None:
        from mailscope.store.lake import Lake

        self.path = Path(path)
        files = {name: Lake(path, table=name).files() for name in STORED if (self.path / name / "_delta_log").is_dir()}
        self._tables = {name: StandingTable(found) for name, found in files.items() if found}

    def __getitem__(self, name: str) -> StandingTable:
        try:
            return self._tables[name]
        except KeyError:
            there = f"the tables are {', '.join(self._tables)}" if self._tables else "the store is still empty"
            raise StoreError(f"there is no table `{name}`", hint=there) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def table(self, name: str) -> StandingTable:
        """The table of that name."""
        return self[name]

    def sql(self, query: str) -> "Rows":
        """The rows of one SELECT over the store's tables; nothing else can be reached from it."""
        from mailscope.store import engine

        return engine.query({name: table.files for name, table in self.items()}, query)


def opened(path: str | Path) -> "Case | StandingTables":
    """The case or the store in this folder; StoreError when it is neither."""
    path = Path(path)
    if not (path / MANIFEST).exists() and any((path / name / "_delta_log").is_dir() for name in STORED):
        return StandingTables(path)
    return Case.open(path)
