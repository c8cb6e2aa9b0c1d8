"""Whatever holds flows becomes one table."""

import struct
from pathlib import Path

import pytest
from tests.fixtures.flow_rows import as_arrow, mails

from mailscope.errors import InputError
from mailscope.ingest.captures import write_case
from mailscope.ingest.flow_sources import FlowSources, flow_records_of
from mailscope.ingest.flowlogs import flow_records
from mailscope.store.lake import Lake

CONN = """#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\tconn_state\torig_pkts\tresp_pkts
1700000000.5\tC1\t10.0.0.1\t40000\t192.0.2.25\t25\ttcp\t-\tS0\t2\t0
"""
ARGUS = """StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label
2011/08/16 10:01:46.972101,9.0,tcp,10.0.0.1,40000,   ->,192.0.2.25,25,S_RA,0,0,4,240,120,flow=From-Botnet
nonsense,,,
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


def ends(records):
    rows = records.select("src_addr", "dst_addr", "dst_port", "format").distinct().to_pyarrow().to_pylist()
    return {tuple(row.values()) for row in rows}


def test_files_and_folders_of_any_kind_are_read_together(tmp_path):
    folder = tmp_path / "logs"
    (folder / "day").mkdir(parents=True)
    (folder / "day" / "conn.log").write_text(CONN)
    (folder / "day" / ".hidden").write_text(ARGUS)
    (folder / "notes.txt").write_text("nothing of the kind")
    (tmp_path / "argus.csv").write_text(ARGUS)
    sources = FlowSources(tmp_path)
    records = sources.expression([folder, tmp_path / "argus.csv"])
    assert ("10.0.0.1", "192.0.2.25", 25, "zeek-conn") in ends(records)
    assert ("10.0.0.1", "192.0.2.25", 25, "binetflow") in ends(records)
    assert "holds no flows" in sources.notes[0]
    assert "1 lines could not be read; line 3" in sources.notes[1]


def test_a_case_and_its_capture_give_the_same_records(tmp_path):
    capture = EXAMPLES / "link.pcap"
    case = write_case([capture], tmp_path / "case")
    (tmp_path / "temporary").mkdir()
    from_case = flow_records_of([case.path], tmp_path)
    from_capture = flow_records_of([capture], tmp_path / "temporary")
    assert ends(from_case) == ends(from_capture)
    assert ends(from_case)


def test_an_argus_ping_counts_the_requests_of_its_packets(tmp_path):
    row = "2011/08/16 10:01:46.9,60.0,icmp,10.0.0.1,0x0008,  <->,192.0.2.9,0x0000,ECO,0,0,2000,168000,84000,x\n"
    (tmp_path / "argus.csv").write_text(ARGUS.splitlines()[0] + "\n" + row)
    (ping,) = flow_records_of([tmp_path / "argus.csv"], tmp_path).to_pyarrow().to_pylist()
    assert (ping["icmp_type"], ping["packets"], ping["reverse_packets"]) == (8, 1000, 1000)


def netflow9(tmp_path, sequences):
    """A capture of datagrams of NetFlow v9 with data of a template that never comes."""
    packets = []
    for number in sequences:
        data = struct.pack(">HH", 256, 44) + bytes(40)
        export = struct.pack(">HHIIII", 9, 1, 1000, 1_700_000_000, number, 7) + data
        udp = struct.pack(">HHHH", 50000, 2055, 8 + len(export), 0) + export
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + bytes([192, 0, 2, 1, 192, 0, 2, 9])
        frame = bytes(12) + b"\x08\x00" + ip + udp
        packets.append(struct.pack("<IIII", 1_700_000_000 + number, 0, len(frame), len(frame)) + frame)
    file = tmp_path / "exports.pcap"
    file.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(packets))
    return file


def test_exports_without_their_templates_are_named(tmp_path):
    sources = FlowSources(tmp_path)
    records = sources.expression([netflow9(tmp_path, range(5))])
    assert records.count().to_pyarrow().as_py() == 0
    (note,) = sources.notes
    assert "`192.0.2.1` (netflow-v9): 5 sets of its records came without their template" in note


def test_datagrams_missing_between_others_are_named(tmp_path):
    sources = FlowSources(tmp_path)
    sources.expression([netflow9(tmp_path, (0, 1, 5, 6))])
    assert "3 datagrams are missing by its sequence numbers" in sources.notes[0]


def test_a_capture_that_is_cut_off_is_named(tmp_path):
    file = netflow9(tmp_path, range(3))
    file.write_bytes(file.read_bytes()[:-10])
    sources = FlowSources(tmp_path)
    sources.expression([file])
    assert f"`{file}` is cut off or damaged after 2 packets (cut-off-record)" in sources.notes


def test_an_empty_folder_is_said_to_hold_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        flow_records_of([tmp_path / "empty"], tmp_path)


def test_a_store_is_read_with_the_types_of_the_table(tmp_path):
    (tmp_path / "argus.csv").write_text(ARGUS)
    from_file = flow_records_of([tmp_path / "argus.csv"], tmp_path)
    whole = []
    flow_records([tmp_path / "argus.csv"], whole.append)
    Lake(tmp_path / "store").append(whole[0], app="test", number=1)
    from_store = flow_records_of([tmp_path / "store"], tmp_path)
    assert from_store.schema() == from_file.schema()
    assert from_store.to_pyarrow().to_pylist() == from_file.to_pyarrow().to_pylist()


def test_what_is_named_and_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError):
        flow_records_of([tmp_path / "missing.pcap"], tmp_path)


def test_several_stores_are_read_together(tmp_path):
    for number, client in enumerate(("10.0.0.1", "10.0.0.2"), start=1):
        Lake(tmp_path / client).append(as_arrow(mails(client, number)), app="test", number=0)
    records = FlowSources(tmp_path).expression([tmp_path / "10.0.0.1", tmp_path / "10.0.0.2"])
    counts = (
        records.group_by("src_addr").agg(rows=records.count()).filter(lambda found: found.src_addr.startswith("10."))
    )
    assert sorted(counts.to_pyarrow()["rows"].to_pylist()) == [1, 2]
