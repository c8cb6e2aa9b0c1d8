"""The one place that opens a query engine: DuckDB, embedded, or a Spark cluster of the user's."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

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

_SPARK = {
    # As the embedded engine: a share of nothing is null, not an error; times are UTC.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
}

PARTITIONS_A_CORE = 4
"""Parts in which Spark shuffles unless its settings say so: a question is dozens of steps, and each part a task."""

_SPARK_OWN_PARTITIONS = "200"
_THREAD = threading.local()


def connect(
    url: str = "duckdb://",
    settings: Mapping[str, str] | None = None,
    *,
    memory: str | None = None,
    is_fused: bool = True,
) -> "ibis.BaseBackend":
    """An Ibis connection to the engine that `url` names; `duckdb://` is the embedded one, in memory.

    `spark://HOST:PORT` is a standalone cluster's master; `spark` the session there is, or the one that `spark-submit`
    describes. `settings` are Spark's own, for a session that is not there yet. Beyond `memory`, such as `1GB`, the
    embedded engine spills to disk. Without `is_fused`, what follows in this process leaves it to the engine to make
    one select of several: a third of the time of putting a question in words. UsageError: no such engine.
    """
    if not is_fused:
        import ibis

        ibis.options.sql.fuse_selects = False
    if url == "spark" or url.startswith("spark://"):
        return _spark(url, dict(settings or {}))
    if url != "duckdb://":
        raise UsageError(f"no engine for `{url}`", hint="`duckdb://` is built in; `spark://HOST:PORT` is a cluster")
    config = _SAFE | ({"memory_limit": memory} if memory else {})
    return _quiet(duckdb.connect(config=config))


@contextmanager
def in_a_thread(connection: "ibis.BaseBackend") -> "Iterator[None]":
    """What this thread asks meanwhile of the embedded engine is asked beside what another thread asks of it.

    Tables that are held, and Parquet files that were added, are the same for all threads; those of Arrow are not.
    """
    cursor = connection.con.cursor()
    _set(cursor)
    cursor.execute("SET TimeZone = 'UTC'")
    _THREAD.cursor = cursor
    try:
        yield
    finally:
        _THREAD.cursor = None
        cursor.close()


def _running(connection: "ibis.BaseBackend") -> "duckdb.DuckDBPyConnection":
    return getattr(_THREAD, "cursor", None) or connection.con


def _quiet(connection: "duckdb.DuckDBPyConnection") -> "ibis.BaseBackend":
    from mailscope.store import ibis_adapted

    ibis_adapted.name_compilers()
    import ibis  # 0.3 s: only for those who ask for expressions

    _set(connection)
    backend = ibis.duckdb.from_connection(connection)
    ibis_adapted.count_seconds_without_a_calendar(backend)
    return backend


def _set(connection: "duckdb.DuckDBPyConnection") -> None:
    # Without a script, as in a notebook, it would draw on standard output, where answers are expected.
    connection.execute("SET enable_progress_bar = false")
    # What a Parquet file says of its parts is read once, and again when the file has changed.
    connection.execute("SET parquet_metadata_cache = true")


def _spark(url: str, settings: dict[str, str]) -> "ibis.BaseBackend":
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("Spark is not installed", hint="pip install 'mailscope[spark]'; it needs Java 17") from None
    import ibis

    builder = SparkSession.builder.appName("mailscope")
    if url != "spark":
        builder = builder.master(url)
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    if session.conf.get("spark.sql.shuffle.partitions") == _SPARK_OWN_PARTITIONS:
        parts = PARTITIONS_A_CORE * int(session.sparkContext.defaultParallelism)
        session.conf.set("spark.sql.shuffle.partitions", str(parts))
    for name, value in _SPARK.items():
        session.conf.set(name, value)
    return ibis.pyspark.from_connection(session)


def is_spark(connection: "ibis.BaseBackend") -> bool:
    """Says whether the connection's engine is Spark: it has no unsigned numbers and starts jobs by the minute."""
    return bool(connection.name == "pyspark")


def reads_delta(connection: "ibis.BaseBackend") -> bool:
    """Says whether the engine opens Delta tables by itself: a Spark session with Delta's extension."""
    if not is_spark(connection):
        return False
    return "DeltaSparkSessionExtension" in (_session(connection).conf.get("spark.sql.extensions", "") or "")


