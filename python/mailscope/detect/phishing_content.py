"""Marks of a lure's text and make-up: what it asks for, how it presses, what is hidden in it.

What it flags
    Phrases of lures by theme (as the core spotted them), forms and password fields inside the mail, pages and
    programs attached, letters of two alphabets in one word.
Why it matters
    It says what the sender wants: a password, a click, money.
What it can get wrong
    Banks and shops write alike; themes alone never reach the threshold.
"""

from __future__ import annotations

from mailscope.detect.finding import Fact
from mailscope.detect.phishing_letter import Letter
from mailscope.detect.phishing_phrases import PHRASES
from mailscope.detect.phishing_signs import sign

PAGES = (".htm", ".html", ".shtml", ".xhtml", ".mht", ".svg")
"""Endings of attached pages: they open in a browser, from the reader's own disk."""

PROGRAMS = (
    ".exe",
    ".scr",
    ".pif",
    ".com",
    ".bat",
    ".cmd",
    ".js",
    ".jse",
    ".vbs",
    ".vbe",
    ".wsf",
    ".hta",
    ".lnk",
    ".iso",
    ".img",
    ".jar",
    ".ps1",
    ".msi",
    ".cab",
    ".ace",
    ".r00",
    ".one",
    ".docm",
    ".xlsm",
    ".xll",
    ".url",
)
"""Endings of attachments that run, or hold what runs."""

HIDDEN_CHARS = 80
"""Characters that are not displayed, from which on text counts as hidden; a preview line is shorter."""


def signals(letter: Letter) -> list[Fact]:
    """What speaks against the content."""
    found = [sign(f"says-{theme}", phrases=letter.themes[theme]) for theme in PHRASES if theme in letter.themes]
    marks = letter.marks
    found += [
        sign(name)
        for name in ("password-input", "pictures-only", "mixed-alphabets", "invisible-characters")
        if name in marks
    ]
    if "form" in marks and "password-input" not in marks:
        found.append(sign("form"))
    if marks & {"script-link", "data-link", "refresh", "script"}:
        found.append(sign("script-in-mail"))
    if letter.row["hidden_chars"] >= HIDDEN_CHARS:
        found.append(sign("hidden-text", count=letter.row["hidden_chars"]))
    names = [str(file["name"] or "").lower() for file in letter.files]
    pages = [name for name in names if name.endswith(PAGES)]
    programs = [name for name in names if name.endswith(PROGRAMS)]
    if pages:
        found.append(sign("page-attached", files=pages))
    if programs:
        found.append(sign("program-attached", files=programs))
    return found
