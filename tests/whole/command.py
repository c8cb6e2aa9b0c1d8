"""The command line, run as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# Runs command lines one after another, each with files of its own as output: an interpreter's start costs more than
# most commands that only show something.
ONE_AFTER_ANOTHER = """
import json, os, sys
from mailscope.cli.main import main

for number, arguments in enumerate(json.load(sys.stdin)):
    with open(f"{sys.argv[1]}/{number}", "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    assert not code, f"{arguments} ended with {code}"
"""


def mailscope(*arguments: str | Path, cwd: Path | None = None, codes: tuple[int, ...] = (0,)) -> str:
    """Standard output and standard error of one command, which ends with one of the codes."""
    command = [sys.executable, "-m", "mailscope", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, cwd=cwd, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
    assert done.returncode in codes, f"{command} ended with {done.returncode}: {text}"
    return text


def many(commands: dict[str, list[str]], folder: Path) -> dict[str, str]:
    """Standard output and standard error of each command, by its name; run in one process."""
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", ONE_AFTER_ANOTHER, folder],
        input=json.dumps(list(commands.values())).encode(),
        check=True,
    )
    texts = [(folder / str(number)).read_bytes().decode("utf-8", "surrogateescape") for number in range(len(commands))]
    return dict(zip(commands, texts, strict=True))


def every_command(captures: list[Path], folder: Path, *, keep_messages: bool = False) -> dict[str, str]:
    """What each command prints for these captures; the files it writes lie under `folder`."""
    case, keep = folder / "case", ["--keep-messages"] if keep_messages else []
    said = {
        "investigate": mailscope("investigate", *captures, "--own", "10.0.0.0/8", "-o", case, *keep),
        "investigate --json": mailscope("investigate", *captures, "--own", "10.0.0.0/8", "--json"),
        "investigate --lang zh": mailscope("investigate", *captures, "--own", "10.0.0.0/8", "--lang", "zh"),
    }
    for form in ("parquet", "ndjson", "csv"):
        out = folder / form
        said[f"tables {form}"] = mailscope("tables", *captures, "-o", out, "--format", form, *keep)
    names = sorted(path.stem for path in (case / "tables").glob("*.parquet"))
    shown = {
        f"show {name} {form}": ["show", str(case), name, "--format", form]
        for name in names
        for form in ("table", "ndjson", "csv")
    }
    shown |= {f"sql {name}": ["sql", str(case), f"select * from {name}"] for name in names}
    said |= many(shown, folder / "shown")
    if keep_messages:
        said["messages"] = mailscope("messages", case, "--eml", folder / "mails")
    return said
