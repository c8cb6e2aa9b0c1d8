"""Rows of months in one Delta table, flow records first, partitioned by day: a folder, or the URL of an object store.

Writers append whole batches; readers see all of a batch or nothing of it, while others write. A batch is
acknowledged when :meth:`Lake.append` returns: its file and then its entry in the table's log are there, so a writer
killed at any moment leaves at most files that no entry names, which :meth:`Lake.prune` removes. A batch is named by
its writer (`app`) and number, and the table remembers the last number of each: a batch that is appended again,
because its writer did not hear that it was stored, is stored once. (What the disk's own cache loses with its power
is not in this promise.)

Beside the records lie hourly sums of them (`store/hourly_sums.py`), for a local folder and where their kinds are given.

Delta has no unsigned numbers: columns are stored one size wider (`u16` as 32 bits), hashes of 64 bits as signed
numbers of the same bits, and text without dictionaries.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zlib import crc32

from mailscope.errors import StoreError, UsageError
from mailscope.schema.tables import STORED
from mailscope.store.delta_log import data_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ibis
    import pyarrow as pa
    from deltalake import DeltaTable

    from mailscope.store.delta_log import NewFile
    from mailscope.store.flow_hours import FlowHours
    from mailscope.store.hourly_sums import HourlySums, Made

TABLE, MAIL_LOG = "flow_records", "mail_log"
TIMES = {MAIL_LOG: "time"}
"""By whose day (UTC) a table is partitioned, where it is not `start`; a row without a time stands on 1970-01-01."""
DAY = "day"
FILE_BYTES = 256 << 20
"""What compaction makes of small files."""
CHECKPOINT_COMMITS = 50
"""The log is summed up so often, so that opening the table stays cheap."""

SPAN_SLACK_US = 1000
"""Microseconds by which the log's times of a file may be beside those of its records."""


