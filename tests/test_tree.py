"""The tree keeps its rules: tests mirror packages, names say what is inside, files stay readable."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "mailscope"
DUMPING_GROUNDS = {"utils", "util", "common", "helpers", "helper", "misc", "types", "core", "base", "tools", "lib"}
LONG_FILE = 400
LONG_FOR_A_REASON = {
    "python/mailscope/schema/records.py": "generated",
    "crates/decode/src/record.rs": "the vocabulary of all decoders: plain structs, one a table, read side by side",
    "crates/decode/src/smtp/state.rs": "one session's transitions",
    "crates/decode/src/smtp/tests.rs": "a list of cases",
    "crates/decode/src/pop3/state.rs": "one session's transitions",
    "crates/decode/src/http/answers.rs": "one direction of one connection",
    "crates/decode/src/undecided.rs": "what is held while nothing is recognised, and when it is decided: one machine",
    "crates/decode/src/identify/text.rs": "a list of applications",
    "crates/fuzzed/src/pathological.rs": "a list of hostile conversations",
}


def modules():
    return [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]


def sources():
    """What is read to understand the program; lists of test cases may be as long as they are."""
    return [*(ROOT / "crates").glob("*/src/**/*.rs"), *PACKAGE.rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]


def test_test_files_stand_where_the_module_does():
    """tests/cli/test_show.py tests mailscope/cli/show.py; a test of a whole package or of the tree is at the top."""
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    for package in packages:
        known = {f"test_{path.stem}.py" for path in (PACKAGE / package).glob("*.py")}
        found = {path.name for path in (ROOT / "tests" / package).glob("test_*.py")}
        assert found <= known, f"tests/{package} tests what mailscope/{package} does not have"


def test_every_package_has_tests():
    for path in PACKAGE.iterdir():
        if (path / "__init__.py").exists():
            assert list((ROOT / "tests" / path.name).glob("test_*.py")), f"tests/{path.name} is empty"


def test_no_module_is_a_dumping_ground():
    assert [path for path in modules() if path.stem in DUMPING_GROUNDS] == []


def test_package_files_hold_nothing_but_a_docstring_and_names():
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent != PACKAGE:
            kinds = {type(node) for node in ast.parse(path.read_text("utf-8")).body}
            assert kinds <= {ast.Expr, ast.ImportFrom, ast.Assign}, path


def test_public_names_fit_on_a_page():
    assert len((PACKAGE / "__init__.py").read_text("utf-8").splitlines()) <= 40


def test_no_file_has_outgrown_its_reader():
    long = {
        str(path.relative_to(ROOT))
        for path in sources()
        if len(path.read_text("utf-8").split("#[cfg(test)]")[0].splitlines()) > LONG_FILE
    }
    assert long <= LONG_FOR_A_REASON.keys(), "split by noun, or say in LONG_FOR_A_REASON why not"


def test_nothing_names_a_machine():
    here = ("/" + "tmp/", "/" + "work/", "/" + "home/")
    texts = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *PACKAGE.rglob("*.py")]
    assert [path for path in texts if any(place in path.read_text("utf-8") for place in here)] == []
