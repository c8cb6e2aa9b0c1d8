"""The tables explained at the terminal."""

from mailscope.cli.main import main
from mailscope.schema.tables import STORED, TABLES


def test_all_tables_are_listed(capsys):
    assert main(["schema"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0] != " "] == list(STORED)


def test_a_table_is_explained_column_by_column(capsys):
    assert main(["schema", "logins"]) == 0
    text = capsys.readouterr().out
    assert all(column.name in text for column in TABLES["logins"].columns)


def test_no_line_is_wider_than_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["schema", "proxy_requests"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_an_unknown_table_is_refused(capsys):
    assert main(["schema", "login"]) == 4
