"""Whatever holds flows, as one table `flow_records`: captures, also of exports, nfcapd files, logs, cases, stores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mailscope.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import ibis

    from mailscope.ingest.captures import Progress
    from mailscope.store.case import Case
    from mailscope.store.flow_hours import FlowHours
    from mailscope.store.hourly_sums import Made

FILES_LIMIT = 100_000
"""Files of a folder read at most."""

EXPORT_SHARE = 0.5
"""A capture is one of exports when at least this share of its packets are export datagrams."""

EXPORTERS_NAMED = 20
"""Exporters at most whose losses are told one by one."""

FILES_NAMED = 20
"""Files at most of which is told one by one that they are cut off."""

COLUMNS = (
    *("input", "datagram", "record", "start", "end", "format", "exporter", "observation_domain"),
    *("proto", "src_addr", "src_port", "dst_addr", "dst_port", "icmp_type", "tcp_flags", "packets", "bytes"),
    *("reverse_packets", "reverse_bytes", "reverse_tcp_flags", "sampling", "event", "ended"),
)
"""The columns that detectors of flow records use."""


class FlowSources:
    """What was named, sorted by kind, and turned into one expression; notes say what could not be read."""

    def __init__(self, folder: Path, progress: Progress | None = None, engine: str = "duckdb://") -> None:
        self.notes: list[str] = []
        self._folder = folder
        self._progress = progress
        self._parts: list[ibis.Table] = []
        self._stores: list[FlowHours] = []
        self._connection: ibis.BaseBackend | None = None
        self._engine_url = engine

    def expression(self, sources: Sequence[str | Path]) -> ibis.Table:
        """The flow records of all sources; the folder holds them for as long as the expression is asked."""
        return self.hours(sources).records

    def hours(self, sources: Sequence[str | Path], sums: Mapping[str, Made] | None = None) -> FlowHours:
        """The flow records of all sources, with the hourly sums of these kinds that stores among them hold."""
        logs: list[Path] = []
        captures: list[Path] = []
        for path, was_named in _places(sources):
            if _is_case(path):
                self._add_case(path)
            elif _is_store(path):
                self._add_store(path, sums or {})
            else:
                from mailscope.ingest import flowlogs

                kind = flowlogs.kind_of(path)
                if kind == "unknown" and not was_named:
                    self.notes.append(f"`{path}` holds no flows that are known here")
                else:
                    (captures if kind == "capture" else logs).append(path)
        if self._engine_url != "duckdb://" and (logs or captures):
            other = (logs + captures)[0]
            hint = "a cluster reads stores: `mailscope collect --store` makes one"
            raise UsageError(f"`{other}` lies on this machine, not where the engine's machines read", hint=hint)
        self._add_logs(logs)
        self._add_captures(captures)
        if not self._parts and not self._stores:
            raise InputError("nothing that holds flows was named", hint="name captures, flow records, logs or a case")
        from mailscope.store.flow_hours import together

        return together(self._stores, self._parts)

    def _add_case(self, path: Path) -> None:
        from mailscope.store.case import TABLES_FOLDER

        flows, records = (path / TABLES_FOLDER / f"{name}.parquet" for name in ("flows", "flow_records"))
        if flows.exists():
            self._parts.append(records_of_flows(self._parquet(flows)))
        if records.exists():
            self._parts.append(self._parquet(records).select(*COLUMNS))

    def _add_store(self, path: Path, sums: Mapping[str, Made]) -> None:
        from mailscope.store import engine
        from mailscope.store.lake import Lake

        is_spark = engine.is_spark(self._engine())
        # Tables have the names of their kinds: of a second store, the records alone are used.
        here, kinds = self._engine(), {} if self._stores or is_spark else sums
        hours = Lake(path).hours(here, kinds)
        self._stores.append(hours.changed(lambda records: records.select(*COLUMNS) if is_spark else _narrowed(records)))

    def _add_logs(self, paths: list[Path]) -> None:
        if not paths:
            return
        from mailscope.ingest import flowlogs

        report = flowlogs.write_flow_records(paths, file := self._folder / f"records{len(self._parts)}.parquet")
        self._parts.append(self._parquet(file).select(*COLUMNS))
        self.notes += [*_cut(report.inputs), *_losses(report.exporters)]
        for log in report.logs:
            if log.bad_lines:
                number, why = log.first_bad[0]
                self.notes.append(f"`{log.name}`: {log.bad_lines} lines could not be read; line {number}: {why}")

    def _add_captures(self, paths: list[Path]) -> None:
        """Exports through the core; captures that hold none, or few among other traffic, as conversations."""
        if not paths:
            return
        from mailscope.ingest import flowlogs
        from mailscope.ingest.captures import Options, write_case

        report = flowlogs.write_flow_records(paths, file := self._folder / f"records{len(self._parts)}.parquet")
        self.notes += [*_cut(report.inputs), *_losses(report.exporters)]
        was_exported = any(map(_without_template, report.exporters))
        plain = [str(entry["path"]) for entry in report.inputs if not _is_of_exports(entry, unread=was_exported)]
        if len(plain) < len(paths):
            records = self._parquet(file).select(*COLUMNS)
            self._parts.append(records.filter(~records.input.isin(plain)) if plain else records)
        if plain:
            folder = self._folder / f"case{len(self._parts)}"
            self._add_conversations(write_case(plain, folder, Options(), self._progress))

    def _add_conversations(self, case: Case) -> None:
        self._parts.append(records_of_flows(self._parquet(case.path / "tables" / "flows.parquet")))

    def _parquet(self, file: Path) -> ibis.Table:
        from mailscope.store import engine

        return engine.add_parquet(self._engine(), f"source{len(self._parts)}_{file.stem}", file)

    def _engine(self) -> ibis.BaseBackend:
        from mailscope.store import engine

        self._connection = self._connection or engine.connect(self._engine_url, is_fused=False)
        return self._connection


def flow_records_of(sources: Sequence[str | Path], folder: Path, progress: Progress | None = None) -> ibis.Table:
    """The flow records of the sources as one expression; `folder` keeps tables for as long as it is asked."""
    return FlowSources(folder, progress).expression(sources)


def _places(sources: Sequence[str | Path]) -> Iterator[tuple[Path, bool]]:
    """Files, cases and stores, and whether they were named; of other folders all files below, in order of names."""
    seen = 0
    for source in map(Path, sources):
        if not source.is_dir() or _is_case(source) or _is_store(source):
            if not source.exists():
                raise InputError(f"`{source}`: no such file")
            yield source, True
            continue
        for parent, folders, names in os.walk(source):
            folders.sort()
            for name in sorted(names):
                # Hidden files, and the one that nfcapd is writing.
                if name.startswith(".") or ".current" in name:
                    continue
                seen += 1
                if seen > FILES_LIMIT:
                    raise InputError(f"`{source}` has more than {FILES_LIMIT} files", hint="name a folder below it")
                yield Path(parent) / name, False


def _is_case(path: Path) -> bool:
    from mailscope.store.case import MANIFEST

    return (path / MANIFEST).exists()


def _is_store(path: Path) -> bool:
    """A folder of `mailscope collect --store`."""
    return (path / "flow_records" / "_delta_log").is_dir()


def _is_of_exports(entry: dict[str, Any], *, unread: bool) -> bool:
    """`unread`: some records could not be read, so that a capture of exports may show none."""
    is_told = bool(entry["records"]) or unread
    return is_told and entry["datagrams"] >= EXPORT_SHARE * max(entry["packets"] or 0, 1)


def _without_template(exporter: dict[str, Any]) -> int:
    return int(exporter["waiting_sets"]) + int(exporter["dropped_sets"])


def _cut(inputs: Sequence[dict[str, Any]]) -> list[str]:
    """Files that could not be read to their end."""
    notes = []
    for entry in inputs:
        if entry["end"] not in ("complete", "empty"):
            of = "records" if entry["format"].startswith("nfcapd") else "packets"
            notes.append(f"`{entry['name']}` is cut off or damaged after {entry[of] or 0:,} {of} ({entry['end']})")
    if len(notes) > FILES_NAMED:
        notes[FILES_NAMED:] = [f"{len(notes) - FILES_NAMED:,} more files that are cut off or damaged"]
    return notes


def _losses(exporters: Sequence[dict[str, Any]]) -> list[str]:
    """What is missing of each exporter's records; of so many exporters at most."""
    notes = []
    for exporter in exporters:
        found = []
        if unread := _without_template(exporter):
            found.append(f"{unread:,} sets of its records came without their template and could not be read")
        if exporter["lost"]:
            found.append(f"{exporter['lost']:,} {exporter['lost_unit']} are missing by its sequence numbers")
        if exporter["damaged"]:
            found.append(f"{exporter['damaged']:,} of its datagrams are damaged")
        if found:
            notes.append(f"exporter `{exporter['exporter']}` ({exporter['format']}): {'; '.join(found)}")
    if len(notes) > EXPORTERS_NAMED:
        notes[EXPORTERS_NAMED:] = [f"{len(notes) - EXPORTERS_NAMED:,} more exporters with records missing"]
    return notes


def _narrowed(records: ibis.Table) -> ibis.Table:
    """The types of `flow_records`, which Delta stores one size wider."""
    kinds = {"src_port": "uint16", "dst_port": "uint16", "icmp_type": "uint8", "tcp_flags": "uint8"}
    kinds |= {"reverse_tcp_flags": "uint8", "sampling": "uint32", "observation_domain": "uint32"}
    kinds |= dict.fromkeys(("packets", "bytes", "reverse_packets", "reverse_bytes", "datagram", "record"), "uint64")
    return records.mutate(**{name: records[name].cast(kind) for name, kind in kinds.items()}).select(*COLUMNS)


def records_of_flows(flows: ibis.Table) -> ibis.Table:
    """The conversations of captures as records that tell of both directions."""
    import ibis

    is_icmp = flows.proto.isin(("icmp", "icmp6"))
    none = ibis.null("string")
    return flows.select(
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
    ).select(*COLUMNS)
