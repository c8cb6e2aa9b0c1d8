import gzip
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailscope.errors import InputError
from mailscope.ingest.flow_rows import arrow_schema
from mailscope.ingest.flowlogs import flow_records, kind_of, write_flow_records

ZEEK = """#separator \\x09
#path\tconn
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tstring\tcount\tcount\tcount\tcount
1700000000.250000\tC1\t10.0.0.1\t40000\t192.0.2.1\t25\ttcp\tssl,smtp\t1.500000\t100\t200\tSF\tShADad\t5\t360\t4\t410
1700000001.000000\tC2\t10.0.0.2\t8\t192.0.2.1\t0\ticmp\t-\t-\t-\t-\tOTH\t-\t1\t84\t0\t0
1700000002.000000\tC3\t10.0.0.3\t40001\tno address\t25\ttcp\t-\t-\t-\t-\tS0\tS\t1\t60\t0\t0
a line that is cut
"""
EVE_FLOW = {
    "timestamp": "2023-11-14T22:13:25.000000+0000", "event_type": "flow", "src_ip": "10.0.0.1", "src_port": 40000,
    "dest_ip": "2001:DB8::1", "dest_port": 587, "proto": "TCP", "app_proto": "smtp",
    "flow": {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 360, "bytes_toclient": 410,
             "start": "2023-11-14T22:13:20.250000+0000", "end": "2023-11-14T22:13:21.750000+0000", "reason": "timeout"},
    "tcp": {"tcp_flags_ts": "1b", "tcp_flags_tc": "1b"},
}  # fmt: skip
EVE = "\n".join([json.dumps({"event_type": "dns"}), json.dumps(EVE_FLOW), "{broken", ""])
ARGUS = """StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label
2011/08/16 10:01:46.972101,1.5,tcp,10.0.0.1,40000,   ->,192.0.2.1,25,FSPA_FSPA,0,0,9,770,360,flow=Background
2011/08/16 10:01:47.000000,0.0,tcp,10.0.0.2,40001,   ->,192.0.2.1,25,S_,0,,1,60,60,flow=From-Botnet
2011/08/16 10:01:47.000000,0.0,tcp,192.0.2.9,25,   <?,10.0.0.3,40002,PA_A,0,0,3,300,200,flow=Background
2011/08/16 10:01:48.000000,0.0,icmp,10.0.0.2,0x0008,   ->,192.0.2.1,0x0000,ECO,0,,1,84,84,flow=Background
2011/08/16 10:01:48.000000,0.0,arp,00:11:22:33:44:55,,  who,192.0.2.1,,INT,,,1,60,60,flow=Background
"""
NFDUMP = """ts,te,sa,da,sp,dp,pr,flg,ipkt,ibyt,in,out,sas,das,nh,ra
2026-11-21 20:05:49,2026-11-21 20:05:50,10.0.0.1,192.0.2.1,40000,25,TCP,...AP.SF,12,906,3,4,64500,0,0.0.0.0,192.0.2.254
2026-11-21 20:05:49,2026-11-21 20:05:49,10.0.0.2,192.0.2.1,0,8.0,ICMP,........,1,84,0,0,0,0,0.0.0.0,192.0.2.254
Summary
flows,bytes,packets,avg_bps,avg_pps,avg_bpp
2,990,13,0,0,0
"""
SMTP_LOG = {"ts": 1700000000.5, "id.orig_h": "10.0.0.1", "id.orig_p": 4, "id.resp_h": "192.0.2.1", "id.resp_p": 25}
SMTP_LOG |= {"helo": "mail.example", "trans_depth": 1}


def read(tmp_path, text, name="log"):
    (tmp_path / name).write_text(text)
    tables = []
    report = flow_records([tmp_path / name], tables.append)
    return pa.concat_tables(tables).to_pylist() if tables else [], report


def values(row, names):
    return tuple(row[name] for name in names.split())


def test_zeek_s_connections_tell_both_directions_and_bad_lines_have_numbers(tmp_path):
    rows, report = read(tmp_path, ZEEK)
    mail, ping = rows
    assert values(mail, "src_addr src_port dst_addr dst_port proto app ended") == (
        "10.0.0.1", 40000, "192.0.2.1", 25, "tcp", "smtp", "SF")  # fmt: skip
    assert values(mail, "packets bytes reverse_packets reverse_bytes") == (5, 360, 4, 410)
    assert values(mail, "tcp_flags reverse_tcp_flags record") == (0x12, 0x12, 5)
    assert (mail["end"] - mail["start"]).total_seconds() == 1.5
    assert values(ping, "icmp_type icmp_code src_port dst_port") == (8, 0, 0, 0)
    assert [line for line, _why in report.logs[0].first_bad] == [7, 8]


def test_suricata_s_flows_are_read_and_other_events_are_not(tmp_path):
    rows, report = read(tmp_path, EVE)
    assert values(rows[0], "dst_addr dst_port packets reverse_bytes tcp_flags app format") == (
        "2001:db8::1", 587, 5, 410, 0x1B, "smtp", "eve")  # fmt: skip
    assert (len(rows), report.logs[0].other_lines, report.logs[0].bad_lines) == (1, 1, 1)


def test_numbers_that_no_column_holds_are_bad_lines_or_none_where_they_stand_beside(tmp_path):
    ping = EVE_FLOW | {"proto": "ICMP", "icmp_type": 7777778}
    _rows, report = read(tmp_path, json.dumps(ping) + "\n" + EVE)
    assert report.logs[0].first_bad[0] == (1, "a number is out of its range")
    head = "ts,te,sa,da,sp,dp,pr,ipkt,ibyt,sampling,stos,in\n"
    flow = "2023-11-14 22:13:20,2023-11-14 22:13:21,10.0.0.1,192.0.2.1,40000,25,TCP"
    lines = (f"{flow},5,360,1,999,eth0", f"{flow},5,360,4294967296,0,1", f"{flow},{2**63 - 1},360,4294967295,0,1")
    rows, report = read(tmp_path, head + "\n".join(lines) + "\n")
    assert [values(row, "tos input_if packets_est") for row in rows] == [(None, None, 5), (0, 1, 2**63 - 1)]
    assert [line for line, _why in report.logs[0].first_bad] == [3]


