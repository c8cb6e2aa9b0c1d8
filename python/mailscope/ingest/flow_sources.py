"""Whatever holds flows, as one table `flow_records`: captures, cases, and what `flowlogs` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ibis

    from mailscope.ingest.captures import Progress
    from mailscope.store.case import Case


def flow_records_of(sources: Sequence[str | Path], folder: Path, progress: Progress | None = None) -> ibis.Table:
    """The flow records of the sources as one expression; `folder` keeps tables for as long as it is asked."""
    from mailscope.ingest.captures import Options, write_case
    from mailscope.store.case import MANIFEST, Case

    first = Path(sources[0])
    if len(sources) == 1 and (first / MANIFEST).exists():
        return records_of_case(Case.open(first))
    return records_of_case(write_case(list(sources), folder / "case", Options(), progress))


def records_of_case(case: Case) -> ibis.Table:
    """A case's own `flow_records`, if it has any, and its `flows`."""
    flows = records_of_flows(case.to_ibis("flows"))
    if "flow_records" not in case or not len(case["flow_records"]):
        return flows
    return case.to_ibis("flow_records").select(*flows.columns).union(flows)


def records_of_flows(flows: ibis.Table) -> ibis.Table:
    """The conversations of captures as records that tell of both directions."""
    import ibis

    of_type = {"icmp", "icmp6"}
    is_icmp = flows.proto.isin(sorted(of_type))
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
    )
