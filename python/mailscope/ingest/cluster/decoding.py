"""What a cluster's workers do: packets of files as Arrow rows, and rows of all files of some hosts decoded by the core.

Both are functions from record batches to record batches, as Spark's `mapInArrow` wants them, and hold one batch and
one file at a time. A part's packets are laid down as one capture for each file that they came from, and decoded
together, so that a session that crosses files is one, and a copy in another file is a copy.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from mailscope.ingest.cluster.hosts import key_of, may_hold_sessions
from mailscope.ingest.cluster.packets import packets, pcapng_head, pcapng_interface, pcapng_packet

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pyarrow as pa

BATCH_PACKETS = 4096
BATCH_BYTES = 8 << 20
ROWS_A_PIECE = 50_000
"""Rows of a table that leave a worker at once."""

PACKETS_SCHEMA = "part int, file int, number bigint, time_ns bigint, link_type int, length bigint, data binary"
"""One packet a row: part (which hosts), file (which input, from 0), number in it, time, link type, bytes."""

TABLES_SCHEMA = "part int, table_name string, rows bigint, ipc binary"
"""Some rows of one table a row, as an Arrow stream."""

END = 1 << 62
"""Number of what says, to every part, at what time a file ended: silence until then is silence."""

RAW_IP = 101

WITHIN = ("request_first_packet", "request_last_packet", "answered_packet")
"""Columns with the number of a packet between a row's first and last one, in whichever capture that stands."""


LABEL = "value_hash"
"""A label of one run: it gets the part's number, since equal ones of two parts are not equal values."""


