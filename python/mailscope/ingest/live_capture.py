"""A capture that is still going on: the core's decoder for it, and its flows as flow records."""

from mailscope._core import Live, Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Live", "Options", "records_of_flows"]


def records_of_flows(flows: "pa.Table") -> "pa.Table":
    """Rows of `flows` as rows of `flow_records` that tell of both directions, as `senders` makes them of a case."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from mailscope.ingest.flow_rows import arrow_schema

    is_icmp = pc.is_in(flows["proto"].cast(pa.string()), pa.array(["icmp", "icmp6"]))

    def of_icmp(name: str) -> "pa.ChunkedArray":
        return pc.if_else(is_icmp, pc.bit_wise_and(flows[name], 255), pa.scalar(None, flows[name].type))

    known = {
        "input": flows["capture"],
        "datagram": flows["first_packet"],
        "record": flows["first_packet"],
        "start": flows["start"],
        "end": flows["end"],
        "format": pa.scalar("flows"),
        "exporter": flows["sensor"],
        "proto": flows["proto"],
        "src_addr": flows["orig_addr"],
        "src_port": flows["orig_port"],
        "dst_addr": flows["resp_addr"],
        "dst_port": flows["resp_port"],
        "icmp_type": of_icmp("orig_port"),
        "icmp_code": of_icmp("resp_port"),
        "tcp_flags": flows["orig_tcp_flags"],
        "packets": flows["orig_packets"],
        "bytes": flows["orig_ip_bytes"],
        "reverse_packets": flows["resp_packets"],
        "reverse_bytes": flows["resp_ip_bytes"],
        "reverse_tcp_flags": flows["resp_tcp_flags"],
        "sampling": pa.scalar(1),
        "packets_est": flows["orig_packets"],
        "bytes_est": flows["orig_ip_bytes"],
        "vlan": flows["vlan"],
        "app": flows["app"],
    }
    schema = arrow_schema()
    columns = []
    for column in schema:
        value = known.get(column.name, pa.scalar(None))
        if isinstance(value, pa.Scalar):
            value = pa.array([value.as_py()] * len(flows), column.type)
        columns.append(value.cast(column.type))
    return pa.Table.from_arrays(columns, schema=schema)
