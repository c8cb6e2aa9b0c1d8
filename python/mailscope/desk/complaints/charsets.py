"""Bytes of a mail as text: the declared charset where it is one, what fits where it is not."""

import re
from email.errors import HeaderParseError
from email.header import decode_header

_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "us-ascii": "utf-8", "ascii": "utf-8"}
_GUESSES = ("utf-8", "gb18030", "big5hkscs", "cp1252")
_NOT_TEXT = re.compile("[\x00\ufffd]")
_DANGEROUS = {"idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem", "utf_7", "utf-7"}


def decoded(data: bytes, charset: str | None) -> tuple[str, bool]:
    """The text, and whether it had to be guessed.

    A charset that is declared too narrow (`gb2312` for GB 18030 text) is widened to its superset.
    """
    name = (charset or "us-ascii").strip("\"' ").lower()[:40]
    name = _WIDER.get(name, name)
    if name not in _DANGEROUS:
        try:
            return data.decode(name), False
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    return _guessed(data), True


def _guessed(data: bytes) -> str:
    for name in _GUESSES:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if name == "utf-8" or not _NOT_TEXT.search(text):
            return text
    return data.decode("utf-8", "replace")


def words(value: str) -> str:
    """A header's text with its RFC 2047 words decoded; broken words stay as they stand."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError, UnicodeError):
        return value
    text = [piece if isinstance(piece, str) else decoded(piece, charset)[0] for piece, charset in pieces]
    return "".join(text)