def add_delta(connection: "ibis.BaseBackend", name: str, uri: str) -> "ibis.Table":
    """The Delta table as a table of the connection, as it is at this moment; for engines that `reads_delta`."""
    _session(connection).read.format("delta").load(uri).createOrReplaceTempView(name)
    return connection.table(name)


def cores(connection: "ibis.BaseBackend") -> int:
    """How many tasks a Spark cluster does at a time, as it counts now."""
    return int(_session(connection).sparkContext.defaultParallelism)


def spread(connection: "ibis.BaseBackend", rows: "Sequence[tuple[Any, ...]]", schema: str) -> "Any":
    """Rows dealt out to a cluster's machines, each a task of its own: a Spark data frame."""
    session = _session(connection)
    return session.createDataFrame(session.sparkContext.parallelize(rows, max(len(rows), 1)), schema)


def add_parquet(connection: "ibis.BaseBackend", name: str, path: Path) -> "ibis.Table":
    """The Parquet file as a table of the connection, read where it lies."""
    return connection.read_parquet(str(path), table_name=name)


def add_parquet_files(
    connection: "ibis.BaseBackend",
    name: str,
    paths: "Sequence[str]",
    folder: str | None = None,
    schema: "pa.Schema | None" = None,
) -> "ibis.Table":
    """Many Parquet files of one schema as one table of the connection; folders `KEY=VALUE` are columns.

    `folder` is where these folders begin, which Spark wants to know. Where the schema is told, with these columns, the
    files are first opened when something is asked of them.
    """
    if is_spark(connection):
        reader = _session(connection).read
        if folder is not None:
            reader = reader.option("basePath", folder)
        reader.parquet(*paths).createOrReplaceTempView(name)
        return connection.table(name)
    listed = ", ".join(map(_literal, paths))
    # Not a temporary one, as Ibis makes it, which other threads would not have.
    files = f"read_parquet([{listed}], hive_partitioning = true)"
    connection.con.execute(f'CREATE OR REPLACE VIEW "{name}" AS FROM {files}')
    if schema is None:
        return connection.table(name)
    import ibis
    from ibis.formats.pyarrow import PyArrowType

    # As the engine sees them: every column of a file may lack values.
    kinds = {field.name: PyArrowType.to_ibis(field.type) for field in schema}
    return _named(connection, name, ibis.schema(kinds))


def _session(connection: "ibis.BaseBackend") -> "Any":
    return connection._session  # Ibis has no public name for it


def add_arrow(connection: "ibis.BaseBackend", name: str, table: "pa.Table") -> "ibis.Table":
    """The Arrow table as a table of the connection; the embedded engine does not copy it."""
    if is_spark(connection):
        _session(connection).createDataFrame(table).createOrReplaceTempView(name)
        return connection.table(name)
    connection.con.register(name, table)
    return connection.table(name)


def held(table: "ibis.Table", name: str) -> "ibis.Table":
    """The rows of an expression, worked out once and kept under that name as long as the connection lives.

    For what is asked several times. Spark keeps them on its workers, in memory and then on disk.
    """
    import ibis

    connection = table.get_backend()
    if is_spark(connection):
        session = _session(connection)
        rows = session.sql(ibis.to_sql(table, dialect="pyspark")).persist()
        if session.catalog.tableExists(name):
            # What was held under the name before may be part of these rows: they are worked out before it goes.
            rows.count()
            session.catalog.uncacheTable(name)
        rows.createOrReplaceTempView(name)
        return connection.table(name)
    # Sums of whole numbers have 128 bits, which Ibis does not say; kept with half of them, later questions are quicker.
    whole = [column for column, kind in table.schema().items() if kind.is_int64()]
    narrower = ", ".join(f'CAST("{column}" AS BIGINT) AS "{column}"' for column in whole)
    columns = f"* REPLACE ({narrower})" if whole else "*"
    asked = connection.compile(table)
    # Spills to disk when it must, unlike rows in Arrow.
    _running(connection).execute(f'CREATE OR REPLACE TABLE "{name}" AS FROM ({asked}) SELECT {columns}')
    return _named(connection, name, table.schema())


