"""Mails as files and their scores, at the command line."""

import json

from tests.fixtures.cases import FLOW, make_case

from mailscope.cli.main import main


def test_files_are_listed(tmp_path, capsys):
    make_case(tmp_path / "case", messages=[{"session_id": f"{FLOW}/0", "message": 1, "raw": b"Subject: x\r\n"}])
    assert main(["messages", str(tmp_path / "case"), "--eml", str(tmp_path / "mails")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/mails/{FLOW}-0-0001.eml\n"


def test_scores_are_printed_one_json_a_line_and_harmless(tmp_path, capsys):
    row = {"session_id": f"{FLOW}/0", "message": 1, "transfer": "smtp-data", "from_client": True, "subject": "x\x1b[2J"}
    make_case(tmp_path / "case", messages=[row | {"from_addrs": ["a@b.example"], "from_names": ["PayPal"]}])
    assert main(["messages", str(tmp_path / "case"), "--scores"]) == 0
    out = capsys.readouterr().out
    (told,) = map(json.loads, out.splitlines())
    assert "\x1b" not in out
    assert told["score"] > 0
    assert {"name", "weight", "what"} == set(told["signals"][0])


def test_one_of_the_two_must_be_asked_for(tmp_path, capsys):
    make_case(tmp_path / "case", messages=[])
    assert main(["messages", str(tmp_path / "case")]) == 2
    assert "--scores" in capsys.readouterr().err