def scanned(parts: int, *, everything: bool) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """From rows (file, path) to packets; without `everything`, only those that may hold sessions."""

    def scan(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                yield from _packets_of(row["file"], Path(row["path"]), parts, everything)

    return scan


def _packets_of(file: int, path: Path, parts: int, everything: bool) -> Iterator[pa.RecordBatch]:
    rows: list[tuple[Any, ...]] = []
    size, last_ns = 0, 0
    for number, time_ns, link_type, length, data in packets(path):
        last_ns = max(last_ns, time_ns)
        if everything or may_hold_sessions(link_type, data):
            part = zlib.crc32(key_of(link_type, data)) % parts
            rows.append((part, file, number, time_ns, link_type, length, data))
            size += len(data)
        if len(rows) >= BATCH_PACKETS or size >= BATCH_BYTES:
            yield _packet_batch(rows)
            rows, size = [], 0
    rows += [(part, file, END, last_ns, RAW_IP, 0, b"") for part in range(parts)]
    yield _packet_batch(rows)


def _packet_batch(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    import pyarrow as pa

    kinds = (pa.int32(), pa.int32(), pa.int64(), pa.int64(), pa.int32(), pa.int64(), pa.binary())
    names = ("part", "file", "number", "time_ns", "link_type", "length", "data")
    columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    return pa.record_batch(columns, names=list(names))


def decoded(
    names: list[str], options: dict[str, Any]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """From packets, sorted by part, file and number, to rows of tables; `names` are the files' as given."""

    def decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        part: _Part | None = None
        for batch in batches:
            for row in batch.to_pylist():
                if part is not None and part.number != row["part"]:
                    yield from part.tables(names, options)
                    part = None
                if part is None:
                    part = _Part(row["part"])
                part.add(row)
        if part is not None:
            yield from part.tables(names, options)

    return decode


class _Part:
    """The packets of one part as captures in a folder of this worker, which is gone when they are decoded."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._folder = tempfile.TemporaryDirectory(prefix="mailscope-")
        self._numbers: dict[int, list[int]] = {}
        self._links: dict[int, int] = {}
        self._end_ns = 0
        self._file = -1
        self._out: IO[bytes] | None = None

    def add(self, row: dict[str, Any]) -> None:
        """One more packet; files come one after another."""
        if row["number"] == END:
            self._end_ns = max(self._end_ns, row["time_ns"])
            return
        if row["file"] != self._file or self._out is None:
            self._close()
            self._file, self._links = row["file"], {}
            self._numbers[self._file] = []
            self._out = self._path(self._file).open("wb")
            self._out.write(pcapng_head())
        index = self._links.get(row["link_type"])
        if index is None:
            index = self._links[row["link_type"]] = len(self._links)
            self._out.write(pcapng_interface(row["link_type"]))
        self._out.write(pcapng_packet(index, row["time_ns"], row["length"], row["data"]))
        self._numbers[self._file].append(row["number"])

    def tables(self, names: list[str], options: dict[str, Any]) -> Iterator[pa.RecordBatch]:
        """The rows of every table, with names and numbers of the files that they came from."""
        from mailscope.ingest.captures import Options, write_case

        self._close()
        with self._folder as folder:
            paths = [self._path(file) for file in sorted(self._numbers)]
            if not paths:
                return
            # An empty packet is in no flow, but the core's clock goes by it.
            end = self._path(len(names))
            end.write_bytes(pcapng_head() + pcapng_interface(RAW_IP) + pcapng_packet(0, self._end_ns, 0, b""))
            paths.append(end)
            case = write_case(paths, Path(folder) / "case", Options(**options))
            for table in case.values():
                if table.path is not None:
                    yield from self._pieces(table.name, table.path, names)

    def _pieces(self, table: str, path: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches(ROWS_A_PIECE):
            if batch.num_rows:
                sink = pa.BufferOutputStream()
                rows = self._named(pa.Table.from_batches([batch]), names)
                with pa.ipc.new_stream(sink, rows.schema) as writer:
                    writer.write_table(rows)
                piece = ([self.number], [table], [rows.num_rows], [sink.getvalue().to_pybytes()])
                kinds = (pa.int32(), pa.string(), pa.int64(), pa.binary())
                columns = [pa.array(value, kind) for value, kind in zip(piece, kinds, strict=True)]
                yield pa.record_batch(columns, names=["part", "table_name", "rows", "ipc"])

    def _named(self, rows: pa.Table, names: list[str]) -> pa.Table:
        """The rows with the user's names of files, and numbers of packets in these."""
        import pyarrow as pa

        files = {str(self._path(file)): file for file in self._numbers}
        captures: dict[str, list[Any]] = {
            name: [None if value is None else files[value] for value in rows[name].to_pylist()]
            for name in ("capture", "last_capture")
            if name in rows.column_names
        }
        first, last = captures.get("capture", []), captures.get("last_capture", [])
        begun = rows["first_packet"].to_pylist() if "first_packet" in rows.column_names else []
        for column in ("first_packet", "last_packet", *WITHIN):
            if column in rows.column_names:
                places = rows[column].to_pylist()
                files_of: list[Any] = first if column == "first_packet" else last
                if column in WITHIN:
                    files_of = [self._around(*row) for row in zip(places, first, last, begun, strict=True)]
                numbers = [
                    None if place is None else self._numbers[file][place - 1]
                    for place, file in zip(places, files_of, strict=True)
                ]
                rows = _with(rows, column, numbers)
        if LABEL in rows.column_names:
            labels = (None if label is None else f"{label}.{self.number}" for label in rows[LABEL].to_pylist())
            rows = _with(rows, LABEL, list(labels))
        for name, places in captures.items():
            texts = [None if file is None else names[file] for file in places]
            place = rows.schema.get_field_index(name)
            rows = rows.set_column(
                place, pa.field(name, pa.string(), rows.schema.field(name).nullable), pa.array(texts)
            )
        return rows

    def _around(self, place: int | None, first: int, last: int, begun: int) -> int:
        """The file in which a packet between two others stands: the earliest in which it can."""
        if place is None or begun <= place <= len(self._numbers[first]):
            return first
        between = (file for file in sorted(self._numbers) if first < file < last and place <= len(self._numbers[file]))
        return next(between, last) if place > len(self._numbers[last]) else last

    def _path(self, file: int) -> Path:
        return Path(self._folder.name) / f"{file:06}.pcapng"

    def _close(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None


def _with(rows: pa.Table, name: str, values: list[Any]) -> pa.Table:
    import pyarrow as pa

    place, field = rows.schema.get_field_index(name), rows.schema.field(name)
    return rows.set_column(place, field, pa.array(values, field.type))
