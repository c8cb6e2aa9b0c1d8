"""Mails as files, at the command line."""

from tests.fixtures.cases import FLOW, make_case

from mailscope.cli.main import main


def test_files_are_listed(tmp_path, capsys):
    make_case(tmp_path / "case", messages=[{"session_id": f"{FLOW}/0", "message": 1, "raw": b"Subject: x\r\n"}])
    assert main(["messages", str(tmp_path / "case"), "--eml", str(tmp_path / "mails")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/mails/{FLOW}-0-0001.eml\n"
