"""Text from packets made harmless for the place where a person reads it.

Everything that came over the wire is hostile: it may move a terminal's cursor, reverse the reading
direction, hide letters, or start a formula in a spreadsheet. HTML is escaped by its templates, after
:func:`visible`.
"""

import re

# Every code point of the Unicode categories Cc, Cf, Cs, Zl and Zp, and letters that show as nothing
# (a test compares the ranges with unicodedata). The last range are the tag characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)

_FORMULA_START = tuple("=+-@\uff1d\uff0b\uff0d\uff20|%")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str, limit: int | None = None) -> str:
    r"""The same text on one line, every control, direction or invisible character written out.

    >>> visible("subject\x1b[2J\u202egnp.exe")
    'subject\\x1b[2J\\u202egnp.exe'

    With `limit`, at most that many characters, the last one an ellipsis where something was cut.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit + 1]
    text = _UNSEEN.sub(_escaped, text)
    if limit is not None and len(text) > limit:
        return text[: max(limit - 1, 0)] + "…"
    return text


def csv_cell(text: str) -> str:
    """The same text as a cell that no spreadsheet takes for a formula.

    >>> csv_cell("=HYPERLINK(A1)")
    "'=HYPERLINK(A1)"
    """
    text = visible(text)
    return "'" + text if text.lstrip().startswith(_FORMULA_START) else text
