"""Mail logs at the terminal."""

import json

import pytest

from mailscope.cli.main import main

LOG = "".join(
    f"Nov 3 08:24:25 mail sendmail[{n}]: hA30OPt10100{n}: from=<s{n}@x.example>, size=69{n}0, class=0, nrcpts=1, "
    f"msgid=<{n}@x>, proto=SMTP, daemon=MTA, relay=h.x.example [216.22.24.{80 + n}] (may be forged)\n"
    for n in range(5)
)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "maillog"
    path.write_text(LOG + "\x1b[2J garbage\n")
    return str(path)


def test_stories_are_a_table_and_unread_lines_are_told(log, capsys):
    assert main(["maillog", log, "--year", "2003", "--zone", "+0800"]) == 0
    out, err = capsys.readouterr()
    assert "216.22.24.81" in out
    assert "2003-11-03" in out
    assert "00:24:25" in out
    assert "1 line could not be read, the first at maillog:6" in err


def test_one_object_a_story_a_line(log, capsys):
    assert main(["maillog", log, "--year", "2003", "--json", "--address", "216.22.24.82"]) == 0
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["client_addr"], told["size_bytes"], told["is_forged"]) == ("216.22.24.82", 6920, True)
    assert told["rows"][0]["line"] == 3


def test_a_burst_is_listed_as_one(log, capsys):
    assert main(["maillog", log, "--year", "2003", "--bursts", "--json"]) == 0
    (burst,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (burst["network"], burst["mails"], burst["forged"]) == ("216.22.24.0/24", 5, 5)


@pytest.mark.parametrize("wrong", [("--zone", "+99"), ("--zone", "../etc/passwd"), ("--year", "0"), ("--address", "x")])
def test_options_that_mean_nothing_are_said(log, wrong, capsys):
    assert main(["maillog", log, *wrong]) == 2
    assert "error:" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(tmp_path, capsys):
    assert main(["maillog", str(tmp_path / "none")]) == 3
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_of_which_no_line_is_a_mail_servers_is_asked_about(tmp_path, capsys):
    (tmp_path / "a.pdf").write_text("%PDF-1.4\n")
    assert main(["maillog", str(tmp_path / "a.pdf")]) == 0
    told = capsys.readouterr().err
    assert "1 line could not be read" in told
    assert "hint: is this a mail server's log?" in told
