"""Indicators from a file, looked for in all tables: addresses, networks, domains, URLs, mail addresses, hashes.

Files may be STIX 2.1 bundles, MISP events (JSON), or text with one indicator a line (CSV: the first cell), also
defanged (`hxxp://bad[.]example`). What of a STIX pattern cannot be looked for is kept as `NOT_READ`.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mailscope.detect.indicator_files import Raw, values
from mailscope.detect.stix_patterns import Like
from mailscope.errors import UsageError
from mailscope.harmless import visible
from mailscope.schema.tables import TABLES

FILE_LIMIT = 64 << 20
INDICATOR_LIMIT = 200_000
TEXT_LIMIT = 4096
"""Characters of one indicator."""

LIKE_LIMIT = 200
"""Patterns of `LIKE`: each is held against every distinct value."""

LIKE_KINDS = ("domain-like", "url-like", "mail-address-like", "subject-like", "file-name-like")
KINDS = ("address", "network", "domain", "url", "mail-address", "md5", "sha1", "sha256", *LIKE_KINDS)
NOT_READ = "not-read"
"""Kind of what a file asks for and cannot be looked for: its value is the pattern's text. It stands nowhere."""

NOT_READ_LIMIT = 1000
"""So many are kept with their text."""

_LIKE_COLUMNS = {
    "subject-like": {("messages", "subject")},
    "file-name-like": {("attachments", "name"), ("http_parameters", "file_name")},
}
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing to look for, in canonical form, and what its file says about it."""

    kind: str
    value: str
    comment: str
    file: str


@dataclass(frozen=True, slots=True)
class Place:
    """A column in which a kind of indicator can stand; `how` is how it is compared."""

    table: str
    column: str
    how: str


def places(kind: str) -> list[Place]:
    """Every column of every table in which that kind can stand."""
    found = []
    for name, table in TABLES.items():
        for column in table.columns:
            how = _compared(kind, name, column.name, column.type)
            if how:
                found.append(Place(name, column.name, how))
    return found


def _compared(kind: str, table: str, column: str, column_type: str) -> str | None:
    if kind in _LIKE_COLUMNS:
        return "same" if (table, column) in _LIKE_COLUMNS[kind] else None
    kind = kind.removesuffix("-like")
    is_list = column_type.startswith("list<text")
    if not (is_list or column_type == "text") or kind == NOT_READ:
        return None
    if kind in ("address", "network"):
        fits = column.endswith("_addr") or column in ("received_ips", "x_originating_ip", "declared_client")
        fits = fits or (table, column) in {
            ("dns_answers", "answer"),
            ("urls", "host"),
            ("proxy_requests", "target_host"),
        }
        fits = fits or (table, column) in {("http_requests", "host"), ("mail_sessions", "tunnel_host")}
        return ("each" if is_list else "same") if fits and column != "from_addr" else None
    if kind == "domain":
        names = {"host", "query", "sni", "helo", "certificate_names", "target_host", "tunnel_host", "dkim_domains"}
        if column in names or (table, column) == ("dns_answers", "name"):
            return "each-below" if is_list else "below"
        mails = {"mail_from", "rcpt_to", "from_addrs", "reply_to", "sender", "return_path"}
        return ("each-at-below" if is_list else "at-below") if column in mails else None
    if kind == "mail-address":
        mails = {
            "mail_from",
            "rcpt_to",
            "from_addrs",
            "reply_to",
            "sender",
            "return_path",
            "to_addrs",
            "cc_addrs",
            "user",
        }
        return ("each" if is_list else "same") if column in mails else None
    if kind == "url":
        return "same" if (table, column) == ("urls", "url") else None
    hashes = {
        "md5": ("md5",),
        "sha1": ("sha1",),
        "sha256": ("sha256", "body_sha256", "file_sha256", "certificate_sha256"),
    }
    return "same" if column in hashes[kind] else None


def load(paths: Iterable[Path]) -> list[Indicator]:
    """The indicators of the files, each once; UsageError names a file that holds none or cannot be read."""
    found: dict[tuple[str, str], Indicator] = {}
    for path in paths:
        try:
            if path.stat().st_size > FILE_LIMIT:
                raise UsageError(f"`{path}` is larger than {FILE_LIMIT >> 20} MiB")
            text = path.read_text("utf-8-sig", "replace")
        except OSError as error:
            raise UsageError(f"`{path}`: {error.strerror}") from error
        _add(found, text, str(path))
    return list(found.values())


def _add(found: dict[tuple[str, str], Indicator], text: str, path: str) -> None:
    """Adds what the text of a file names; UsageError when there is nothing to look for, or too much."""
    counts: Counter[str] = Counter(kind for kind, _value in found)
    known, unread = set(), ""
    for raw in values(text):
        indicator = _indicator(raw, path)
        if indicator is None:
            continue
        if indicator.kind in LIKE_KINDS and sum(counts[kind] for kind in LIKE_KINDS) >= LIKE_LIMIT:
            indicator = replace(indicator, kind=NOT_READ, value=raw.said)
        known.add(indicator.kind)
        unread = unread or (indicator.value if indicator.kind == NOT_READ else "")
        key = (indicator.kind, indicator.value)
        if key not in found and (indicator.kind != NOT_READ or counts[NOT_READ] < NOT_READ_LIMIT):
            found[key] = indicator
            counts[indicator.kind] += 1
        if len(found) > INDICATOR_LIMIT:
            raise UsageError(f"there are more than {INDICATOR_LIMIT:,} indicators")
    if not known - {NOT_READ}:
        hint = f"not read: {visible(unread, 200)}" if unread else "one a line, a STIX bundle, or a MISP event"
        raise UsageError(f"`{path}` holds no indicator", hint=hint)


def _indicator(raw: Raw, path: str) -> Indicator | None:
    """The indicator; of a pattern that names none, its words as `NOT_READ`."""
    if raw.kind:
        return Indicator(raw.kind, raw.text[:TEXT_LIMIT], raw.comment[:300], path)
    indicator = None if raw.kind is None else indicator_of(raw.text, raw.comment, path)
    if indicator is None and raw.said:
        return Indicator(NOT_READ, raw.said[:TEXT_LIMIT], raw.comment[:300], path)
    return indicator


def not_read(indicators: Iterable[Indicator]) -> list[dict[str, str]]:
    """The patterns that were not looked for, with their text and file."""
    return [{"pattern": item.value, "file": item.file} for item in indicators if item.kind == NOT_READ]


def indicator_of(text: str, comment: str = "", file: str = "") -> Indicator | None:
    """The indicator that a text names, in canonical form; None when it is none.

    >>> indicator_of("hxxp://Bad[.]Example/x").value
    'http://bad.example/x'
    """
    text = _fanged(text.strip().strip("\"'<>,;"))
    if not text or len(text) > TEXT_LIMIT:
        return None

    def made(kind: str, value: str) -> Indicator:
        return Indicator(kind, value, comment[:300], file)

    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    else:
        is_one = network.prefixlen == network.max_prefixlen
        return made("address", str(network.network_address)) if is_one else made("network", str(network))
    lower = text.lower()
    if re.fullmatch(r"[0-9a-f]+", lower) and len(lower) in _HASHES:
        return made(_HASHES[len(lower)], lower)
    if "://" in lower[:10]:
        url = canonical_url(text)
        return made("url", url) if url else None
    local, at, domain = lower.rpartition("@")
    if at and local and " " not in local and _DOMAIN.match(domain):
        return made("mail-address", lower)
    name = lower.lstrip("*.").rstrip(".")
    return made("domain", name) if _DOMAIN.match(name) else None


def canonical_url(text: str) -> str | None:
    """The URL with scheme and host in small letters, without fragment; None when it has no host."""
    try:
        parts = urlsplit(_fanged(text.strip()))
        if not parts.hostname:
            return None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.rstrip(".")
        port = (
            f":{parts.port}" if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme.lower())) else ""
        )
    except ValueError:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{host}{port}{parts.path.rstrip('/')}{query}"


def _fanged(text: str) -> str:
    text = re.sub(r"(?i)^h(xx|tt)p(s?)(://|\[://\]|\[:\]//)", r"http\2://", text)
    return text.replace("[.]", ".").replace("(.)", ".").replace("[dot]", ".").replace("[@]", "@").replace("[:]", ":")


class Matcher:
    """Tells which of a column's values hit which indicator; made once for all columns."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        self.by_kind: dict[str, dict[str, Indicator]] = {}
        for item in indicators:
            self.by_kind.setdefault(item.kind, {})[item.value] = item
        self._likes = {
            kind: [(Like(value), item) for value, item in self.by_kind.get(kind, {}).items()] for kind in LIKE_KINDS
        }
        networks = [(ipaddress.ip_network(value), item) for value, item in self.by_kind.get("network", {}).items()]
        # By length, longest first: each length is one look-up.
        self._networks: dict[tuple[int, int], dict[int, Indicator]] = {}
        for network, item in sorted(networks, key=lambda pair: -pair[0].prefixlen):
            shift = network.max_prefixlen - network.prefixlen
            self._networks.setdefault((network.version, shift), {})[int(network.network_address) >> shift] = item

    def hit(self, kind: str, how: str, value: str) -> Indicator | None:
        """The indicator of that kind that the value of a column is, lies in, or lies below."""
        if kind == "network":
            return self._in_network(value)
        if kind in self._likes:
            return self._alike(kind, how, value)
        known = self.by_kind[kind]
        if kind == "url":
            url = canonical_url(value)
            return known.get(url) if url else None
        text = value.lower().strip("<>[] ")
        if how.endswith("at-below"):
            text = text.rpartition("@")[2]
        if how.endswith("below"):
            return _parent(known, text.rstrip("."))
        if kind == "address":
            text = _address(text)
        return known.get(text)

    def _alike(self, kind: str, how: str, value: str) -> Indicator | None:
        text = value.strip("<>[] ")
        if kind == "url-like":
            text = canonical_url(value) or value
        elif how.endswith("below"):
            text = (text.rpartition("@")[2] if how.endswith("at-below") else text).rstrip(".")
        return next((item for like, item in self._likes[kind] if like.holds(text)), None)

    def _in_network(self, value: str) -> Indicator | None:
        try:
            address = ipaddress.ip_address(value.strip("[] "))
        except ValueError:
            return None
        for (version, shift), known in self._networks.items():
            if version == address.version and (found := known.get(int(address) >> shift)) is not None:
                return found
        return None


