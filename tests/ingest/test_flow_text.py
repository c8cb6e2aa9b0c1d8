"""Flow records written as text, each kind told by its first lines."""

import gzip
import json

import pyarrow as pa
import pytest

from mailscope.ingest.flow_text import Reading, batches, kind_of, schema

CONN = """#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\tconn_state\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval\tstring\tcount\tcount\tcount\tcount
1700000000.5\tC1\t10.0.0.1\t40000\t192.0.2.25\t25\ttcp\t-\tS0\t2\t120\t0\t0
"""
EVE = {
    "event_type": "flow",
    "src_ip": "10.0.0.1",
    "src_port": 40000,
    "dest_ip": "192.0.2.25",
    "dest_port": 25,
    "proto": "TCP",
    "tcp": {"tcp_flags_ts": "1b", "tcp_flags_tc": "1a"},
    "flow": {
        "start": "2026-01-05T12:00:00.000000+0000",
        "pkts_toserver": 9,
        "pkts_toclient": 8,
        "bytes_toserver": 4000,
        "bytes_toclient": 900,
    },
}
ARGUS = """StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label
2011/08/16 10:01:46.972101,9.0,tcp,10.0.0.1,40000,   ->,192.0.2.25,25,S_RA,0,0,4,240,120,flow=From-Botnet
2011/08/16 10:01:46.972101,9.0,udp,10.0.0.1,0x0035,   ->,192.0.2.25,,INT,0,0,1,60,60,flow=x
nonsense,,,
"""
NFDUMP = """ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,ra
2026-11-21 20:05:49,2026-11-21 20:05:49,0.012,10.0.0.1,192.0.2.25,40000,25,TCP,...AP.SF,0,0,12,906,0,0,192.168.50.1
2026-11-21 20:05:49,2026-11-21 20:05:49,0.012,10.0.0.1,192.0.2.25,0,2048,ICMP,........,0,0,9,906,0,0,192.168.50.1
Summary
flows,bytes,packets,avg_bps,avg_pps,avg_bpp
2,1,2,3,4,5
"""
OWN = "start,src_addr,src_port,dst_addr,dst_port,packets\n2026-01-05T12:00:00Z,10.0.0.1,40000,192.0.2.25,25,7\n"


def read(tmp_path, text, name="flows.txt"):
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    reading = Reading(str(file), kind_of(file) or "")
    found = [row for batch in batches(file, reading) for row in batch.to_pylist()]
    return reading, found


@pytest.mark.parametrize("name", ["flows.txt", "flows.gz"])
@pytest.mark.parametrize(
    ("text", "kind"),
    [(CONN, "zeek-conn"), (json.dumps(EVE) + "\n", "eve"), (ARGUS, "binetflow"), (NFDUMP, "nfdump"), (OWN, "csv")],
)
def test_every_kind_is_known_and_names_the_same_ends(tmp_path, text, kind, name):
    reading, rows = read(tmp_path, text, name)
    assert reading.kind == kind
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "proto")
    assert tuple(rows[0][end] for end in ends) == ("10.0.0.1", 40000, "192.0.2.25", 25, "tcp")
    assert pa.Table.from_pylist(rows, schema()).num_rows == reading.records


def test_zeek_tells_attempts(tmp_path):
    _reading, (row,) = read(tmp_path, CONN)
    assert (row["ended"], row["packets"], row["reverse_packets"]) == ("S0", 2, 0)


def test_eve_tells_both_directions_and_other_events_are_left_out(tmp_path):
    other = json.dumps({"event_type": "dns"})
    reading, (row,) = read(tmp_path, f"{json.dumps(EVE)}\n{other}\n")
    assert (row["tcp_flags"], row["reverse_packets"], row["reverse_bytes"]) == (0x1B, 8, 900)
    assert (reading.records, reading.bad_lines) == (1, 0)


def test_argus_states_become_flags_and_bad_lines_are_counted_by_number(tmp_path):
    reading, rows = read(tmp_path, ARGUS)
    assert (rows[0]["tcp_flags"], rows[0]["reverse_tcp_flags"]) == (0x02, 0x14)
    assert (rows[0]["bytes"], rows[0]["reverse_bytes"], rows[0]["packets"]) == (120, 120, 2)
    assert (rows[1]["src_port"], rows[1]["dst_port"]) == (53, 0)
    assert (reading.bad_lines, reading.bad_numbers) == (1, [4])


def test_nfdump_s_flags_and_icmp_types_are_read_and_its_summary_is_not(tmp_path):
    reading, rows = read(tmp_path, NFDUMP)
    assert (rows[0]["tcp_flags"], rows[0]["exporter"], rows[0]["reverse_packets"]) == (0x1B, "192.168.50.1", None)
    assert (rows[1]["proto"], rows[1]["icmp_type"]) == ("icmp", 8)
    assert (reading.records, reading.bad_lines) == (2, 0)


@pytest.mark.parametrize("content", [b"", b"\xa1\xb2\xc3\xd4\x00\x00", b"hello,world\n", b"\x1f\x8bbroken"])
def test_anything_else_is_no_text_of_flows(tmp_path, content):
    file = tmp_path / "other"
    file.write_bytes(content)
    assert kind_of(file) is None
