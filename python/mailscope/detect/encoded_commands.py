"""Parameters that are text in Base64: what a web shell is told is often hidden so from anybody who reads along.

Text of ASCII gives Base64 of a narrow shape: of every four characters, three can only be some of the alphabet. Few
identifiers have it by chance, so the engine finds the values, and only those are decoded here, one by one.
"""

from __future__ import annotations

import base64
import re

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.web_shell import CODE, COMMAND
from mailscope.store.engine import plain_rows

_FIRST, _SECOND = "[I-Za-f]", "[C-HS-Xi-nyz0-3]"
_THIRD, _ANY = "[ABEFIJMNQRUVYZcdghklopstwx014589]", "[A-Za-z0-9+/_-]"

TEXT = rf"^(?:{_FIRST}{_SECOND}{_THIRD}{_ANY})*{_FIRST}{_ANY}{{1,3}}={{0,2}}$"
"""Base64 (RFC 4648, also of section 5) of printable ASCII; the last group may hold a line's end."""

VALUES_MOST = 20_000
"""Distinct values decoded."""

_MEANS = re.compile(f"{COMMAND}|{CODE}".replace("(?i)", ""), re.IGNORECASE)


def plain_text(value: str) -> str | None:
    """What Base64 says, when that is printable ASCII; None otherwise.

    >>> plain_text("dW5hbWUgLWE=")
    'uname -a'
    """
    bare = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode("ascii")
    except ValueError:
        return None
    return text if text and text.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable() else None


def decoded(http_parameters: Table) -> Table | None:
    """Rows of the table whose value is a command or code in Base64, with `value` decoded; None when there are none."""
    encoded = http_parameters.filter(_.value.notnull(), _.place != "path").filter(_.value.re_search(TEXT))
    found = plain_rows(encoded.select("value").distinct().order_by("value").limit(VALUES_MOST))
    said = {row["value"]: text for row in found if (text := plain_text(row["value"])) and _MEANS.search(text)}
    if not said:
        return None
    meant = ibis.memtable({"encoded": list(said), "said": list(said.values())})
    joined = encoded.join(meant, encoded.value == meant.encoded)
    return joined.mutate(value=_.said).drop("encoded", "said")
