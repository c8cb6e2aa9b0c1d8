"""Captures in, tables out."""

import json
import os
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.fixtures.cases import FLOW, arrow_type
from tests.test_docs import ROOT

import mailscope
from mailscope.errors import InputError, StoreError, UsageError
from mailscope.ingest.captures import carve, read, spooled, write_case
from mailscope.schema.tables import TABLES
from mailscope.store.case import Case

LINK = ROOT / "examples" / "link.pcap"
INSIDE = ROOT / "examples" / "inside.pcap"


def test_one_capture_gives_every_table():
    tables = read(LINK)
    assert list(tables) == list(TABLES)[: len(tables)]
    assert len(tables["flows"]) > 100
    assert tables.inputs[0]["packets"] == 6317
    assert tables.inputs[0]["sha256"].startswith("59a9c0d3")


def test_a_case_holds_the_same_rows_as_memory(tmp_path):
    case = write_case([LINK, INSIDE], tmp_path / "case")
    memory = read([LINK, INSIDE])
    for name, table in memory.items():
        assert case[name].to_pyarrow().equals(table.to_pyarrow()), name


def test_columns_have_the_types_that_the_reference_tells():
    for name, table in read(LINK).items():
        for field in table.to_pyarrow().schema:
            documented = next(c for c in TABLES[name].columns if c.name == field.name)
            plain = field.type.value_type if str(field.type).startswith("dictionary") else field.type
            assert plain == arrow_type(documented.type), (name, field)
            assert field.nullable == documented.nullable


def test_the_manifest_says_what_was_read_with_which_versions(tmp_path):
    case = write_case([LINK], tmp_path / "case", mailscope.Options(mask_users=True))
    manifest = json.loads((tmp_path / "case" / "case.json").read_text())
    assert manifest["inputs"][0]["end"] == "complete"
    assert manifest["options"]["mask_users"] is True
    assert set(manifest) >= {"format", "mailscope", "python", "options", "inputs"}
    assert Case.open(case.path).inputs == case.inputs


def test_a_new_reading_into_the_same_folder_replaces_the_old_one(tmp_path):
    write_case([LINK, INSIDE], tmp_path / "case")
    case = write_case([LINK], tmp_path / "case")
    assert len(case["flows"]) == len(read(LINK)["flows"])


@pytest.mark.parametrize("make", [read, lambda paths: carve(paths, [FLOW], "x")])
def test_what_is_no_capture_is_an_input_error(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("no capture\n" * 10)
    for path in ("missing.pcap", "a.txt"):
        with pytest.raises(InputError, match=path):
            make(path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_no_capture_is_a_usage_error():
    with pytest.raises(UsageError):
        read([])


def test_ctrl_c_stops_the_core_and_leaves_no_table(tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_case([LINK] * 200, tmp_path / "case", progress=interrupt)
    assert [path for path in (tmp_path / "case").rglob("*") if path.is_file()] == []


def test_a_flow_is_carved_from_the_captures_of_a_case(tmp_path):
    case = write_case([LINK, INSIDE], tmp_path / "case")
    flow = next(case["flows"].records())
    count = carve(case, [flow.flow_id], tmp_path / "proof.pcapng")
    assert count == flow.orig_packets + flow.resp_packets
    (again,) = read(tmp_path / "proof.pcapng")["flows"].records()
    assert again.flow_id == flow.flow_id
    assert again.community_id == flow.community_id


def test_carving_never_overwrites_a_capture(tmp_path):
    capture = tmp_path / "a.pcap"
    capture.write_bytes(LINK.read_bytes())
    with pytest.raises(UsageError):
        carve(capture, [FLOW], capture)


def test_a_case_whose_capture_is_gone_says_which(tmp_path):
    capture = tmp_path / "a.pcap"
    capture.write_bytes(LINK.read_bytes())
    case = write_case(capture, tmp_path / "case")
    capture.unlink()
    with pytest.raises(InputError, match=r"a\.pcap"):
        carve(case, [FLOW], tmp_path / "out.pcapng")


def test_parquet_files_open_without_mailscope(tmp_path):
    case = write_case([LINK], tmp_path / "case")
    assert pq.read_table(case.path / "tables" / "flows.parquet").num_rows == len(case["flows"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_full_disk_is_an_error_that_says_where_and_what_to_do(tmp_path):
    (tmp_path / "case" / "tables").mkdir(parents=True)
    (tmp_path / "case" / "tables" / ".flows.parquet.part").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"cannot write `.*flows.parquet.part`: No space left") as raised:
        write_case([ROOT / "examples" / "link.pcap"], tmp_path / "case")
    assert raised.value.hint == "make room there, or write to another disk; what was there before is whole"
    assert not (tmp_path / "case" / "case.json").exists()


def test_a_reading_that_fails_leaves_no_folder_that_was_not_there_before(tmp_path):
    (tmp_path / "a.txt").write_text("no capture\n" * 10)
    (tmp_path / "old").mkdir()
    for folder in (tmp_path / "old" / "case", tmp_path / "new" / "case"):
        with pytest.raises(InputError):
            write_case(tmp_path / "a.txt", folder)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "old"]


def test_a_new_reading_takes_the_answer_of_the_old_one_away(tmp_path):
    case = write_case([LINK], tmp_path)
    case.write("findings.json", "{}")
    case.write("report.html", "<p>")
    write_case([INSIDE], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.json", "tables"]


def test_a_pipe_is_kept_so_that_it_can_be_read_twice(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(LINK.read_bytes(),))
    writer.start()
    (copy,) = spooled([pipe], tmp_path / "case")
    writer.join()
    assert Path(copy).read_bytes() == LINK.read_bytes()
    assert spooled([LINK], tmp_path) == [str(LINK)]
