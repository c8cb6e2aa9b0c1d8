"""Export datagrams of other projects' tests decode as their expected files say; so do those of the scenario."""

import json
import os
import re
import struct
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mailscope import _core
from mailscope.ingest.flow_collector import Collector

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", Path(__file__).parents[2].parent / "shared"))
NETFLOW = "realdata/netflow"
NAMES = {
    "src_addr": "ipv4_src_addr ipv6_src_addr sourceIPv4Address sourceIPv6Address",
    "dst_addr": "ipv4_dst_addr ipv6_dst_addr destinationIPv4Address destinationIPv6Address",
    "src_port": "l4_src_port sourceTransportPort",
    "dst_port": "l4_dst_port destinationTransportPort",
    "bytes": "in_bytes octetDeltaCount octetTotalCount fwd_flow_delta_bytes",
    "packets": "in_pkts packetDeltaCount packetTotalCount",
    "reverse_bytes": "rev_flow_delta_bytes reverseOctetTotalCount",
    "reverse_packets": "reversePacketTotalCount",
    "input_if": "input_snmp ingressInterface",
    "output_if": "output_snmp egressInterface",
    "tos": "src_tos ipClassOfService",
    "src_as": "src_as",
    "dst_as": "dst_as",
    "start": "first_switched flowStartMilliseconds",
    "end": "last_switched flowEndMilliseconds",
}
# logstash puts the times of NetFlow v5 and v9 one second late where milliseconds are left over; nfdump does not.
OFF_BY = timedelta(seconds=1)
EXPLAINED = {
    # The flow began before the exporter's clock wrapped around: logstash places it 49.7 days later.
    ("Netflow_5_valid_01", "start"),
    # The exporter told of nothing received and of one packet sent: the packet that was sent is the flow's.
    ("Netflow_9_template_with_0_length_fields", "bytes"),
    ("Netflow_9_template_with_0_length_fields", "packets"),
}


def decoded(datagrams):
    """Rows and status after these datagrams of one exporter."""
    collector = Collector()
    for datagram in datagrams:
        collector.feed("192.0.2.9", datagram, 1_700_000_000_000_000)
    return pa.table(collector.take()).to_pylist(), collector.status()


def rows_of(*captures):
    stream, read = _core.flow_records([str(path) for path in captures], _core.Options())
    return pa.table(stream).to_pylist(), read


def cases(project, pattern):
    return sorted((SHARED / NETFLOW / project).glob(pattern))


def needed(path):
    if not (SHARED / path).exists():
        pytest.skip(f"{SHARED / path} is not there")
    return SHARED / path


def expected_values(event):
    for ours, theirs in NAMES.items():
        told = [event[name] for name in theirs.split() if name in event]
        if told:
            yield ours, told[0]


def differences(case, row, event):
    for ours, told in expected_values(event):
        if (case, ours) in EXPLAINED:
            continue
        if ours in ("start", "end"):
            gap = abs(row[ours] - datetime.fromisoformat(str(told)))
            if gap > OFF_BY + timedelta(milliseconds=999):
                yield ours, told, row[ours]
        elif row[ours] != told and not (ours.endswith("_port") and row["proto"].startswith("icmp")):
            yield ours, told, row[ours]


@pytest.mark.parametrize("expected", cases("logstash", "*/expected.json"), ids=lambda path: path.parent.name)
def test_logstash_s_packets_decode_as_its_codec_decodes_them(expected):
    case = json.loads(expected.read_text())
    name = expected.parent.name
    rows, status = decoded([(expected.parent / packet).read_bytes() for packet in case["packets"]])
    told = sum(one["records"] + one["options"] + one["other_records"] for one in status["exporters"])
    if case["expected_count"] is not None:
        assert told == case["expected_count"]
    for event in (event["netflow"] for event in case["expected_events"]):
        values = dict(expected_values(event))
        if "src_addr" in values:
            ends = [
                row for row in rows if (row["src_addr"], row["dst_addr"]) == (values["src_addr"], values["dst_addr"])
            ]
            assert ends, "the flow is there"
            assert [] in [list(differences(name, row, event)) for row in ends]


PMACCT = [("104-IPFIXv10-IPv6-CISCO-sampling_option", 3, 3), ("500-IPFIXv10-BGP-CISCO-SRv6", 43, 27)]


@pytest.mark.parametrize(("case", "records", "pairs"), PMACCT)
def test_pmacct_s_captures_give_its_counts_with_sampling_corrected(case, records, pairs):
    folder = needed(f"{NETFLOW}/pmacct/{case}")
    rows, _ = rows_of(folder / "traffic-00.pcap")
    ours, theirs = {}, {}
    for row in rows:
        add(
            ours,
            (row["src_addr"], row["dst_addr"], row["src_port"], row["dst_port"]),
            row["packets_est"],
            row["bytes_est"],
        )
    for line in (folder / "output-flow-00.json").read_text().splitlines():
        flow = json.loads(line)
        add(
            theirs, (flow["ip_src"], flow["ip_dst"], flow["port_src"], flow["port_dst"]), flow["packets"], flow["bytes"]
        )
    assert (len(rows), len(theirs)) == (records, pairs)
    assert ours == theirs


