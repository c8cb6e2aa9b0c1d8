"""The documents tell of everything there is, and of nothing there is not."""

import json
import re
import shlex
from pathlib import Path

import pytest
from scripts.reference.outcomes import outcomes
from scripts.reference.web import signs

from mailscope.cli.main import VERBS, main, verb_module
from mailscope.cli.parser import Parser
from mailscope.detect.registry import KINDS
from mailscope.schema.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])


def read(path):
    return (ROOT / path).read_text("utf-8")


def commands(text):
    """Every `mailscope ...` line of a code block or example."""
    joined = text.replace("\\\n", " ")
    return re.findall(r"^ *(?:\$ )?(mailscope [a-z].*)$", joined, re.MULTILINE)


def parsed(command):
    verb, *argv = shlex.split(command.split(" | ")[0].split(" > ")[0].split(" < ")[0], comments=True)[1:]
    module = verb_module(verb)
    parser = Parser(f"mailscope {verb}", "", module.EXAMPLES)
    module.arguments(parser)
    return parser.parse_args(argv)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_a_page_is_understood(path):
    for command in commands(path.read_text("utf-8")):
        if "..." not in command and "VERB" not in command:
            parsed(command)


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_in_a_help_text_is_understood(verb):
    examples = [line for line in verb_module(verb).EXAMPLES.strip().splitlines() if line.startswith("mailscope")]
    assert examples
    for example in examples:
        parsed(example)


def test_every_verb_and_option_is_in_the_reference():
    page = read("docs/reference/cli.md")
    for verb in VERBS:
        assert f"## mailscope {verb}\n" in page


def test_every_table_and_column_is_in_the_reference():
    page = read("docs/reference/tables.md")
    for name, table in TABLES.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert [column.name for column in table.columns if f"| `{column.name}` |" not in section] == []


def test_every_outcome_is_in_the_reference():
    page = read("docs/reference/outcomes.md")
    assert len(outcomes()) > 20
    assert [slug for slug in outcomes() if f"| `{slug}` |" not in page] == []


def test_every_sign_of_web_traffic_is_in_the_reference():
    page = read("docs/reference/web.md")
    for name in ("ANSWER_SIGNS", "FILE_SIGNS"):
        assert len(signs(name)) > 10
        assert [slug for slug in signs(name) if f"| `{slug}` |" not in page] == []


def test_every_kind_of_finding_is_in_the_reference():
    page = read("docs/reference/findings.md")
    for kind in KINDS:
        assert kind.flags in page.split(f"\n## {kind.slug}\n")[1].split("\n## ")[0]


def test_every_member_of_the_answer_is_in_the_reference():
    schema = json.loads(read("python/mailscope/investigation/answer.schema.json"))
    page = read("docs/reference/answer.md")
    assert [name for name in schema["properties"] if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def test_every_file_named_in_the_recipes_exists():
    for name in re.findall(
        r"`((?:crates|python|tests|docs|scripts|fuzz|bench|examples)/[\w./-]+)`", read("CONTRIBUTING.md")
    ):
        assert (ROOT / name).exists(), name


def test_every_target_of_make_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    for path in PAGES:
        named = set(re.findall(r"`make ([a-z-]+)`", path.read_text("utf-8")))
        assert named <= targets, path


def test_the_architecture_fits_in_one_reading():
    assert len(read("ARCHITECTURE.md").splitlines()) <= 150


def test_the_readme_shows_what_the_demo_prints(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    demo = re.search(r"mailscope (investigate .*) -o", read("Makefile"))[1]
    assert main(shlex.split(demo)) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = re.search(r"```text\n(.*?)```", read("README.md"), re.DOTALL)[1].splitlines()
    assert [line for line in shown if line not in printed] == []