def test_argus_counts_packets_of_both_directions_together(tmp_path):
    rows, report = read(tmp_path, ARGUS)
    answered, attempt, turned, ping = rows
    assert values(answered, "packets bytes reverse_bytes tcp_flags") == (None, 360, 410, 0x1B)
    assert values(attempt, "packets reverse_packets reverse_bytes tcp_flags") == (1, 0, 0, 2)
    assert values(turned, "src_addr dst_addr dst_port bytes reverse_bytes") == ("10.0.0.3", "192.0.2.9", 25, 100, 200)
    assert values(ping, "proto icmp_type icmp_code") == ("icmp", 8, 0)
    assert (report.logs[0].format, report.logs[0].other_lines) == ("binetflow", 1)


def test_nfdump_s_csv_is_read_to_its_summary(tmp_path):
    rows, report = read(tmp_path, NFDUMP)
    assert values(rows[0], "packets bytes tcp_flags input_if src_as exporter next_hop") == (
        12, 906, 0x1B, 3, 64500, "192.0.2.254", None)  # fmt: skip
    assert rows[0]["start"] == datetime(2026, 11, 21, 20, 5, 49, tzinfo=UTC)
    assert values(rows[1], "proto icmp_type icmp_code") == ("icmp", 8, 0)
    assert report.logs[0].bad_lines == 0


def test_a_mail_of_smtp_log_is_a_record_without_counters(tmp_path):
    rows, _ = read(tmp_path, json.dumps(SMTP_LOG))
    assert values(rows[0], "format app packets dst_port") == ("zeek-smtp", "smtp", None, 25)


def test_a_compressed_file_is_read_and_what_was_written_is_read_again(tmp_path):
    (tmp_path / "conn.log.gz").write_bytes(gzip.compress(ZEEK.encode()))
    out = tmp_path / "out.parquet"
    assert write_flow_records([tmp_path / "conn.log.gz"], out).records == 2
    assert pq.read_schema(out).names == arrow_schema().names
    again = []
    assert flow_records([out], again.append).records == 2
    assert again[0].equals(pq.read_table(out))


@pytest.mark.parametrize("text", ["", "nothing of flows\n", "a,b,c\n1,2,3\n", "\0\1\2\3"])
def test_what_holds_no_flows_is_named(tmp_path, text):
    assert kind_of_text(tmp_path, text) == "unknown"
    with pytest.raises(InputError, match="holds no flow records"):
        read(tmp_path, text)


def kind_of_text(tmp_path, text):
    (tmp_path / "text").write_text(text)
    return kind_of(tmp_path / "text")


def test_a_line_without_end_is_one_bad_line(tmp_path):
    rows, report = read(tmp_path, NFDUMP.split("Summary")[0] + "x" * (3 << 20) + "\n")
    assert (len(rows), report.logs[0].bad_lines) == (2, 1)


def test_a_compressed_log_that_is_cut_gives_its_lines_and_says_so(tmp_path):
    head, mail = ZEEK.splitlines()[:4], ZEEK.splitlines()[4]
    lines = [*head, *(mail.replace("40000", str(number % 60000)) for number in range(20_000))]
    whole = gzip.compress("\n".join(lines).encode())
    (tmp_path / "conn.log.gz").write_bytes(whole[: len(whole) // 2])
    tables = []
    report = flow_records([tmp_path / "conn.log.gz"], tables.append)
    assert 1 < sum(map(len, tables)) < 20_000
    assert report.logs[0].first_bad[-1][1] == "the compressed file is cut or damaged here"
    (tmp_path / "no.gz").write_bytes(b"\x1f\x8bnothing of the kind")
    assert kind_of(tmp_path / "no.gz") == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "sIP|dIP|sPort|dPort|pro|packets|bytes|flags|sTime|eTime\n"
        "10.0.0.1|203.0.113.5|4000|25|6|9|1200|FSPA|2026/03/03T13:27:03.000|2026/03/03T13:27:05.000\n",
        "flowStartMilliseconds,flowEndMilliseconds,sourceIPv4Address,destinationIPv4Address,sourceTransportPort,"
        "destinationTransportPort,protocolIdentifier,packetDeltaCount,octetDeltaCount,tcpControlBits\n"
        "1772544423000,1772544425000,10.0.0.1,203.0.113.5,4000,25,6,9,1200,27\n",
        "event.start;event.end;source.ip;destination.ip;source.port;destination.port;network.transport;source.packets;"
        "source.bytes;exporter\n"
        "2026-03-03T21:27:03+08:00;2026-03-03T21:27:05+08:00;10.0.0.1;203.0.113.5;4000;25;tcp;9;1200;edge-1\n",
    ],
    ids=["silk", "ipfix-elements", "elastic"],
)
def test_columns_are_known_by_the_names_that_other_tools_give_them(tmp_path, text):
    ((row,), _) = read(tmp_path, text)
    assert (row["src_addr"], row["dst_addr"], row["dst_port"], row["proto"]) == ("10.0.0.1", "203.0.113.5", 25, "tcp")
    assert (row["packets"], row["bytes"], row["exporter"]) == (9, 1200, None)
    assert (row["start"].isoformat(), row["end"].second) == ("2026-03-03T13:27:03+00:00", 5)
