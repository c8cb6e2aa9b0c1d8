"""The one place that opens a query engine: DuckDB, embedded."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from mailscope.errors import StoreError, UsageError

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

# Nothing is fetched from the network, and no Python variable can be read by naming it in a query.
_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


def connect(url: str = "duckdb://") -> "ibis.BaseBackend":
    """An Ibis connection to the engine that `url` names; `duckdb://` is the embedded one, in memory."""
    if url != "duckdb://":
        raise UsageError(f"no engine for `{url}`", hint="only `duckdb://` is built in so far")
    import ibis  # 0.3 s: only for those who ask for expressions

    return ibis.duckdb.from_connection(duckdb.connect(config=_SAFE))


def add_parquet(connection: "ibis.BaseBackend", name: str, path: Path) -> "ibis.Table":
    """The Parquet file as a table of the connection, read where it lies."""
    return connection.read_parquet(str(path), table_name=name)


def add_parquet_files(connection: "ibis.BaseBackend", name: str, paths: "Sequence[str]") -> "ibis.Table":
    """Many Parquet files of one schema as one table of the connection; folders `KEY=VALUE` are columns."""
    return connection.read_parquet(list(paths), table_name=name, hive_partitioning=True)


def add_arrow(connection: "ibis.BaseBackend", name: str, table: "pa.Table") -> "ibis.Table":
    """The Arrow table as a table of the connection, without copying it."""
    connection.con.register(name, table)
    return connection.table(name)


def held(table: "ibis.Table", name: str) -> "ibis.Table":
    """The rows of an expression, worked out once and kept under that name as long as the connection lives.

    For what is asked several times. Engines other than the embedded one get the expression itself back.
    """
    import ibis

    connection = table.get_backend()
    if connection.name != "duckdb":
        return table
    # Spills to disk when it must, unlike rows in Arrow.
    connection.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {ibis.to_sql(table, dialect="duckdb")}')
    return connection.table(name)


def plain_rows(table: "ibis.Table") -> "list[dict[str, Any]]":
    """The rows of an expression as plain values; decimals as whole numbers or floats."""
    from decimal import Decimal

    def plain(value: "Any") -> "Any":
        if not isinstance(value, Decimal):
            return value
        return int(value) if value == value.to_integral_value() else float(value)

    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return [{name: plain(value) for name, value in row.items()} for row in rows]


_QUESTIONS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class Rows:
    """The result of a query: column names, and rows that can be walked once."""

    def __init__(self, result: Any) -> None:
        self._result = result
        self.columns: list[str] = [column[0] for column in result.description]

    def __iter__(self) -> "Rows":
        return self

    def __next__(self) -> tuple[Any, ...]:
        if (row := self._result.fetchone()) is None:
            raise StopIteration
        return tuple(row)

    def to_pyarrow(self) -> "pa.Table":
        """All remaining rows."""
        return self._result.to_arrow_table()


def query(files: Mapping[str, Path], sql: str) -> Rows:
    """The rows of one SELECT over Parquet files, each a view by its name.

    The query can read these files and nothing else: no other file, no network, no setting, no write.
    """
    connection = duckdb.connect(config=_SAFE)
    for name, path in files.items():
        connection.read_parquet(str(path)).create_view(name)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET temp_directory = ''")  # no spill files beside the user's own
    connection.execute(f"SET allowed_paths = [{', '.join(_literal(str(path)) for path in files.values())}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in (
            duckdb.StatementType.SELECT,
            duckdb.StatementType.EXPLAIN,
        ):
            raise StoreError(
                "only one SELECT (or EXPLAIN) can be asked at a time", hint="a case is never changed by SQL"
            )
        return Rows(connection.execute(statements[0]))
    except duckdb.Error as error:
        raise StoreError(_first_lines(error), hint="`mailscope schema` lists tables and columns") from error


def _first_lines(error: Exception) -> str:
    return str(error).split("\n\nLINE", 1)[0].strip()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