class Lake:
    """One table of a store: flow records, mail logs, or what a sensor decodes."""

    def __init__(
        self,
        place: str | Path,
        storage_options: Mapping[str, str] | None = None,
        *,
        table: str = TABLE,
        sums: "Mapping[str, Made] | None" = None,
    ) -> None:
        """Names the store, whose table the first append makes.

        Credentials of an object store come from its own environment variables or from `storage_options`. `sums` are
        the kinds of hourly sums that folding makes.
        """
        text = str(place)
        self.name = table
        self.is_local = "://" not in text
        self.uri = str(Path(text).absolute() / table) if self.is_local else f"{text.rstrip('/')}/{table}"
        self._options = dict(storage_options or {}) or None
        self._table: DeltaTable | None = None
        self._sums = dict(sums or {}) if self.is_local else {}

    @property
    def exists(self) -> bool:
        """Says whether there is a table."""
        from deltalake import DeltaTable

        return self._table is not None or DeltaTable.is_deltatable(self.uri, self._options)

    def append(self, records: "pa.Table", *, app: str, number: int) -> bool:
        """Stores a batch; False when this writer's batch of this number, or a later one, is stored already.

        StoreError: it is not stored, and may be appended again.
        """
        from deltalake import CommitProperties, Transaction, write_deltalake

        try:
            if not self.exists:
                self._create()
                self.fold()  # of nothing: from now on they only go on
            table = self._open()
            if self.last(app) >= number:
                return False
            said = CommitProperties(app_transactions=[Transaction(app, number, _now_ms())])
            write_deltalake(table, stored(records, self.name), mode="append", commit_properties=said)
            if table.version() % CHECKPOINT_COMMITS == 0:
                table.create_checkpoint()
        except (OSError, _delta_error()) as cause:
            self._table = None  # what it knows may be half of a failed commit
            raise StoreError(f"`{self.uri}`: the batch is not stored: {_first_line(cause)}") from cause
        return True

    def files(self) -> list[str]:
        """The Parquet files that hold the table just now; StoreError when there is no table."""
        return data_files(self._fresh())

    def last(self, app: str) -> int:
        """The number of the last batch stored for this writer; -1 when there is none."""
        if not self.exists:
            return -1
        table = self._open()
        table.update_incremental()
        found = table.transaction_version(app)
        return -1 if found is None else int(found)

    def to_ibis(self, connection: "ibis.BaseBackend", *, since: datetime | None = None) -> "ibis.Table":
        """The records as an expression over the files of this moment; `since` leaves whole days out.

        A cluster's machines must reach the files under the same name as this one.
        """
        from mailscope.store import engine

        table = self._fresh()
        # Two stores may be asked together.
        name = f"{self.name}_{crc32(self.uri.encode()):08x}"
        filters = [(DAY, ">=", since.astimezone(UTC).date().isoformat())] if since else None
        files = data_files(table, filters)
        if engine.reads_delta(connection):
            records = engine.add_delta(connection, name, self.uri)
            records = records.filter(records[DAY] >= since.astimezone(UTC).date()) if since else records
        elif files and (self.is_local or engine.is_spark(connection)):
            records = engine.add_parquet_files(connection, name, files, self.uri, _stored_schema(self.name))
        elif not files:
            records = engine.add_arrow(connection, name, _stored_schema(self.name).empty_table())
        else:
            dataset = table.to_pyarrow_dataset(file_pruning_predicate=filters)
            records = engine.add_arrow(connection, name, dataset)
        return records.select(*[column.name for column in STORED[self.name].columns])

    def hours(self, connection: "ibis.BaseBackend", names: "Mapping[str, Made]") -> "FlowHours":
        """The records of this moment, with those kinds of sums that there are."""
        from mailscope.store.engine import add_parquet_files, is_spark
        from mailscope.store.flow_hours import FlowHours, Part
        from mailscope.store.hourly_sums import HourlySums

        columns = [column.name for column in STORED[TABLE].columns]
        records, info, parts = self.to_ibis(connection), self.info(), {}
        folder, version = Path(self.uri), info["version"]
        for name, made in names.items() if self.is_local else ():
            kind = HourlySums(folder, name, made)
            kind.look()
            reach = kind.reach(version)
            if reach is None:
                continue
            sums = kind.read(connection, info["first_day"])
            rest = [str(file.path) for file in reach.rest]
            told = records.limit(0)
            if rest:
                schema = _stored_schema(TABLE)
                told = add_parquet_files(connection, f"rest_{name}", rest, schema=schema).select(*columns)
            parts[name] = Part(told, sums, not rest, kind.same(), kind.doubled(reach.rest))
        # Files are the same for all threads; what is read of an object store is not.
        is_shared = self.is_local and bool(info["files"]) and not is_spark(connection)
        return FlowHours(records, parts, self._span(), info["records"], is_shared)

    def fold(self, most: int | None = None, *, again: bool = False) -> dict[str, int]:
        """Sums the records that are in no sums yet; records summed, by kind.

        With `most`, about so many, and none where that would not do for a beginning: an old store's are begun without.
        With `again`, all, from the beginning: what an earlier version summed then lies as this one reads it best.
        """
        if not self._sums:
            return {}
        table = self._fresh()
        try:
            upto = table.version()
            return {k.name: k.fold(upto, lambda: self._files(table), most, again=again) for k in self._kinds()}
        except (OSError, _delta_error()) as cause:
            raise StoreError(f"`{self.uri}`: hourly sums are not stored: {_first_line(cause)}") from cause

    def info(self) -> dict[str, Any]:
        """Version, files, bytes, rows, days: what the table's log says."""
        table = self._fresh()
        files = _files_of(table)
        days = sorted({str(day) for day in files[f"partition.{DAY}"].to_pylist()}) if len(files) else []
        return {
            "uri": self.uri,
            "version": table.version(),
            "files": len(files),
            "bytes": sum(files["size_bytes"].to_pylist()),
            "records": sum(files["num_records"].to_pylist()),
            "days": len(days),
            "first_day": days[0] if days else None,
            "last_day": days[-1] if days else None,
            **self._summed(table.version()),
        }

    def compact(self) -> dict[str, Any]:
        """Joins small files into large ones, day by day; readers of the old ones are not disturbed."""
        table = self._fresh()
        try:
            done = table.optimize.compact(target_size=FILE_BYTES, max_concurrent_tasks=1)
            table.create_checkpoint()
            for kind in self._kinds():
                kind.compact()
        except (OSError, _delta_error()) as cause:
            raise StoreError(f"`{self.uri}`: {_first_line(cause)}") from cause
        return {"files_before": done["numFilesRemoved"], "files_after": done["numFilesAdded"]}

    def prune(
        self, *, keep_days: int | None = None, grace_hours: int = 24, now: datetime | None = None
    ) -> dict[str, Any]:
        """Forgets days older than `keep_days`, and removes files that no version of the last `grace_hours` needs."""
        if keep_days is not None and keep_days < 1:
            raise UsageError("at least one day is kept")
        table, forgotten, oldest = self._fresh(), 0, None
        try:
            if keep_days is not None:
                oldest = ((now or datetime.now(UTC)) - timedelta(days=keep_days)).date().isoformat()
                forgotten = table.delete(f"{DAY} < '{oldest}'")["num_removed_files"]
            removed = table.vacuum(grace_hours, dry_run=False, enforce_retention_duration=False, full=True)
            table.cleanup_metadata()
            for kind in self._kinds():
                kind.prune(oldest, grace_hours)
        except (OSError, _delta_error()) as cause:
            raise StoreError(f"`{self.uri}`: {_first_line(cause)}") from cause
        return {"files_forgotten": forgotten, "files_removed": len(removed)}

    def _kinds(self) -> "list[HourlySums]":
        from mailscope.store.hourly_sums import HourlySums

        return [HourlySums(Path(self.uri), name, made) for name, made in self._sums.items()]

    def _summed(self, version: int) -> dict[str, Any]:
        """Records that some kind of hourly sums does not hold yet; None where one holds nothing."""
        if not self._sums:
            return {}
        reached = [kind.reach(version) for kind in self._kinds()]
        waiting = [sum(file.records for file in reach.rest) for reach in reached if reach]
        return {"unsummed_records": max(waiting) if len(waiting) == len(reached) else None}

    def _files(self, table: "DeltaTable") -> "list[NewFile]":
        """All files of the table, as if they came with its version."""
        from mailscope.store.delta_log import NewFile

        files = _files_of(table).select(["path", "num_records", "size_bytes"]).to_pylist()
        folder, version = Path(self.uri), table.version()
        return [NewFile(folder / unquote(f["path"]), version, f["num_records"], f["size_bytes"]) for f in files]

    def _span(self) -> tuple[datetime, datetime] | None:
        """First and last start. The log tells them by the millisecond: the files that may hold them tell the rest."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self.is_local or self._table is None:
            return None
        files = _files_of(self._table)
        if not {"min.start", "max.start"} <= set(files.column_names):
            return None
        edges_of = [files[name] for name in ("min.start", "max.start")]
        if not len(files) or any(edge.null_count or edge.type != pa.timestamp("us", "UTC") for edge in edges_of):
            return None
        # As numbers: pyarrow imports pandas, a quarter of a second, to give times as Python's; a cast loads much, too.
        begun, ended = (edge.combine_chunks().view(pa.int64()) for edge in edges_of)
        paths, begins, ends = files["path"].to_pylist(), begun.to_pylist(), ended.to_pylist()
        first, last = min(begins) + SPAN_SLACK_US, max(ends) - SPAN_SLACK_US
        times = zip(paths, begins, ends, strict=True)
        edges = [path for path, begin, end in times if begin <= first or end >= last]
        found = []
        for path in edges:
            told = pq.ParquetFile(Path(self.uri) / unquote(path)).metadata
            place = told.schema.names.index("start")
            found += [told.row_group(group).column(place).statistics for group in range(told.num_row_groups)]
        if any(one is None or not one.has_min_max for one in found):
            return None
        spanned = min(one.min_raw for one in found), max(one.max_raw for one in found)
        return _utc(spanned[0]), _utc(spanned[1])

    def _create(self) -> None:
        from deltalake import DeltaTable

        DeltaTable.create(
            self.uri,
            schema=_stored_schema(self.name),
            mode="ignore",
            partition_by=[DAY],
            name=self.name,
            storage_options=self._options,
            configuration={"delta.logRetentionDuration": "interval 2 days"},
        )

    def _open(self) -> "DeltaTable":
        from deltalake import DeltaTable

        if self._table is None:
            self._table = DeltaTable(self.uri, storage_options=self._options)
        return self._table

    def _fresh(self) -> "DeltaTable":
        """The table as it is now; StoreError when there is none."""
        if not self.exists:
            maker = "`mailscope maillog --store`" if self.name == MAIL_LOG else "`mailscope collect` or `sense`"
            what = self.name.replace("_", " ")
            raise StoreError(f"there is no store of {what} at `{self.uri}`", hint=f"{maker} makes one")
        self._table = None
        return self._open()


def lakes_of(stores: Iterable[str | Path], table: str) -> list[Lake]:
    """That table of these stores, of those that have any."""
    lakes = [Lake(place, table=table) for place in stores]
    return [lake for lake in lakes if lake.exists]


def _utc(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def stored(records: "pa.Table", table: str = TABLE) -> "pa.Table":
    """The rows with Delta's types, and the day that each starts on (UTC)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    schema = _stored_schema(table)
    time = pc.cast(records[TIMES.get(table, "start")], pa.int64())
    naive = pc.cast(pc.fill_null(time, 0), pa.timestamp("us"))
    days = pc.cast(pc.floor_temporal(naive, unit="day"), pa.date32())
    columns = [records[name].cast(schema.field(name).type, safe=False) for name in schema.names if name != DAY]
    return pa.Table.from_arrays([*columns, days], schema=schema)


