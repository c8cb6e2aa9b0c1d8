"""What the desk's verbs share."""

from mailscope.cli.main import main


def test_a_desk_that_begins_says_where_and_says_it_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["cases", "list"]) == 0
    assert f"a new desk begins: `{tmp_path / 'mailscope-desk.db'}`" in capsys.readouterr().err
    assert main(["cases", "list"]) == 0
    assert capsys.readouterr().err == ""
