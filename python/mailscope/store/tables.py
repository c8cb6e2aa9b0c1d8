"""Tables by name, in memory or in Parquet files, for pyarrow, Ibis and plain Python."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from mailscope.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    import ibis
    import pyarrow as pa

    from mailscope.schema.column import Record

    class ArrowStream(Protocol):
        """Whatever hands out Arrow record batches through the PyCapsule interface."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            """The capsule of an `ArrowArrayStream`."""


class Table:
    """One table: a Parquet file, or an Arrow stream from the core, read when first asked for."""

    def __init__(self, name: str, source: "Path | ArrowStream", owner: "Tables") -> None:
        self.name = name
        self._source = source
        self._owner = owner

    @property
    def path(self) -> Path | None:
        """The Parquet file, when there is one."""
        return self._source if isinstance(self._source, Path) else None

    @cached_property
    def _arrow(self) -> "pa.Table":
        import pyarrow as pa

        return pa.table(self._source)

    def to_pyarrow(self) -> "pa.Table":
        """The whole table in memory."""
        if self.path is None:
            return self._arrow
        import pyarrow.parquet as pq

        return pq.read_table(self.path)

    def to_ibis(self) -> "ibis.Table":
        """The table as an Ibis expression, evaluated where the data lies."""
        return self._owner.to_ibis(self.name)

    def records(self) -> "Iterator[Record]":
        """The rows as typed records, batch by batch."""
        from mailscope.schema.tables import TABLES

        table = TABLES[self.name]
        for batch in self._batches():
            columns = [batch.column(column.name).to_pylist() for column in table.columns]
            yield from map(table.record, *columns)

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        if self.path is None:
            return list(self._arrow.column_names)
        import pyarrow.parquet as pq

        return list(pq.read_schema(self.path).names)

    def rows(self) -> "Iterator[tuple[Any, ...]]":
        """The rows as plain tuples in the order of `columns`, batch by batch."""
        for batch in self._batches():
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def _batches(self) -> "Iterator[pa.RecordBatch]":
        if self.path is None:
            yield from self._arrow.to_batches()
            return
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            yield from file.iter_batches()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_pyarrow().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        if self.path is None:
            return int(self._arrow.num_rows)
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.path).num_rows)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<mailscope table {self.name}, {len(self):,} rows>"


class Tables(Mapping[str, Table]):
    """All tables of one reading, by name; `inputs` says what was read, and how far."""

    def __init__(self, sources: "Mapping[str, Path | ArrowStream]", inputs: "list[dict[str, Any]]") -> None:
        self.inputs = inputs
        self._tables = {name: Table(name, source, self) for name, source in sources.items()}
        self._known_to_ibis: dict[str, ibis.Table] = {}

    def __getitem__(self, name: str) -> Table:
        try:
            return self._tables[name]
        except KeyError:
            raise StoreError(f"there is no table `{name}`", hint=f"the tables are {', '.join(self._tables)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __len__(self) -> int:
        return len(self._tables)

    def table(self, name: str) -> Table:
        """The table of that name."""
        return self[name]

    @cached_property
    def connection(self) -> "ibis.BaseBackend":
        """The Ibis connection in which these tables are expressions."""
        from mailscope.store import engine

        return engine.connect()

    def to_ibis(self, name: str) -> "ibis.Table":
        """The table of that name as an Ibis expression; all of one reading share a connection."""
        if name not in self._known_to_ibis:
            from mailscope.store import engine

            table = self[name]
            if table.path is not None:
                self._known_to_ibis[name] = engine.add_parquet(self.connection, name, table.path)
            else:
                self._known_to_ibis[name] = engine.add_arrow(self.connection, name, table.to_pyarrow())
        return self._known_to_ibis[name]