def _stored_schema(table: str) -> "pa.Schema":
    import pyarrow as pa

    columns = [pa.field(column.name, _stored_type(column.type), column.nullable) for column in STORED[table].columns]
    return pa.schema([*columns, pa.field(DAY, pa.date32())])


def _stored_type(name: str) -> "pa.DataType":
    """Delta's type for one of ours."""
    import pyarrow as pa

    if name.startswith("list<"):
        return pa.list_(_stored_type(name[5:-1].rstrip("?")))
    types = {"text": pa.string(), "u8": pa.int16(), "u16": pa.int32(), "u32": pa.int64(), "u64": pa.int64()}
    types |= {"bool": pa.bool_(), "bytes": pa.binary(), "f64": pa.float64()}
    types |= {"timestamp[us, UTC]": pa.timestamp("us", "UTC")}
    return types[name]


def _files_of(table: "DeltaTable") -> "pa.Table":
    """The log's entries of the files there are."""
    import pyarrow as pa

    # `pa.table` would first load pandas, where it is installed, to see whether it is given a frame of it.
    return pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()


def _delta_error() -> type[Exception]:
    from deltalake.exceptions import DeltaError

    return DeltaError


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def _first_line(cause: BaseException) -> str:
    return str(cause).split("\n", 1)[0][:300]
