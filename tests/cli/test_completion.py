"""Completion knows what the parsers know."""

import subprocess

import pytest

from mailscope.cli.completion import bash, fish, options_of_verb
from mailscope.cli.main import VERBS, main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_verb_is_offered(shell, capsys):
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in VERBS)


def complete(*words):
    script = (
        f"{bash()}\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n_mailscope\necho ${{COMPREPLY[@]}}"
    )
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_verbs_options_and_tables():
    assert complete("mailscope", "inv") == ["investigate"]
    assert complete("mailscope", "show", "case", "mail_s") == ["mail_sessions"]
    assert "--where" in complete("mailscope", "show", "case", "flows", "--w")


def test_options_come_from_the_parsers():
    assert {"--flow", "--output"} <= set(options_of_verb("carve"))
    assert "-l flow" in fish()
