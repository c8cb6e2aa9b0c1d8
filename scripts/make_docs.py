"""Writes what is made from the code: schema/records.py and docs/reference/*.md.

With `--check`, writes nothing and names the files that are out of date.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT)]

from scripts.reference.answer import answer_page  # noqa: E402
from scripts.reference.cli import cli_page  # noqa: E402
from scripts.reference.findings import findings_page  # noqa: E402
from scripts.reference.outcomes import outcomes_page  # noqa: E402
from scripts.reference.tables import records_module, tables_page  # noqa: E402
from scripts.reference.web import web_page  # noqa: E402

# The record classes come first: the command line, and with it its page, imports them.
REFERENCE = ROOT / "docs" / "reference"
PAGES = {
    ROOT / "python" / "mailscope" / "schema" / "records.py": records_module,
    REFERENCE / "tables.md": tables_page,
    REFERENCE / "cli.md": cli_page,
    REFERENCE / "outcomes.md": outcomes_page,
    REFERENCE / "web.md": web_page,
    REFERENCE / "findings.md": findings_page,
    REFERENCE / "answer.md": answer_page,
}


def stale() -> list[Path]:
    """The files whose content is not what the code says now."""
    return [path for path, make in PAGES.items() if not path.exists() or path.read_text("utf-8") != make()]


def main() -> int:
    """Writes, or only checks."""
    outdated = stale()
    if "--check" in sys.argv:
        for path in outdated:
            print(f"out of date: {path.relative_to(ROOT)} (run `make docs`)", file=sys.stderr)
        return 1 if outdated else 0
    for path in outdated:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGES[path](), "utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