def viewed(table: "ibis.Table", name: str) -> "ibis.Table":
    """The expression under that name, worked out whenever it is asked: where reading costs less than keeping."""
    connection = table.get_backend()
    if is_spark(connection):
        return held(table, name)
    _running(connection).execute(f'CREATE OR REPLACE VIEW "{name}" AS {connection.compile(table)}')
    return _named(connection, name, table.schema())


def _named(connection: "ibis.BaseBackend", name: str, schema: "ibis.Schema") -> "ibis.Table":
    """As `connection.table`, which asks for the columns, where they are known."""
    import ibis.expr.operations as ops

    return ops.DatabaseTable(name, schema=schema, source=connection, namespace=ops.Namespace()).to_expr()


def to_arrow(table: "ibis.Table") -> "pa.Table":
    """The rows of an expression as an Arrow table."""
    import ibis

    connection = table.get_backend()
    if is_spark(connection):
        # Ibis goes through pandas, which has no whole numbers with gaps.
        return _session(connection).sql(ibis.to_sql(table, dialect="pyspark")).toArrow()
    asked = connection.compile(table)
    return _told(_running(connection).sql(asked).to_arrow_table(), table.schema())


def _told(rows: "pa.Table", schema: "ibis.Schema") -> "pa.Table":
    """The rows with the types that Ibis says; its own last step imports pandas, a third of a second."""
    import pyarrow as pa
    from ibis.formats.pyarrow import PyArrowData

    columns = [
        pa.nulls(len(rows)) if kind.is_null() else PyArrowData.convert_column(rows[name], kind)
        for name, kind in schema.items()
    ]
    return pa.table(columns, names=list(schema.names))


def plain_rows(table: "ibis.Table") -> "list[dict[str, Any]]":
    """The rows of an expression as plain values; decimals as whole numbers or floats."""
    from decimal import Decimal

    def plain(value: "Any") -> "Any":
        if not isinstance(value, Decimal):
            return value
        return int(value) if value == value.to_integral_value() else float(value)

    return [{name: plain(value) for name, value in row.items()} for row in _listed(to_arrow(table))]


def _listed(rows: "pa.Table") -> "list[dict[str, Any]]":
    """As `to_pylist`, which for times with a zone imports pandas."""
    import pyarrow as pa

    zoned = pa.timestamp("us", "UTC")
    times = [field.name for field in rows.schema if field.type == zoned]
    kinds = [field.with_type(pa.timestamp("us")) if field.type == zoned else field for field in rows.schema]
    found: list[dict[str, Any]] = rows.cast(pa.schema(kinds)).to_pylist()
    for row in found if times else ():
        row.update((name, row[name] and row[name].replace(tzinfo=_UTC)) for name in times)
    return found


_UTC = ZoneInfo("UTC")
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


def query(files: Mapping[str, Sequence[str]], sql: str) -> Rows:
    """The rows of one SELECT over Parquet files, each a view by its name.

    The query can read these files and nothing else: no other file, no network, no setting, no write.
    """
    connection = duckdb.connect(config=_SAFE)
    for name, paths in files.items():
        connection.read_parquet(list(paths), hive_partitioning=False).create_view(name)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET temp_directory = ''")  # no spill files beside the user's own
    connection.execute(
        f"SET allowed_paths = [{', '.join(_literal(path) for paths in files.values() for path in paths)}]"
    )
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in _QUESTIONS:
            raise StoreError(
                "only one SELECT (or EXPLAIN) can be asked at a time", hint="a case is never changed by SQL"
            )
        return Rows(connection.execute(statements[0]))
    except duckdb.Error as error:
        raise StoreError(_first_lines(error), hint=_hint(error, files)) from error


def _first_lines(error: Exception) -> str:
    """What DuckDB says on one line, without the quoted query and without guesses at tables of its own."""
    lines = str(error).split("\n\nLINE", 1)[0].splitlines()
    return " ".join(line.strip() for line in lines if line and not line.startswith("Did you mean"))


def _hint(error: Exception, files: Mapping[str, object]) -> str:
    if isinstance(error, duckdb.CatalogException) and "Table with name" in str(error):
        return f"the tables are {', '.join(files)}"
    return "`mailscope schema` lists tables and columns"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
