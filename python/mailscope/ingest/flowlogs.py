"""Flow records of any kind into the columns of `flow_records`; the format is told by content.

    from mailscope.ingest.flowlogs import write_flow_records
    report = write_flow_records(["nfcapd.202611212006", "conn.log.gz"], Path("flow_records.parquet"))

Captures with export datagrams and nfcapd files go through the core. Read here: Zeek's conn.log and smtp.log
(tab-separated, JSON), Suricata's EVE (`flow`, `netflow`), CSV (nfdump, Argus' binetflow, our own tables), and
Parquet of our own; each also compressed with gzip, zstd or bzip2. A line that cannot be read is counted with its
number. The same traffic told by two sources (conn.log and smtp.log, say) is there twice, told apart by `format`.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from mailscope import _core
from mailscope._core import Options
from mailscope.errors import InputError, UsageError
from mailscope.harmless import visible
from mailscope.ingest.flow_cells import Columns
from mailscope.ingest.flow_events import eve, zeek_conn, zeek_smtp
from mailscope.ingest.flow_rows import TABLE, BadLine, Log, arrow_schema, batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pyarrow as pa

LINE_CHARACTERS = 1 << 20
FOLDER_FILES = 100_000
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
_CAPTURES = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
    b"snoop\0",
)
_NFCAPD = (b"\x0c\xa5", b"\xa5\x0c")
_SMTP_ONLY = {"rcptto", "mailfrom", "helo", "trans_depth"}

Rows = Iterator[dict[str, Any]]


@dataclass
class Report:
    """What was read."""

    records: int = 0
    inputs: list[dict[str, Any]] = field(default_factory=list)
    """Files that the core read, see `_core.flow_records`."""
    exporters: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)


def kind_of(path: Path) -> str:
    """`capture`, `nfcapd`, `parquet`, `zeek-tsv`, `json`, `csv`; `unknown` for a file that is none of them."""
    try:
        with _uncompressed(path) as file:
            head = file.read(4096)
    except (OSError, ValueError):  # bytes that only begin as a compressed file does
        return "unknown"
    if head.startswith(_CAPTURES):
        return "capture"
    if head.startswith(_NFCAPD):
        return "nfcapd"
    if head.startswith(b"PAR1"):
        return "parquet"
    first = head.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    if first.startswith((b"#separator", b"#fields")):
        return "zeek-tsv"
    if first.lstrip().startswith(b"{"):
        return "json"
    cells = first.decode("utf-8", "replace").replace("\t", ",").replace(";", ",").replace("|", ",")
    return "csv" if Columns(cells.split(",")).is_flows() else "unknown"


def files_of(sources: Iterable[str | Path]) -> list[Path]:
    """The files that these sources name: files, and of folders their files by name, not deeper."""
    files: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            inside = (path for path in sorted(source.iterdir()) if path.is_file() and not path.name.startswith("."))
            files += [path for _, path in zip(range(FOLDER_FILES), inside, strict=False)]
        elif source.exists():
            files.append(source)
        else:
            raise InputError(f"`{source}`: no such file")
    if not files:
        raise UsageError("no file with flow records is named")
    return files


def flow_records(
    sources: Iterable[str | Path], out: "Callable[[pa.Table], object]", options: Options | None = None
) -> Report:
    """Hands the flow records of all sources to `out`, table by table, and says what was read."""
    report = Report()
    by_core: list[str] = []
    for path in files_of(sources):
        kind = kind_of(path)
        if kind in ("capture", "nfcapd"):
            by_core.append(str(path))
        elif kind == "parquet":
            _hand_on(_of_parquet(path, report), out, report)
        elif kind == "unknown":
            raise InputError(
                f"`{path}` holds no flow records that are known here",
                hint="nfcapd, captures, Zeek's and Suricata's logs and CSV with addresses, times and protocol are read",
            )
        else:
            _hand_on(batches(_of_text(path, kind, report)), out, report)
    if by_core:
        import pyarrow as pa

        stream, read = _core.flow_records(by_core, options or Options())
        report.inputs, report.exporters, report.refused = read["inputs"], read["exporters"], read["refused"]
        for batch in pa.RecordBatchReader.from_stream(stream):
            _hand_on([pa.Table.from_batches([batch]).cast(arrow_schema())], out, report)
    return report


def write_flow_records(sources: Iterable[str | Path], path: Path, options: Options | None = None) -> Report:
    """The flow records of all sources as one Parquet file, which gets its name when it is complete."""
    import pyarrow.parquet as pq

    draft = path.with_name(f".{path.name}.part")
    try:
        with pq.ParquetWriter(draft, arrow_schema(), compression="zstd") as writer:
            report = flow_records(sources, writer.write_table, options)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return report


def _hand_on(tables: "Iterable[pa.Table]", out: "Callable[[pa.Table], object]", report: Report) -> None:
    for table in tables:
        report.records += len(table)
        out(table)


def _of_parquet(path: Path, report: Report) -> "Iterator[pa.Table]":
    import pyarrow.parquet as pq

    schema = arrow_schema()
    file = pq.ParquetFile(path)
    missing = [column for column in schema.names if column not in file.schema_arrow.names]
    if missing:
        raise InputError(f"`{path}` is no table `{TABLE}`: it has no column `{missing[0]}`")
    log = Log(str(path), "parquet")
    report.logs.append(log)
    import pyarrow as pa

    for batch in file.iter_batches(columns=schema.names):
        log.records += batch.num_rows
        yield pa.Table.from_batches([batch]).cast(schema)


def _of_text(path: Path, kind: str, report: Report) -> Rows:
    log = Log(str(path), kind)
    report.logs.append(log)
    with _uncompressed(path) as file, TextIOWrapper(file, "utf-8-sig", errors="replace", newline="") as text:
        parse = {"zeek-tsv": _zeek, "json": _json, "csv": _csv}[kind]
        for number, row in parse(_lines(text, log), log):
            log.records += 1
            yield row | {"input": str(path), "record": number}


def _lines(text: "IO[str]", log: Log) -> Iterator[tuple[int, str]]:
    """Line numbers and lines; one that is longer than any line should be is passed over."""
    number, skipping = 0, False
    while line := _next(text, log, number):
        is_whole = line.endswith("\n") or len(line) < LINE_CHARACTERS
        if not skipping:
            number += 1
            if is_whole:
                yield number, line.rstrip("\r\n")
            else:
                log.bad(number, "it is longer than any line should be")
        skipping = not is_whole


def _next(text: "IO[str]", log: Log, number: int) -> str:
    """The next line; none where the compressed file is cut or damaged, which is said."""
    try:
        return text.readline(LINE_CHARACTERS)
    except (OSError, EOFError, ValueError):
        log.bad(number + 1, "the compressed file is cut or damaged here")
        return ""


def _each(numbered: Iterable[tuple[int, Any]], log: Log, row_of: Callable[[Any], dict[str, Any] | None]) -> Any:
    for number, value in numbered:
        try:
            row = row_of(value)
        except BadLine as why:
            log.bad(number, str(why))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            log.bad(number, "it lacks what a flow needs")
        else:
            if row is None:
                log.other_lines += 1
            else:
                yield number, row


def _zeek(lines: Iterator[tuple[int, str]], log: Log) -> Iterator[tuple[int, dict[str, Any]]]:
    columns: list[str] = []
    log.format = "zeek-conn"

    def row_of(line: str) -> dict[str, Any] | None:
        nonlocal columns
        if line.startswith("#"):
            name, *values = line.split("\t")
            columns = values if name == "#fields" else columns
            if name == "#path" and values == ["smtp"]:
                log.format = "zeek-smtp"
            return None
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise BadLine("it does not have the columns of its header")
        record = {name: cell for name, cell in zip(columns, cells, strict=True) if cell not in ("-", "(empty)")}
        return zeek_smtp(record) if log.format == "zeek-smtp" or "trans_depth" in columns else zeek_conn(record)

    yield from _each(((number, line) for number, line in lines if line), log, row_of)


def _json(lines: Iterator[tuple[int, str]], log: Log) -> Iterator[tuple[int, dict[str, Any]]]:
    def row_of(line: str) -> dict[str, Any] | None:
        record = json.loads(line)
        if "event_type" in record:
            log.format = "eve"
            return eve(record)
        record = {name: value for name, value in record.items() if value is not None}
        if "id.orig_h" in record:
            log.format = "zeek-smtp" if _SMTP_ONLY & record.keys() else "zeek-conn"
            return zeek_smtp(record) if log.format == "zeek-smtp" else zeek_conn(record)
        columns = Columns(list(record))
        if not columns.is_flows():
            raise BadLine("it is no flow of Zeek, Suricata or ours")
        return columns.row([str(value) for value in record.values()])

    yield from _each(((number, line) for number, line in lines if line.strip()), log, row_of)


def _csv(lines: Iterator[tuple[int, str]], log: Log) -> Iterator[tuple[int, dict[str, Any]]]:
    number, header = next(lines)
    delimiter = max(",;\t|", key=header.count)
    columns = Columns(next(csv.reader([header], delimiter=delimiter)))
    log.format = columns.format

    def row_of(line: str) -> dict[str, Any] | None:
        try:
            return columns.row(next(csv.reader([line], delimiter=delimiter)))
        except csv.Error:
            raise BadLine("its cells cannot be told apart") from None

    # What nfdump says below the records begins so; a line of CSV is one line, quoted line ends are not flows'.
    for following, line in lines:
        number = following
        if line.startswith(("Summary", "No matched flows")):
            log.other_lines += 1
            break
        if line.strip():
            yield from _each([(number, line)], log, row_of)


def _uncompressed(path: Path) -> "IO[bytes]":
    """The file's bytes, uncompressed."""
    import pyarrow as pa

    try:
        with path.open("rb") as file:
            head = file.read(4)
        found = [name for magic, name in _COMPRESSIONS.items() if head.startswith(magic)]
        return pa.input_stream(str(path), compression=found[0] if found else None)  # type: ignore[no-any-return]
    except OSError as cause:
        raise InputError(f"`{visible(str(path))}`: {cause.strerror or cause}") from None
