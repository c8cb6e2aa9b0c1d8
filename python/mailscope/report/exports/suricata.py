"""Suricata rules for what a case found: addresses, names in DNS, TLS and HTTP, and URLs.

Rule numbers are from Suricata's range for local rules; a value that cannot be written as a rule safely is left out,
and told as a comment.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from mailscope.harmless import visible
from mailscope.report.exports.observed import Observed, observed

FIRST_SID, SIDS = 1_000_000, 999_000
"""Local rules; a value's number does not change from export to export."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/~=&%+,@?")


def rules(answer: Mapping[str, Any]) -> Iterator[str]:
    """One line a rule, after a head of comments."""
    yield "# Suricata rules made by Mailscope from the findings of one case. Review them before you load them."
    taken: set[int] = set()
    for item in observed(answer):
        for protocol, options in _options(item):
            sid = FIRST_SID + zlib.crc32(f"{protocol} {item.kind} {item.value}".encode()) % SIDS
            while sid in taken:
                sid += 1
            taken.add(sid)
            yield _rule(item, protocol, options, sid)


def _options(item: Observed) -> Iterator[tuple[str, str]]:
    if item.kind == "address":
        yield "ip", ""
    elif item.kind == "host":
        name = _content(item.value.lower())
        # Dots before and after keep bad.example from matching notbad.example.
        yield "dns", f"dns.query; {name}; nocase; bsize:{len(item.value.encode())};"
        yield "tls", f"tls.sni; {name}; nocase; bsize:{len(item.value.encode())};"
        yield "http", f"http.host; {name}; bsize:{len(item.value.encode())};"
    elif item.kind == "url":
        parts = urlsplit(item.value)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if parts.scheme == "http" and parts.hostname and path != "/":
            host = f"http.host; {_content(parts.hostname)}; bsize:{len(parts.hostname)};"
            yield "http", f"{host} http.uri; {_content(path)}; startswith;"


def _rule(item: Observed, protocol: str, options: str, sid: int) -> str:
    message = "".join(
        c if c.isascii() and (c.isalnum() or c in " .,:-_@/%()[]") else "_" for c in visible(item.value, 80)
    )
    class_type = "trojan-activity" if item.kind != "address" else "misc-attack"
    value = item.value
    if protocol == "ip":
        return (
            f'alert ip [{value}] any <> $HOME_NET any (msg:"Mailscope {item.finding} {message}"; '
            f"classtype:{class_type}; {_metadata(item)} sid:{sid}; rev:1;)"
        )
    flow = "" if protocol == "dns" else " flow:established,to_server;"
    return (
        f'alert {protocol} $HOME_NET any -> any any (msg:"Mailscope {item.finding} {message}";{flow} {options} '
        f"classtype:{class_type}; {_metadata(item)} sid:{sid}; rev:1;)"
    )


def _metadata(item: Observed) -> str:
    seen = f", first_seen {item.first:%Y_%m_%d}" if item.first else ""
    return f"metadata:confidence {round(100 * item.confidence)}{seen};"


def _content(text: str) -> str:
    """A content match in which every byte that means something to the parser is written in hex."""
    parts, is_hex = [], False
    for byte in text.encode("utf-8"):
        plain = chr(byte) in _PLAIN
        if plain == is_hex:
            parts.append("|")
            is_hex = not plain
        elif is_hex:
            parts.append(" ")
        parts.append(chr(byte) if plain else f"{byte:02x}")
    return 'content:"' + "".join(parts) + ("|" if is_hex else "") + '"'