def _parent(known: Mapping[str, Indicator], name: str) -> Indicator | None:
    """The entry of the name or of one of the names above it; a port behind the name is not part of it."""
    name = name.partition(":")[0] if name.count(":") == 1 else name
    while name:
        if name in known:
            return known[name]
        name = name.partition(".")[2]
    return None


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def matches(rows: Any, place: Place, kind: str, matcher: Matcher) -> dict[str, Indicator]:
    """Which values of a column hit: value -> indicator. Only distinct values leave the engine."""
    cell = rows[place.column]
    distinct = rows.select(value=cell.unnest() if place.how.startswith("each") else cell).distinct()
    found: dict[str, Indicator] = {}
    for value in distinct.filter(distinct.value.notnull()).to_pyarrow().column("value").to_pylist():
        hit = matcher.hit(kind, place.how, value)
        if hit is not None:
            found[value] = hit
    return found


def rows_with(rows: Any, place: Place, wanted: list[str]) -> Any:
    """The rows in which one of these values stands in that column, oldest first."""
    cell = rows[place.column]
    is_list = place.how.startswith("each")
    test = cell.map(lambda one: one.isin(wanted)).anys() if is_list else cell.isin(wanted)
    return rows.filter(test.fill_null(False)).order_by(["start", "flow_id"])
