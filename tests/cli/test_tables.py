"""The verb `tables`: files where they were asked for, and nowhere else."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.test_docs import ROOT

from mailscope.cli.main import main
from mailscope.store.case import Case

LINK = str(ROOT / "examples" / "link.pcap")


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("format_", ["parquet", "ndjson", "csv"])
def test_files_are_written_to_the_folder_and_listed(format_, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tables", LINK, "-o", "out", "--format", format_]) == 0
    done = capsys.readouterr()
    written = files(tmp_path)
    assert sorted([*done.out.split(), "out/case.json"]) == written
    assert {path.rsplit(".", 1)[1] for path in written} == {format_, "json"}
    assert done.err == ""


def test_all_formats_hold_the_same_rows(tmp_path):
    for format_ in ("parquet", "ndjson", "csv"):
        main(["tables", LINK, "-o", str(tmp_path / format_), "--format", format_])
    ids = Case.open(tmp_path / "parquet")["flows"].to_pyarrow().column("flow_id").to_pylist()
    lines = (tmp_path / "ndjson" / "tables" / "flows.ndjson").read_text().splitlines()
    assert [json.loads(line)["flow_id"] for line in lines] == ids
    with (tmp_path / "csv" / "tables" / "flows.csv").open() as file:
        assert [row["flow_id"] for row in csv.DictReader(file)] == ids


def test_standard_input_is_read(tmp_path):
    with Path(LINK).open("rb") as capture:
        command = [sys.executable, "-m", "mailscope", "tables", "-", "-o", str(tmp_path / "out")]
        done = subprocess.run(command, stdin=capture, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert Case.open(tmp_path / "out").inputs[0]["packets"] == 6317


def test_a_cut_capture_is_read_as_far_as_it_goes_and_said_to_be_cut(tmp_path, capsys):
    (tmp_path / "cut.pcap").write_bytes((ROOT / "examples" / "link.pcap").read_bytes()[:100_001])
    assert main(["tables", str(tmp_path / "cut.pcap"), "-o", str(tmp_path / "out")]) == 0
    error = capsys.readouterr().err
    assert error.startswith("warning: ")
    assert "cut.pcap" in error
    assert "offset" in error
    assert len(Case.open(tmp_path / "out")["flows"]) > 0


def test_what_is_no_capture_is_named_with_code_3(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no capture\n")
    assert main(["tables", str(tmp_path / "notes.txt"), "-o", str(tmp_path / "out")]) == 3
    assert "notes.txt" in capsys.readouterr().err
    assert files(tmp_path) == ["notes.txt"]


def test_a_folder_that_cannot_be_made_is_code_4(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["tables", LINK, "-o", str(tmp_path / "file")]) == 4
    assert capsys.readouterr().err.startswith("error: ")


def test_an_interrupted_run_leaves_no_half_table(tmp_path):
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "mailscope", "tables", "-", "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=reading, stderr=subprocess.PIPE, text=True) as process:
        os.write(writing, (ROOT / "examples" / "link.pcap").read_bytes()[:50_000])
        while not (tmp_path / "out" / "tables").exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        os.write(writing, (ROOT / "examples" / "link.pcap").read_bytes()[50_000:60_000])
        os.close(writing)
        error = process.stderr.read()
    os.close(reading)
    assert process.returncode in (130, 0), error
    assert not [name for name in files(tmp_path) if ".part" in name or name.startswith("out/tables/.")]
    assert "Traceback" not in error
