"""SQL at the command line."""

import io

from tests.fixtures.cases import make_case

from mailscope.cli.main import main


def test_rows_are_printed(tmp_path, capsys):
    make_case(tmp_path / "case", logins=[{"user": "info"}])
    assert main(["sql", str(tmp_path / "case"), "select user from logins", "--format", "csv"]) == 0
    assert capsys.readouterr().out == "user\ninfo\n"


def test_a_query_can_come_from_standard_input(tmp_path, capsys, monkeypatch):
    make_case(tmp_path / "case")
    monkeypatch.setattr("sys.stdin", io.StringIO("select count(*) as n from flows"))
    assert main(["sql", str(tmp_path / "case"), "-", "--format", "ndjson"]) == 0
    assert capsys.readouterr().out == '{"n": 0}\n'


def test_column_names_made_by_the_query_move_nothing(tmp_path, capsys):
    make_case(tmp_path / "case")
    for format_ in ("table", "csv", "ndjson"):
        assert main(["sql", str(tmp_path / "case"), 'select 1 as "\x1b[2J"', "--format", format_]) == 0
        assert "\x1b" not in capsys.readouterr().out


def test_a_change_is_refused(tmp_path, capsys):
    make_case(tmp_path / "case")
    assert main(["sql", str(tmp_path / "case"), "drop view flows"]) == 4
    assert "a case is never changed by SQL" in capsys.readouterr().err


def test_a_mistake_is_told_on_one_line_with_what_there_is(tmp_path, capsys):
    make_case(tmp_path / "case", logins=[{"user": "info"}])
    assert main(["sql", str(tmp_path / "case"), "select * from nosuch"]) == 4
    error, hint = capsys.readouterr().err.splitlines()
    assert "\\x0a" not in error
    assert "pg_" not in error
    assert hint.startswith("hint: the tables are ")
    assert "logins" in hint
