"""What a person meets at the terminal whatever the verb."""

import shlex
import subprocess
import sys

import pytest
from tests.fixtures.cases import make_case
from tests.test_docs import ROOT

from mailscope.cli import main as cli
from mailscope.cli.main import VERBS, main
from mailscope.ingest.captures import read


def test_help_lists_every_verb_and_exit_code(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {verb}" in text for verb in VERBS)
    assert all(code in text for code in ("130", "141", "10"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples_of_itself(verb, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    assert f"mailscope {verb}" in capsys.readouterr().out.split("examples:")[1]


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_the_terminal_but_for_what_is_copied(verb, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    lines = capsys.readouterr().out.split("examples:")[0].splitlines()
    # argparse never breaks the list of an option's choices.
    assert [line for line in lines if len(line) > 80 and "{" not in line] == []


def test_no_verb_is_a_usage_error_and_prints_help(capsys):
    assert main([]) == 2
    assert "verbs:" in capsys.readouterr().out


def test_a_mistyped_verb_gets_a_suggestion(capsys):
    assert main(["investigat"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no verb `investigat`\nhint: did you mean `mailscope investigate`?\n"
    )


def test_a_wrong_argument_is_an_error_and_a_hint(capsys):
    assert main(["show", "case", "flows", "--limit", "0"]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: argument --limit: `0` is not")
    assert hint == "hint: `mailscope show --help` lists arguments and examples"


def test_control_characters_in_arguments_reach_no_terminal(capsys):
    assert main(["show", "no\x1b[2Jcase", "flows"]) == 4
    assert "\x1b" not in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_an_error_and_a_hint(monkeypatch, capsys):
    def refuse(_argv):
        raise PermissionError(13, "Permission denied", "/proc/case")

    monkeypatch.setattr(cli, "dispatch", refuse)
    assert main(["tables"]) == 4
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: `/proc/case`: Permission denied"
    assert hint.startswith("hint: ")


def test_ctrl_c_is_one_line_and_code_130(monkeypatch, capsys):
    def interrupt(_argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "dispatch", interrupt)
    assert main(["tables"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error_message(tmp_path):
    make_case(tmp_path / "case", logins=[{"user": "x" * 100}] * 5000)
    shown = shlex.join([sys.executable, "-m", "mailscope", "show", str(tmp_path / "case"), "logins"])
    command = f"{shown} --limit 5000 --format ndjson | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("{")
    assert done.stderr == ""


def test_starting_loads_nothing_heavy():
    heavy = "{'pyarrow', 'duckdb', 'ibis', 'rich', 'jinja2', 'click', 'dataclasses', 'numpy', 'pandas'}"
    script = (
        "import sys; import mailscope, mailscope.cli.main, mailscope.cli.tables, mailscope.cli.parser;"
        f"print(sorted(set(sys.modules) & {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.long
def test_no_command_writes_outside_its_output(tmp_path):
    places = {name: tmp_path / name for name in ("home", "temporary", "here", "out")}
    for place in places.values():
        place.mkdir()
    environment = {"HOME": str(places["home"]), "TMPDIR": str(places["temporary"]), "PATH": "/usr/bin:/bin"}
    environment["PYTHONPATH"] = str(ROOT / "python")
    link, out = str(ROOT / "examples" / "link.pcap"), str(places["out"])
    flow = next(read(link)["mail_sessions"].records()).flow_id
    for command in (
        ["investigate", link, "--own", "10.0.0.0/8", "--keep-messages", "-o", f"{out}/case"],
        ["investigate", link, "--own", "10.0.0.0/8", "--json"],
        ["tables", link, "-o", f"{out}/csv", "--format", "csv"],
        ["show", f"{out}/case", "flows"],
        ["sql", f"{out}/case", "select count(*) from flows"],
        ["carve", f"{out}/case", "--flow", flow, "-o", f"{out}/proof.pcapng"],
        ["messages", f"{out}/case", "--eml", f"{out}/mails"],
        ["schema"],
        ["completion", "bash"],
    ):
        done = subprocess.run(
            [sys.executable, "-B", "-m", "mailscope", *command],
            cwd=places["here"], env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout
    assert sorted(path.name for path in places["out"].iterdir()) == ["case", "csv", "mails", "proof.pcapng"]
    assert {path.name for path in (places["out"] / "case").iterdir()} == {
        "case.json", "findings.json", "report.html", "tables",
    }  # fmt: skip
    for name in ("home", "temporary", "here"):
        assert list(places[name].iterdir()) == [], name


def test_what_the_system_refuses_has_a_next_step(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert main(["tables", str(ROOT / "examples" / "link.pcap"), "-o", str(tmp_path / "taken")]) == 4
    assert "hint: a folder is wanted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "wrong", "told"),
    [
        ("--own", "10.0.0.0/99", "is no network"),
        ("--own-domain", "a.example, b.example", "is no mail domain"),
        ("--own-domain", "192.0.2.1", "is no mail domain"),
    ],
)
def test_a_mistake_in_the_owners_network_is_told_before_anything_is_read(option, wrong, told, tmp_path, capsys):
    assert main(["investigate", str(tmp_path / "none.pcap"), option, wrong, "-o", str(tmp_path / "case")]) == 2
    assert f"`{wrong}` {told}" in capsys.readouterr().err
    assert not (tmp_path / "case").exists()