def add(sums, key, packets, size):
    before = sums.get(key, (0, 0))
    sums[key] = (before[0] + packets, before[1] + size)


MPLS = "netflow_ethernet-over-mpls-with-control-word"
AKVORADO = {
    "netflow_data+templates.pcap": (21, {100}),
    "netflow_ipfixprobe-templates.pcap netflow_ipfixprobe-data.pcap": (4, {1}),
    "netflow_multiplesamplingrates-template.pcap netflow_multiplesamplingrates-data.pcap": (12, {1}),
    f"{MPLS}-template.pcap {MPLS}-data.pcap": (10, {1}),
    "sflow_data-encap-vxlan.pcap": (1, {1}),
    "sflow_data-local-interface.pcap": (1, {1024}),
    "sflow_data-sflow-ipv4-data.pcap": (1, {256}),
}


@pytest.mark.parametrize("names", AKVORADO)
def test_akvorado_s_captures_give_their_flows_and_sampling(names):
    folder = needed(f"{NETFLOW}/akvorado")
    rows, read = rows_of(*(folder / name for name in names.split()))
    assert (len(rows), {row["sampling"] for row in rows}) == AKVORADO[names]
    assert not read["refused"]


def test_ipfixprobe_s_mail_session_has_both_directions():
    folder = needed(f"{NETFLOW}/akvorado")
    rows, _ = rows_of(folder / "netflow_ipfixprobe-templates.pcap", folder / "netflow_ipfixprobe-data.pcap")
    mail = next(row for row in rows if row["dst_port"] == 25)
    needed(f"{NETFLOW}/ipfixprobe/outputs/smtp")
    told = (folder.parent / "ipfixprobe/outputs/smtp").read_text().splitlines()
    line = next(line for line in told if "74.53.140.153,10.10.1.4" in line).split(",")
    assert [mail["bytes"], mail["reverse_bytes"]] == [int(cell) for cell in line[2:4]]
    assert [mail["packets"], mail["reverse_packets"]] == [int(cell) for cell in line[9:11]]
    assert (mail["tcp_flags"], mail["reverse_tcp_flags"]) == (27, 27)


TELEGRAF = {
    "ipfix_options": (0, 126),
    "ipfix_pen_35632": (2, 2),
    "sflow_issue_15375": (0, 1),
    "sflow_issue_15918": (6, 7),
}


@pytest.mark.parametrize("case", TELEGRAF)
def test_telegraf_s_packets_give_as_many_flows_between_the_same_ends(case):
    folder = needed(f"{NETFLOW}/telegraf/{case}")
    rows, status = decoded([file.read_bytes() for file in sorted(folder.glob("*.bin"))])
    lines = (folder / "expected.out").read_text().splitlines()
    told = sum(one["records"] + one["options"] + one["other_records"] for one in status["exporters"])
    assert (len(rows), told, len(lines)) == (*TELEGRAF[case], TELEGRAF[case][1])
    flows = [dict(re.findall(r'(\w+)="?([^",]+)', line)) for line in lines]
    theirs = sorted((flow["src"], flow["dst"]) for flow in flows if "src" in flow)
    assert sorted((row["src_addr"], row["dst_addr"]) for row in rows) == theirs


S4 = "scenarios/s4-flows-and-complaints"


@pytest.fixture(scope="module")
def exports():
    """Both exports' flow records, as a table, and what was read."""
    stream, read = _core.flow_records([str(needed(S4) / "flow-exports.pcap")], _core.Options())
    return pa.table(stream), read


def counted(table):
    is_smtp = pc.and_(pc.equal(table["proto"].cast(pa.string()), "tcp"), pc.equal(table["dst_port"], 25))
    return len(table), pc.sum(is_smtp).as_py(), pc.sum(table["packets"]).as_py(), pc.sum(table["bytes"]).as_py()


@pytest.mark.parametrize(("version", "format_"), [("v5", "netflow-v5"), ("v9", "netflow-v9"), ("ipfix", "ipfix")])
def test_the_scenario_s_exports_and_nfcapd_files_count_what_nfdump_counts(version, format_, exports):
    folder = needed(S4)
    truth = json.loads((folder / "truth.json").read_text())
    export = next(one for one in truth["exports"] if one["tag"] == version)
    files = pa.table(_core.flow_records([str(folder / export["dir"])], _core.Options())[0])
    datagrams = exports[0].filter(pc.equal(exports[0]["format"].cast(pa.string()), format_))
    expected = (export["flows"], export["smtp_flows_by_nfdump"], 202_413, 79_134_778)
    assert counted(files) == counted(datagrams) == expected
    lost = {one["format"]: one["lost"] + one["gaps"] + one["late"] for one in exports[1]["exporters"]}
    assert lost == {"netflow-v5": 0, "netflow-v9": 0, "ipfix": 0}


