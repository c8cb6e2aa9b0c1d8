"""Whatever holds flows, as one table `flow_records`: captures, captures of exports, nfcapd files, logs, CSV, cases."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path

from mailscope import _core
from mailscope.errors import InputError
from mailscope.ingest import flow_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import ibis
    import pyarrow as pa

    from mailscope.ingest.captures import Progress
    from mailscope.store.case import Case

FILES_LIMIT = 100_000
"""Files of a folder read at most."""

EXPORT_SHARE = 0.5
"""A capture is one of exports when at least this share of its packets are export datagrams."""


class FlowSources:
    """What was named, sorted by kind, and turned into one expression; notes say what could not be read."""

    def __init__(self, folder: Path, progress: Progress | None = None) -> None:
        self.notes: list[str] = []
        self.records = 0
        self._folder = folder
        self._progress = progress
        self._parts: list[ibis.Table] = []
        self._connection: ibis.BaseBackend | None = None

    def expression(self, sources: Sequence[str | Path]) -> ibis.Table:
        """The flow records of all sources; the folder holds them for as long as the expression is asked."""
        captures: list[str] = []
        for path in _files(sources):
            if _is_case(path):
                self._add_case(path)
            elif (kind := flow_text.kind_of(path)) is not None:
                self._add_text(path, kind)
            else:
                captures.append(str(path))
        self._add_captures(captures)
        if not self._parts:
            raise InputError("nothing that holds flows was named", hint="name captures, flow records, logs or a case")
        return reduce(lambda one, other: one.union(other), self._parts)

    def _add_case(self, path: Path) -> None:
        from mailscope.store.case import TABLES_FOLDER

        flows, records = (path / TABLES_FOLDER / f"{name}.parquet" for name in ("flows", "flow_records"))
        if flows.exists():
            self._parts.append(records_of_flows(self._parquet(flows)))
        if records.exists():
            self._parts.append(_columns(self._parquet(records)))

    def _add_text(self, path: Path, kind: str) -> None:
        reading = flow_text.Reading(str(path), kind)
        self._parts.append(self._written(flow_text.batches(path, reading), flow_text.schema()))
        if reading.bad_lines:
            where = ", ".join(map(str, reading.bad_numbers))
            self.notes.append(f"`{path}`: {reading.bad_lines} lines could not be read (the first: {where})")

    def _add_captures(self, paths: list[str]) -> None:
        """Exports and nfcapd files through the core; captures that hold none as conversations."""
        if not paths:
            return
        from mailscope.ingest.captures import Options, write_case

        # A core built before flow records could be read takes everything for captures.
        read_records = getattr(_core, "flow_records", None)
        if read_records is None:
            self._add_conversations(write_case(paths, self._case_folder(), Options(), self._progress))
            return
        stream, read = read_records(paths, Options(), self._progress)
        plain = [entry["path"] for entry in read["inputs"] if not _has_records(entry)]
        if len(plain) < len(paths):
            self._parts.append(self._written(_batches(stream), None))
        if plain:
            self._add_conversations(write_case(plain, self._case_folder(), Options(), self._progress))

    def _case_folder(self) -> Path:
        return self._folder / f"case{len(self._parts)}"

    def _add_conversations(self, case: Case) -> None:
        self._parts.append(records_of_flows(self._parquet(case.path / "tables" / "flows.parquet")))

    def _written(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema | None) -> ibis.Table:
        """Batches as Parquet in the folder, so that memory stays bounded."""
        import pyarrow.parquet as pq

        file = self._folder / f"records{len(self._parts)}.parquet"
        writer: Any = pq.ParquetWriter(file, schema) if schema is not None else None
        for batch in batches:
            writer = writer or pq.ParquetWriter(file, batch.schema)
            writer.write_batch(batch)
        writer.close()
        return _columns(self._parquet(file))

    def _parquet(self, file: Path) -> ibis.Table:
        from mailscope.store import engine

        self._connection = self._connection or engine.connect()
        return engine.add_parquet(self._connection, f"source{len(self._parts)}_{file.stem}", file)


def flow_records_of(sources: Sequence[str | Path], folder: Path, progress: Progress | None = None) -> ibis.Table:
    """The flow records of the sources as one expression; `folder` keeps tables for as long as it is asked."""
    return FlowSources(folder, progress).expression(sources)


def _files(sources: Sequence[str | Path]) -> Iterator[Path]:
    """The files named, and those inside folders, in order of their names; a case is one."""
    seen = 0
    for source in map(Path, sources):
        if not source.is_dir() or _is_case(source):
            yield source
            continue
        for parent, folders, names in os.walk(source):
            folders.sort()
            for name in sorted(names):
                # nfcapd's file being written, and hidden files.
                if name.startswith(".") or ".current." in name:
                    continue
                seen += 1
                if seen > FILES_LIMIT:
                    raise InputError(f"`{source}` has more than {FILES_LIMIT} files", hint="name a folder below it")
                yield Path(parent) / name


def _is_case(path: Path) -> bool:
    from mailscope.store.case import MANIFEST

    return (path / MANIFEST).exists()


def _has_records(entry: dict[str, Any]) -> bool:
    if not str(entry["format"]).startswith("pcap"):
        return True
    return bool(entry["records"]) and entry["datagrams"] >= EXPORT_SHARE * max(entry["packets"] or 0, 1)


def _batches(stream: Any) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    yield from pa.RecordBatchReader.from_stream(stream)


def _columns(records: ibis.Table) -> ibis.Table:
    """The columns that detectors use, in one order."""
    return records.select(*flow_text.schema().names)


def records_of_flows(flows: ibis.Table) -> ibis.Table:
    """The conversations of captures as records that tell of both directions."""
    import ibis

    is_icmp = flows.proto.isin(("icmp", "icmp6"))
    none = ibis.null("string")
    return _columns(
        flows.select(
            input=flows.capture,
            datagram=flows.first_packet,
            record=flows.first_packet,
            start=flows.start,
            end=flows.end,
            format=ibis.literal("flows"),
            exporter=flows.sensor,
            observation_domain=ibis.null("uint32"),
            proto=flows.proto,
            src_addr=flows.orig_addr,
            src_port=flows.orig_port,
            dst_addr=flows.resp_addr,
            dst_port=flows.resp_port,
            icmp_type=is_icmp.ifelse(flows.orig_port, ibis.null("uint16")).cast("uint8"),
            tcp_flags=flows.orig_tcp_flags,
            packets=flows.orig_packets,
            bytes=flows.orig_ip_bytes,
            reverse_packets=flows.resp_packets,
            reverse_bytes=flows.resp_ip_bytes,
            reverse_tcp_flags=flows.resp_tcp_flags,
            sampling=ibis.literal(1).cast("uint32"),
            event=none,
            ended=none,
        )
    )
