"""The page of signs in web traffic, from the closed lists in crates/decode/src/http/sign_list.rs."""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "crates" / "decode" / "src" / "http" / "sign_list.rs"


def signs(name: str) -> dict[str, str]:
    """Slug to meaning of one list (`ANSWER_SIGNS`, `FILE_SIGNS`), in its order."""
    text = SOURCE.read_text("utf-8")
    listed = text[text.index(f"pub const {name}") :]
    listed = re.sub(r"\\\n\s*", "", listed[: listed.index("\n];")])
    return dict(re.findall(r'\(\s*"([^"]+)",\s*"([^"]+)",?\s*\)', listed))


def web_page() -> str:
    """docs/reference/web.md."""
    rows = {name: [f"| `{slug}` | {meaning} |" for slug, meaning in signs(name).items()] for name in LISTS}
    lines = [
        "# Signs in web traffic",
        "",
        "Facts that stand in what was sent; what they mean is for detectors and readers to say. Made from the core's",
        "lists by `make docs`.",
        "",
        "## Answers",
        "",
        "`response_signs` of `http_requests`: seen in the first 8 KiB of the answer, its codings undone.",
        "",
        "| sign | meaning |",
        "|---|---|",
        *rows["ANSWER_SIGNS"],
        "",
        "## Uploaded files",
        "",
        "`file_signs` of `http_parameters`: seen in the first 64 KiB of the file. The type by its first bytes, such as",
        "`png`, `zip` or `elf`, stands first where it is known.",
        "",
        "| sign | meaning |",
        "|---|---|",
        *rows["FILE_SIGNS"],
    ]
    return "\n".join([*lines, ""])


LISTS = ("ANSWER_SIGNS", "FILE_SIGNS")
