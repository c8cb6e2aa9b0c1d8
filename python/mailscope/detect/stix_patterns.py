"""What a STIX 2.1 pattern (section 9) asks for, comparison by comparison, and what of it cannot be looked for.

Each value is looked for alone: `AND`, `FOLLOWEDBY`, `WITHIN` and their kin narrow a pattern, and are not followed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

PATTERN_LIMIT = 64 << 10
"""Characters of a pattern; a longer one is not read."""

LIKE_LEAST = 3
"""Characters besides wildcards that a pattern of `LIKE` must have: fewer match nearly everything."""


class Asked(NamedTuple):
    """One thing that a pattern asks for: `kind` is a kind of pattern, empty for a plain value, None when not read."""

    text: str
    kind: str | None
    said: str


_COMPARISON = re.compile(
    r"""(?<![A-Za-z0-9_-])(?P<object>[a-z0-9-]+):(?P<path>[A-Za-z0-9_.'*\[\]-]+?)\s*
    (?P<negated>\bNOT\s+)?
    (?P<operator>=|!=|<>|<=|>=|<|>|\b(?:IN|LIKE|MATCHES|ISSUBSET|ISSUPERSET)\b)\s*
    (?P<operand>\((?:[^()']|'(?:[^'\\]|\\.)*')*\)|'(?:[^'\\]|\\.)*'|[^\s\])']+)""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_PLAIN = {"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "file", "email-message"}
_LIKE = {
    ("domain-name", "value"): "domain-like",
    ("url", "value"): "url-like",
    ("email-addr", "value"): "mail-address-like",
    ("email-message", "from_ref.value"): "mail-address-like",
    ("email-message", "sender_ref.value"): "mail-address-like",
    ("email-message", "to_refs[*].value"): "mail-address-like",
    ("email-message", "cc_refs[*].value"): "mail-address-like",
    ("email-message", "subject"): "subject-like",
    ("file", "name"): "file-name-like",
}
_NEVER_PLAIN = {"subject-like", "file-name-like"}
"""Texts that look like no indicator, or like another one: `invoice.zip` would be a domain."""


def asked(pattern: str) -> Iterator[Asked]:
    """What the pattern asks for; nothing of it is left out in silence."""
    found = list(_COMPARISON.finditer(pattern)) if len(pattern) <= PATTERN_LIMIT else []
    if not found:
        yield Asked("", None, pattern)
    for match in found:
        # That an end of traffic is an IPv4 address is known by the address.
        if not match["path"].endswith("_ref.type"):
            yield from _of_comparison(match)


def _of_comparison(match: re.Match[str]) -> Iterator[Asked]:
    said, operator = match[0], match["operator"]
    kind = _LIKE.get((match["object"], match["path"]))
    plain = match["object"] in _PLAIN or (match["object"] == "network-traffic" and match["path"].endswith("_ref.value"))
    values = [re.sub(r"\\(.)", r"\1", quoted[1]) for quoted in _QUOTED.finditer(match["operand"])]
    if match["negated"] or not values or not plain:
        yield Asked("", None, said)
    elif operator in ("=", "IN"):
        yield from (Asked(value, kind if kind in _NEVER_PLAIN else "", said) for value in values)
    elif operator == "LIKE":
        yield _liked(values[0], kind, match["object"], said)
    elif operator == "ISSUBSET" and match["object"] != "file":
        yield Asked(values[0], "", said)
    else:
        yield Asked("", None, said)


def _liked(value: str, kind: str | None, about: str, said: str) -> Asked:
    """What `LIKE` asks for: a network, a domain with all below it, a plain value, or a pattern with `%` and `_`."""
    if about == "ipv4-addr" and (network := _network(value)):
        return Asked(network, "", said)
    below = value.removeprefix("%.")
    if kind == "domain-like" and "." in below and not re.search("[%_]", below):
        return Asked(below, "", said)
    if not re.search("[%_]", value):
        return Asked(value, kind if kind in _NEVER_PLAIN else "", said)
    is_clear = kind is not None and len(re.sub("[%_]", "", value)) >= LIKE_LEAST
    return Asked(value, kind, said) if is_clear else Asked("", None, said)


def _network(value: str) -> str | None:
    """`198.51.100.%` as `198.51.100.0/24`; None when it is no beginning of an address that ends at a dot."""
    parts = value.split(".")
    known = [part for part in parts if part != "%"]
    if len(known) == len(parts) or parts != [*known, *["%"] * (len(parts) - len(known))] or not known:
        return None
    try:
        return str(ipaddress.ip_network(f"{'.'.join([*known, '0', '0', '0', '0'][:4])}/{8 * len(known)}"))
    except ValueError:
        return None


class Like:
    """A pattern of `LIKE`: `%` stands for any text, `_` for one character; small and large letters are the same.

    >>> Like("%bad_word%").holds("a Bad-Word here")
    True
    """

    def __init__(self, pattern: str) -> None:
        # Each piece has one length, so that the first place that fits is as good as any: no text makes this slow.
        self._pieces = [
            (len(piece), re.compile("".join("." if sign == "_" else re.escape(sign) for sign in piece), re.DOTALL))
            for piece in pattern.lower().split("%")
        ]

    def holds(self, text: str) -> bool:
        """Whether all of the text is what the pattern says."""
        text = text.lower()
        (size, first), *others = self._pieces
        if not others:
            return len(text) == size and first.match(text) is not None
        *middle, (last_size, last) = others
        if first.match(text) is None or len(text) < size + last_size:
            return False
        at = size
        for _size, piece in middle:
            if (hit := piece.search(text, at)) is None:
                return False
            at = hit.end()
        return len(text) - last_size >= at and last.match(text, len(text) - last_size) is not None
