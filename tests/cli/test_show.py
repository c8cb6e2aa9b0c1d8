"""Rows on a terminal: they fit, and they do nothing."""

import json
import re

import pytest
from tests.fixtures.cases import make_case

from mailscope.cli.main import main
from mailscope.cli.show import FIRST_LOOK
from mailscope.schema.tables import STORED, TABLES

HOSTILE = "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe [bold red]markup[/] \r\noverwritten"


@pytest.fixture
def case(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    make_case(
        tmp_path / "case",
        messages=[{"subject": HOSTILE, "from_addrs": [HOSTILE, "a@b"], "client_addr": "10.1.20.4"}],
        logins=[{"user": f"user{n}", "success": "no"} for n in range(30)],
    )
    return str(tmp_path / "case")


def shown(capsys, *argv):
    assert main(["show", *argv]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", [[], ["--columns", "all"], ["--columns", "subject"]])
def test_hostile_text_moves_nothing(case, capsys, columns):
    text = shown(capsys, case, "messages", *columns)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "\\x1b[2J" in text


def test_markup_in_text_is_text(case, capsys):
    assert "[bold red]markup[/]" in shown(capsys, case, "messages", "--columns", "subject")


@pytest.mark.parametrize("table", TABLES)
def test_lines_fit_the_terminal(case, capsys, table):
    for columns in ([], ["--columns", "all"]):
        assert max(map(len, shown(capsys, case, table, *columns).splitlines())) <= 100


def test_first_look_names_columns_that_exist():
    for table, columns in FIRST_LOOK.items():
        assert set(columns.split()) <= {column.name for column in STORED[table].columns}


def test_a_condition_limits_rows_and_a_limit_says_what_is_left(case, capsys):
    assert shown(capsys, case, "logins", "--where", "user = 'user7'", "--format", "csv", "--columns", "user") == (
        "user\nuser7\n"
    )
    assert "20 of 30 rows" in shown(capsys, case, "logins")


@pytest.mark.parametrize("where", ["1=1) UNION SELECT 1 --", "1=1; DROP VIEW logins", "nothing = 1", "("])
def test_a_condition_is_a_condition(case, capsys, where):
    assert main(["show", case, "logins", "--where", where]) == 4
    assert capsys.readouterr().err.startswith("error: ")


def test_a_wrong_column_is_named(case, capsys):
    assert main(["show", case, "logins", "--columns", "usre"]) == 4
    assert "`usre`" in capsys.readouterr().err


def test_ndjson_goes_to_programs(case, capsys):
    text = shown(capsys, case, "messages", "--format", "ndjson", "--columns", "subject")
    assert json.loads(text) == {"subject": HOSTILE}


def test_without_a_table_it_says_which_there_are(case, capsys):
    lines = shown(capsys, case).splitlines()
    assert ["logins", "30"] in [line.split() for line in lines]
    assert len(lines) == 1 + len(TABLES)
