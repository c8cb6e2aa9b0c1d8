"""Hourly sums of a lake's flow records, each kind a Delta table beside them.

The sums follow the records' log: a fold reads the files that came since the last one, and commits their sums together
with the version that they reach, in one entry of the sums' own log. So a fold that is killed leaves no sums of what it
read, and the next reads it again; no record is summed twice or left out. What came since the last fold is read from
the records themselves when a question is asked. Compaction moves records between files without being a change.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from mailscope.store.added_sums import LARGEST_DAY, Addable, Hours, batches, doubled, is_scattered, pieces
from mailscope.store.delta_log import Gap, NewFile, data_files, new_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import ibis
    import pyarrow as pa
    from deltalake import DeltaTable, Transaction, WriterProperties

FOLDER = "flow_sums"
APP = "fold"
ADDED = "added"
"""Named in the log where no file of the table holds a key twice: an earlier version joined files as they were."""
DAY = "day"
FOLD_RECORDS = 4_000_000
"""Records summed at once, where nobody waits: the more, the fewer rows are left of them."""
ROW_GROUP = 16_384
"""Rows read or passed over together: sums lie by their keys, and a question for few hosts passes over most."""
SORTED_BY = 4
"""So many first columns of a kind's key are the order in which its sums lie: what they are asked for comes first."""
TOLD_WHOLE = 32
"""Characters of a text that Delta's log tells at least."""
DAY_BYTES = 1 << 30
"""Size of a file of sums up to which a day is one."""
FOLD_MEMORY, LAY_OUT_MEMORY = "1GB", "300MB"
"""Beyond it the engine spills to disk."""

Made = Callable[["ibis.Table"], "ibis.Table"]


@dataclass(frozen=True)
class Reach:
    """How far the sums of one kind go: the version of the records that they hold, and the files that came since."""

    version: int
    rest: list[NewFile]


