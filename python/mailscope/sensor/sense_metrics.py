"""Everything of a packet sensor that can be lost or late, for Prometheus (text format 0.0.4)."""

from collections.abc import Iterator

from mailscope.sensor.metrics import Status, family

_WHOLE = {
    "received": ("counter", "Packets that the capture program received."),
    "kernel_drops": ("counter", "Packets dropped because the capture buffer was full."),
    "interface_drops": ("counter", "Packets dropped by the interface or its driver."),
    "packets": ("counter", "Packets decoded."),
    "wire_bytes": ("counter", "Their bytes on the wire."),
    "duplicates": ("counter", "Packets left out as copies of others."),
    "cut_packets": ("counter", "Packets of which the snap length cut something off."),
    "open_flows": ("gauge", "Flows that go on."),
    "evicted_flows": ("counter", "Flows closed before their end to stay inside the memory budget."),
    "decode_lag_s": ("gauge", "How far decoding is behind the newest packets."),
    "program_starts": ("counter", "Times the capture program was started."),
    "is_capturing": ("gauge", "1 while the capture program listens to the interface."),
    "is_interface_up": ("gauge", "1 while the interface is up."),
    "last_packet_at_s": ("gauge", "Time of the newest packet, since the epoch."),
    "stored_batches": ("counter", "Batches acknowledged by the store."),
    "stored_records": ("counter", "Flow records acknowledged by the store."),
    "stored_rows": ("counter", "Rows of all tables acknowledged by the store."),
    "waiting_rows": ("gauge", "Rows that wait for the store."),
    "waiting_bytes": ("gauge", "Their memory."),
    "batch_age_s": ("gauge", "Age of the oldest batch that the store has not acknowledged."),
    "lost_rows": ("counter", "Rows lost because too much waited for the store."),
    "store_refusals": ("counter", "Times the store refused a batch, which is offered again."),
    "longest_commit_s": ("gauge", "The longest that the store took for a batch."),
    "gaps": ("counter", "Stretches of time of which something was missed, and which are over."),
}
_EVIDENCE = {
    "is_stopped": ("gauge", "1 while no evidence is written though it should be."),
    "files": ("counter", "Files begun."),
    "bytes": ("counter", "Bytes written."),
    "removed_files": ("counter", "Files removed to stay inside the bound."),
    "missed_bytes": ("counter", "Bytes of packets that were decoded and not kept."),
}


def exposition(status: Status) -> str:
    """The status of a packet sensor as Prometheus reads it."""
    return "".join(f"{line}\n" for line in _lines(status))


def _lines(status: Status) -> Iterator[str]:
    labels = {"interface": str(status["interface"])}
    whole = {name: status.get(name) for name in _WHOLE} | {
        "is_capturing": int(status["is_capturing"]),
        "is_interface_up": int(status["interface_state"] == "up"),
        "last_packet_at_s": status["last_packet_at"],
    }
    yield from family("mailscope_sense_", _WHOLE, [(labels, whole)])
    evidence = status["evidence"]
    if evidence:
        kept = {name: int(evidence[name]) for name in _EVIDENCE}
        yield from family("mailscope_sense_evidence_", _EVIDENCE, [(labels, kept)])
    yield "# HELP mailscope_sense_undecoded_packets_total Packets that gave no flow, by reason."
    yield "# TYPE mailscope_sense_undecoded_packets_total counter"
    for reason, count in sorted(status["undecoded"].items()):
        yield f'mailscope_sense_undecoded_packets_total{{interface="{labels["interface"]}",reason="{reason}"}} {count}'
    yield "# HELP mailscope_sense_gap_open 1 for each kind of gap that goes on now."
    yield "# TYPE mailscope_sense_gap_open gauge"
    for gap in status["open_gaps"]:
        yield f'mailscope_sense_gap_open{{interface="{labels["interface"]}",kind="{gap["kind"]}"}} 1'
