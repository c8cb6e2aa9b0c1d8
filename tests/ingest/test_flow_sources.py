"""Whatever holds flows becomes one table."""

from pathlib import Path

import pytest
from tests.ingest.test_flow_text import ARGUS, CONN, NFDUMP

from mailscope.errors import InputError
from mailscope.ingest.captures import write_case
from mailscope.ingest.flow_sources import FlowSources, flow_records_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def ends(records):
    rows = records.select("src_addr", "dst_addr", "dst_port", "format").distinct().to_pyarrow().to_pylist()
    return {tuple(row.values()) for row in rows}


def test_files_and_folders_of_any_kind_are_read_together(tmp_path):
    folder = tmp_path / "logs"
    (folder / "day").mkdir(parents=True)
    (folder / "day" / "conn.log").write_text(CONN)
    (folder / "day" / ".hidden").write_text(NFDUMP)
    (tmp_path / "argus.csv").write_text(ARGUS)
    sources = FlowSources(tmp_path)
    records = sources.expression([folder, tmp_path / "argus.csv"])
    assert ("10.0.0.1", "192.0.2.25", 25, "zeek-conn") in ends(records)
    assert ("10.0.0.1", "192.0.2.25", 25, "binetflow") in ends(records)
    assert len(sources.notes) == 1
    assert "1 lines could not be read" in sources.notes[0]


def test_a_case_and_its_capture_give_the_same_records(tmp_path):
    capture = EXAMPLES / "link.pcap"
    case = write_case([capture], tmp_path / "case")
    (tmp_path / "temporary").mkdir()
    from_case = flow_records_of([case.path], tmp_path)
    from_capture = flow_records_of([capture], tmp_path / "temporary")
    assert ends(from_case) == ends(from_capture)
    assert ends(from_case)


def test_an_empty_folder_is_said_to_hold_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        flow_records_of([tmp_path / "empty"], tmp_path)