class HourlySums:
    """One kind of sums. `records` is the local folder of the records' table."""

    def __init__(self, records: Path, name: str, made: Made) -> None:
        self.name = name
        self.place = records.parent / FOLDER / name
        self._records = records
        self._made = made
        self._seen: DeltaTable | None = None

    def look(self) -> None:
        """From now on all questions are of the table as it is now: a fold meanwhile would add what `reach` leaves."""
        self._seen = self._table()

    def reach(self, upto: int) -> Reach | None:
        """How far they go; None when there are none that can be used, and all must be summed."""
        table = self._table()
        version = table.transaction_version(APP) if table else None
        if version is None or version > upto:
            return None
        try:
            return Reach(version, new_files(self._records, version, upto))
        except Gap:
            return None

    def fold(
        self, upto: int, files: Callable[[], list[NewFile]], most: int | None = None, *, again: bool = False
    ) -> int:
        """Sums the records that came since, or all of now where there are no sums yet or `again`; returns how many.

        With `most`, about so many; nothing where there are no sums yet and more records than that.
        """
        reach = None if again else self.reach(upto)
        if reach is None:
            found = files()
            is_much = most is not None and sum(file.records for file in found) > most
            return 0 if is_much else self._rebuild(upto, found)
        done = 0
        for chunk in _chunks(reach.rest, min(most or FOLD_RECORDS, FOLD_RECORDS)):
            if most is not None and done >= most:
                return done
            # A version is whole in one chunk: what is committed says "everything up to it".
            self._append(chunk, chunk[-1].version)
            done += sum(file.records for file in chunk)
        if reach.version < upto and not reach.rest:
            self._append([], upto)
        return done

    def read(self, connection: "ibis.BaseBackend", first_day: str | None) -> "ibis.Table | None":
        """The sums as an expression, without days older than the records; None when there are none."""
        from mailscope.store.engine import add_parquet_files

        table = self._table()
        filters = [(DAY, ">=", first_day)] if first_day else None
        if table is None or not (uris := data_files(table, filters)):
            return None
        return add_parquet_files(connection, f"sums_{self.name}", uris, schema=_schema(table)).drop(DAY)

    def same(self) -> dict[str, "Any"]:
        """Columns that have one value in all rows, as the log tells it of each file."""
        if (table := self._table()) is None:
            return {}
        told = _told(table)
        found = {name: _one_value(name, told) for name in table.schema().to_arrow().names} if told["path"] else {}
        return {name: values[0] for name, values in found.items() if values}

    def doubled(self, rest: list[NewFile]) -> list[Hours] | None:
        """Hours in which a key may have several rows, `rest` being records that are not summed; None: any hour."""
        table = self._table()
        if table is None or table.transaction_version(ADDED) is None:
            return None
        told = _told(table)
        if not told["path"]:
            return doubled([], rest)
        firsts, lasts = told.get("min.hour", [None]), told.get("max.hour", [None])
        if None in firsts or None in lasts:
            return None
        return doubled(list(zip(firsts, lasts, strict=True)), rest)

    def compact(self) -> None:
        """Lays out anew the days that are scattered over files, each as one, with one row a key.

        Of a kind that does not tell how it adds up, small files are joined as they are.
        """
        if (table := self._table()) is None:
            return
        if isinstance(self._made, Addable):
            self._lay_out(table, self._made)
        else:
            table.optimize.compact(max_concurrent_tasks=1, writer_properties=_writing())
        table.create_checkpoint()

    def prune(self, oldest_day: str | None, grace_hours: int) -> None:
        """Forgets days before that one, and files that nothing needs."""
        if table := self._table():
            if oldest_day:
                table.delete(f"{DAY} < '{oldest_day}'")
            table.vacuum(grace_hours, dry_run=False, enforce_retention_duration=False, full=True)
            table.cleanup_metadata()

    def _rebuild(self, upto: int, files: list[NewFile]) -> int:
        """From nothing. Until the last chunk nothing says how far it reaches, so that half of it is never used."""
        import shutil

        shutil.rmtree(self.place, ignore_errors=True)
        chunks = _chunks(files, FOLD_RECORDS, whole_versions=False) or [[]]
        for number, chunk in enumerate(chunks, start=1):
            self._append(chunk, upto if number == len(chunks) else None)
        return sum(file.records for file in files)

    def _lay_out(self, table: "DeltaTable", kind: Addable) -> None:
        is_added = table.transaction_version(ADDED) is not None
        days: dict[str, list[tuple[str, int]]] = {}
        told = _told(table)
        for day, path, rows in zip(told[f"partition.{DAY}"], told["path"], told["num_records"], strict=True):
            days.setdefault(str(day), []).append((str(self.place / unquote(path)), rows))
        if not is_added and any(sum(rows for _path, rows in files) > LARGEST_DAY for files in days.values()):
            return  # an earlier version's sums: all of them or none
        today = datetime.now(UTC).date().isoformat()
        wanted = [
            day
            for day, files in sorted(days.items())
            if not is_added or is_scattered([rows for _path, rows in files], is_past=day < today)
        ]
        for number, day in enumerate(wanted, start=1):
            said = [] if is_added or number < len(wanted) else [_transaction(ADDED, 1)]
            if not self._write_day(table, kind, day, [path for path, _rows in days[day]], said):
                return

    def _write_day(
        self, table: "DeltaTable", kind: Addable, day: str, files: list[str], said: "list[Transaction]"
    ) -> bool:
        """False where a fold added sums of the day meanwhile: what there was stays."""
        from deltalake import CommitProperties, write_deltalake
        from deltalake.exceptions import CommitFailedError

        from mailscope.store.engine import add_parquet_files, connect

        rows = add_parquet_files(connect(memory=LAY_OUT_MEMORY), "rows", files).drop(DAY)
        tables = (delta_types(piece.order_by(*rows.columns[:SORTED_BY]).to_pyarrow()) for piece in pieces(rows, kind))
        if (laid := batches(tables)) is None:
            return True
        try:
            # The table as it was when its files were read: the commit fails where it has got others meanwhile.
            write_deltalake(
                table,
                laid,
                mode="overwrite",
                predicate=f"{DAY} = '{day}'",
                target_file_size=DAY_BYTES,
                writer_properties=_writing(),
                commit_properties=CommitProperties(app_transactions=said),
            )
        except CommitFailedError:
            return False
        return True

    def _append(self, files: list[NewFile], reached: int | None) -> None:
        from deltalake import CommitProperties, write_deltalake

        said = [] if reached is None else [_transaction(APP, reached)]
        if self._table() is None:
            said.append(_transaction(ADDED, 1))
        rows = self._summed(files)
        write_deltalake(
            str(self.place),
            rows,
            mode="append",
            partition_by=[DAY],
            writer_properties=_writing(),
            commit_properties=CommitProperties(app_transactions=said),
            configuration={"delta.logRetentionDuration": "interval 2 days"},
        )

    def _summed(self, files: list[NewFile]) -> "pa.Table":
        from mailscope.store.engine import add_arrow, add_parquet_files, connect

        connection = connect(memory=FOLD_MEMORY)
        if files:
            sums = self._made(add_parquet_files(connection, "records", [str(file.path) for file in files]))
        else:
            sums = self._made(add_arrow(connection, "records", _empty(self._records)))
        return delta_types(sums.order_by(*sums.columns[:SORTED_BY]).to_pyarrow())

    def _table(self) -> "DeltaTable | None":
        from deltalake import DeltaTable

        place = str(self.place)
        return self._seen or DeltaTable(place) if DeltaTable.is_deltatable(place) else None