def test_a_file_of_nfcapd_that_is_cut_or_is_none_ends_by_name(tmp_path):
    whole = (needed(S4) / "nfcapd-v9/nfcapd.202611212004").read_bytes()
    ends = {}
    for name, content in {
        "cut": whole[:-5],
        "big": b"\xa5\x0c" + whole[2:],
        "bad": whole[:60] + b"\0" * 9 + whole[69:],
    }.items():
        (tmp_path / name).write_bytes(content)
        _, read = rows_of(tmp_path / name)
        ends[name] = read["inputs"][0]["end"]
    assert ends == {"cut": "cut-off", "big": "big-endian-nfcapd", "bad": "bad-block"}


NFCAPD = Path(__file__).parents[2] / "fuzz" / "corpus" / "nfcapd"


@pytest.mark.parametrize(("file", "compression"), [("plain", "none"), ("lzo", "lzo"), ("lz4", "lz4"), ("bz2", "bzip2")])
def test_every_compression_of_nfdump_gives_the_same_records(file, compression):
    rows, read = rows_of(NFCAPD / file)
    assert (read["inputs"][0]["format"], read["inputs"][0]["compression"]) == ("nfcapd-v2", compression)
    assert [row["bytes"] for row in rows] == [906, 4829, 1434, 37620, 1174, 25228]


def test_layout_1_of_nfdump_is_read_with_its_extensions():
    rows, read = rows_of(NFCAPD / "layout-1")
    assert read["inputs"][0]["format"] == "nfcapd-v1"
    names = ("src_addr", "dst_port", "icmp_type", "packets", "bytes", "input_if", "next_hop", "exporter")
    same = (5, "192.168.1.254", "192.168.1.1")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("10.0.0.1", 25, None, 12, 906, *same),
        ("10.0.0.2", 0, 8, 3, 252, *same),
        ("2001:db8::1", 587, None, 1, 80, *same),
    ]


EXPORTED = 1_700_000_000
OF_FLOWS = struct.pack(">HHHH", 2, 40, 300, 8) + b"".join(
    struct.pack(">HH", element, size)
    for element, size in ((8, 4), (12, 4), (22, 4), (21, 4), (2, 4), (7, 2), (11, 2), (4, 1))
)
OF_START = struct.pack(">HHHHH", 3, 18, 301, 2, 1) + struct.pack(">HHHH", 143, 4, 160, 8)


def ipfix(*sets, number=0):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), EXPORTED, number, 7) + body


def flow_at(first_ms, last_ms):
    ends = bytes([10, 0, 0, 1, 192, 0, 2, 1])
    return struct.pack(">HH", 300, 29) + ends + struct.pack(">IIIHHB", first_ms, last_ms, 3, 40_000, 25, 6)


def times(*datagrams):
    rows, _ = decoded(datagrams)
    return [(row["start"].timestamp(), row["end"].timestamp()) for row in rows]


@pytest.mark.parametrize("uptime_s", [3_600, 60 * 86_400, -3_600])
def test_ipfix_flows_by_the_exporter_s_clock_have_the_time_that_its_option_tells(uptime_s):
    """No header tells it (RFC 7011, 3.1); the clock wraps after 49.7 days, and starts late in a replay of files."""
    started = struct.pack(">HHIQ", 301, 16, 1, (EXPORTED - uptime_s) * 1000)
    flow = flow_at((uptime_s * 1000 - 9_500) % 2**32, (uptime_s * 1000 - 2_000) % 2**32)
    assert times(ipfix(OF_FLOWS, OF_START, started, flow)) == [(EXPORTED - 9.5, EXPORTED - 2)]


def test_ipfix_flows_by_a_clock_of_unknown_start_end_when_they_were_exported_and_keep_their_length():
    assert times(ipfix(OF_FLOWS, flow_at(2**32 - 500, 7_000))) == [(EXPORTED - 7.5, EXPORTED)]


def test_sampled_packets_in_ipfix_are_told_apart_from_flows():
    """PSAMP, RFC 5476: element 313 holds the packet from its IP header on."""
    tcp = struct.pack(">HHIIBBHHH", 40_000, 25, 1, 0, 0x50, 0x02, 0, 0, 0)
    packet = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + bytes([10, 0, 0, 1, 192, 0, 2, 1]) + tcp
    template = struct.pack(">HHHHHHHH", 2, 16, 302, 2, 323, 8, 313, 65535)
    sample = struct.pack(">QB", EXPORTED * 1000, len(packet)) + packet
    rows, _ = decoded([ipfix(template, struct.pack(">HH", 302, 4 + len(sample)) + sample)])
    assert [(row["format"], row["dst_port"], row["packets"], row["bytes"], row["tcp_flags"]) for row in rows] == [
        ("psamp", 25, 1, 40, 2)
    ]
