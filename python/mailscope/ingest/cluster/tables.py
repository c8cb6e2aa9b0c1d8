"""Captures to a case by a Spark cluster: scan, deal out by hosts, decode, and gather the tables.

    from mailscope.ingest.cluster.tables import write_case
    from mailscope.store.engine import connect
    write_case(connect("spark://192.0.2.10:7077"), ["/srv/captures/1.pcap", "/srv/captures/2.pcap"], Path("case"))

The files must be there under these names on every machine (a shared folder), and Mailscope must be installed there.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mailscope.errors import InputError, UsageError
from mailscope.ingest.captures import version
from mailscope.ingest.cluster.decoding import PACKETS_SCHEMA, TABLES_SCHEMA, decoded, scanned
from mailscope.store import engine
from mailscope.store.case import TABLES_FOLDER, Case

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ibis

PARTS_A_CORE = 4
"""Parts for each core of the cluster: hosts are not equally busy."""

PARTS_LIMIT = 4096


def write_case(
    connection: ibis.BaseBackend,
    paths: Sequence[str | Path],
    folder: Path,
    options: Mapping[str, Any] | None = None,
    *,
    everything: bool = False,
    parts: int | None = None,
) -> Case:
    """The tables of the captures as a case folder on this machine, decoded by the cluster that is connected.

    Without `everything`, packets that hold no session and lead to none (ICMP, ARP, NTP and the like) stay on the
    machine that reads them, and have no row in `flows`. `options` are the core's (`Options`), by name. What the core
    knows of whole files only (hashes, the offset of their clocks) is not in the case.
    """
    if not engine.is_spark(connection):
        raise UsageError("captures are dealt out by a Spark cluster only", hint="`mailscope tables` reads them here")
    names = [str(path) for path in paths]
    if missing := [name for name in names if not Path(name).is_file()]:
        raise InputError(f"`{missing[0]}`: no such file")
    count = parts or min(PARTS_LIMIT, PARTS_A_CORE * engine.cores(connection))
    rows = [(number, str(Path(name).absolute())) for number, name in enumerate(names)]
    files = engine.spread(connection, rows, "file int, path string")
    packets = files.mapInArrow(scanned(count, everything=everything), PACKETS_SCHEMA)
    dealt = packets.repartition(count, "part").sortWithinPartitions("part", "file", "number")
    tables = dealt.mapInArrow(decoded(names, dict(options or {})), TABLES_SCHEMA)
    _gather(tables, folder / TABLES_FOLDER)
    return Case.create(
        folder,
        [{"path": name, "name": name, "end": "complete"} for name in names],
        mailscope=version(),
        python=sys.version.split()[0],
        options=dict(options or {}),
        base=str(Path.cwd()),
        decoded_by=f"spark, {count} parts",
    )


def _gather(tables: Any, folder: Path) -> None:
    """The pieces as one Parquet file a table; those of one part at a time are in memory here."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for row in tables.toLocalIterator(prefetchPartitions=False):
            rows = pa.ipc.open_stream(bytes(row["ipc"])).read_all()
            name = row["table_name"]
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", rows.schema, compression="zstd")
            writers[name].write_table(rows.cast(writers[name].schema))
    finally:
        for writer in writers.values():
            writer.close()
