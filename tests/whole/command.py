"""The command line, run as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def mailscope(*arguments: str | Path, cwd: Path | None = None, codes: tuple[int, ...] = (0,)) -> str:
    """Standard output and standard error of one command, which ends with one of the codes."""
    command = [sys.executable, "-m", "mailscope", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, cwd=cwd, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
    assert done.returncode in codes, f"{command} ended with {done.returncode}: {text}"
    return text


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
    for name in names:
        for form in ("table", "ndjson", "csv"):
            said[f"show {name} {form}"] = mailscope("show", case, name, "--format", form)
        said[f"sql {name}"] = mailscope("sql", case, f"select * from {name}")
    if keep_messages:
        said["messages"] = mailscope("messages", case, "--eml", folder / "mails")
    return said
