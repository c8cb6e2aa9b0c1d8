"""What stands in a file of indicators: STIX 2.1, MISP events, or text with one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mailscope.detect.stix_patterns import asked

DEPTH_LIMIT = 20
"""Nesting of JSON that is followed."""

_STIX_KINDS = {"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "file", "email-message"}
_MISP_KINDS = {
    "ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "hostname", "domain|ip", "hostname|port", "url", "uri",
    "link", "email", "email-src", "email-dst", "md5", "sha1", "sha256", "filename|md5", "filename|sha1",
    "filename|sha256",
}  # fmt: skip


class Raw(NamedTuple):
    """One thing that a file names: `kind` as of :class:`mailscope.detect.stix_patterns.Asked`."""

    text: str
    comment: str
    kind: str | None = ""
    said: str = ""
    """The words of the pattern; empty where the file has a bare value."""


def values(text: str) -> Iterator[Raw]:
    """Raw indicators with their comments, in whichever form the file has."""
    if text.lstrip()[:1] in "{[":
        try:
            data = json.loads(text)
        except ValueError:
            pass
        else:
            yield from _of_json(data)
            return
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip() if not line.lstrip().startswith("http") else line.strip()
        if line:
            mark = "," if re.match(r"[\"']?h[tx]{2}ps?:", line, re.IGNORECASE) else r"[,;\t]"
            first, *rest = re.split(mark, line, maxsplit=1)
            yield Raw(first.strip().strip("\"'"), "".join(rest).strip().strip("\"'"))


def _of_json(data: Any, depth: int = 0) -> Iterator[Raw]:
    """STIX indicator patterns and observables, MISP attributes, wherever they stand."""
    if depth > DEPTH_LIMIT:
        return
    if isinstance(data, str) and depth == 1:
        yield Raw(data, "")
    elif isinstance(data, Mapping):
        yield from _of_object(data)
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            if depth == 0 or isinstance(item, (Mapping, list)):
                yield from _of_json(item, depth + 1)


def _of_object(item: Mapping[str, Any]) -> Iterator[Raw]:
    """What one STIX object or MISP attribute names."""
    kind, value = item.get("type"), item.get("value")
    if kind == "indicator" and isinstance(item.get("pattern"), str):
        name = str(item.get("name") or "")
        if item.get("pattern_type", "stix") != "stix":
            yield Raw("", name, None, f"{item['pattern_type']}: {item['pattern']}")
        else:
            yield from (Raw(one.text, name, one.kind, one.said) for one in asked(item["pattern"]))
    elif kind == "file" and isinstance(item.get("hashes"), Mapping):
        for digest in item["hashes"].values():
            yield Raw(str(digest), str(item.get("name") or ""))
    elif isinstance(value, str) and kind in _STIX_KINDS:
        yield Raw(value, "")
    elif isinstance(value, str) and kind in _MISP_KINDS and item.get("to_ids") is not False:
        parts = value.split("|") if "|" in str(kind) else [value]
        for part in parts[1:] if str(kind).startswith("filename") else parts:
            yield Raw(part, str(item.get("comment") or item.get("category") or ""))
