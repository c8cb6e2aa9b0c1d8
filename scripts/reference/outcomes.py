"""The page of outcomes, from the closed list in crates/decode/src/outcome.rs."""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "crates" / "decode" / "src" / "outcome.rs"


def outcomes() -> dict[str, str]:
    """Slug to meaning, in the order of the list."""
    text = SOURCE.read_text("utf-8")
    slugs = dict(re.findall(r'pub const (\w+): &str = "([^"]+)";', text))
    listed = text[text.index("pub const OUTCOMES") :]
    return {slugs[name]: meaning for name, meaning in re.findall(r'\(\s*(\w+),\s*"([^"]+)",?\s*\)', listed)}


def outcomes_page() -> str:
    """docs/reference/outcomes.md."""
    lines = [
        "# Outcomes",
        "",
        "Every mail session has exactly one: why it was, was partly, or was not decoded. Column `outcome` of",
        "`mail_sessions`. Made from the core's list by `make docs`.",
        "",
        "| outcome | meaning |",
        "|---|---|",
        *(f"| `{slug}` | {meaning} |" for slug, meaning in outcomes().items()),
    ]
    return "\n".join([*lines, ""])