def _transaction(app: str, version: int) -> "Transaction":
    from deltalake import Transaction

    return Transaction(app, version, int(datetime.now(UTC).timestamp() * 1000))


def _writing() -> "WriterProperties":
    from deltalake import WriterProperties

    return WriterProperties(compression="SNAPPY", max_row_group_size=ROW_GROUP)


def _told(table: "DeltaTable") -> "dict[str, list[Any]]":
    """What the log tells of the files there are, a list a column; without times."""
    import pyarrow as pa

    # Neither `pa.table` nor times as Python's: pyarrow imports pandas for them, a quarter of a second.
    log = pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()
    kept = [field.name for field in log.schema if not pa.types.is_timestamp(field.type)]
    found: dict[str, list[Any]] = log.select(kept).to_pydict()
    return found


def delta_types(sums: "pa.Table") -> "pa.Table":
    """The sums with types that Delta has (no unsigned numbers, no dictionaries), and the day of each hour (UTC)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wider = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): pa.int64()}
    fields = []
    for field in sums.schema:
        kind = wider.get(field.type, field.type)
        fields.append(pa.field(field.name, pa.timestamp("us", "UTC") if pa.types.is_timestamp(kind) else kind))
    table = sums.cast(pa.schema(fields))
    days = pc.cast(pc.cast(pc.divide(table["hour"], 24), pa.int32()), pa.date32())
    return table.append_column(DAY, days)


def _one_value(name: str, told: "dict[str, list[Any]]") -> "list[Any]":
    """The value that a column has in all rows of the files, or nothing where it has several or is not told."""
    nulls = told.get(f"null_count.{name}", [None])
    if nulls == told["num_records"]:
        return [None]
    values = {*told.get(f"min.{name}", ()), *told.get(f"max.{name}", ())}
    # A longer text may be told in part.
    is_whole = not any(isinstance(value, str) and len(value) >= TOLD_WHOLE for value in values)
    return list(values) if len(values) == 1 and None not in values and set(nulls) == {0} and is_whole else []


def _chunks(files: Iterable[NewFile], most: int, *, whole_versions: bool = True) -> list[list[NewFile]]:
    chunks: list[list[NewFile]] = []
    count = 0
    for file in files:
        is_new_version = not whole_versions or not chunks or chunks[-1][-1].version != file.version
        if not chunks or (count + file.records > most and is_new_version):
            chunks.append([])
            count = 0
        chunks[-1].append(file)
        count += file.records
    return chunks


def _empty(records: Path) -> "pa.Table":
    """The records' columns without a row."""
    from deltalake import DeltaTable

    return _schema(DeltaTable(str(records))).empty_table()


def _schema(table: "DeltaTable") -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(table.schema())
