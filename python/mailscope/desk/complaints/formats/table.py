"""Tables of reported addresses, one a row: Shadowserver, AbuseHUB, and every CSV or list of JSON objects alike."""

import csv
import io
import json
import re
from typing import Any

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import canonical, is_host
from mailscope.desk.complaints.bounds import MAX_ACCUSED, MAX_JSON_CHARS, MAX_ROWS
from mailscope.desk.complaints.charsets import decoded
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.columns import Columns, cell, of_cells, of_heading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.packed import files
from mailscope.desk.complaints.times import ELSEWHERE, SURE, Context, Moment, moments, parsed, stated_offset

_SHADOW = re.compile(
    r"shadowserver|\bdrone\b|(?:scan|open|sinkhole|accessible|compromised|botnet|spam|brute|ddos|blocklist|honeypot)[_-]\w+.*\.csv",
    re.I,
)
_TYPES = ("text/csv", "text/comma-separated-values", "text/tab-separated-values", "application/csv")
_HEADING = re.compile(rb"^\"?(?:[a-z_ ./()]{2,30}\"?[,;\t|]\"?){2,60}[a-z_ ./()]{2,30}\"?$", re.M | re.I)
_EXPOSED = re.compile(r"(?<![a-z0-9_])scan6?_\w+", re.I)
"""Shadowserver's own scans: a service that stands open, not a host that scans."""
_SENDERS = {"trap hits", "complaint rate", "filter result"}
"""Columns of SNDS: what Microsoft's filters made of the mail of each address."""
FEED_DOUBT = 3600.0
"""Seconds that a feed's time may be off where nobody says its zone; feeds are in UTC by custom."""


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of the table with the most addresses; None for a mail without one."""
    context = Context(reading.context.sent, _stated(mail.body))
    title = mail.headers.text("subject")
    is_bare = not mail.headers.fields
    claims = []
    for name, kind, data in files(mail):
        is_table = kind in _TYPES or name.lower().endswith((".csv", ".tsv")) or (is_bare and kind == "text/plain")
        if is_table:
            claims.append(of_table(data, name, context, f"{title} {name}"))
        elif "json" in kind or name.lower().endswith(".json"):
            claims.append(_of_json(data, name, context, f"{title} {name}"))
    body = mail.body.encode("utf-8", "replace")
    if not any(claims) and (head := _HEADING.search(body[:65536])):
        claims.append(of_table(body[head.start() :], "text", context, title))
    # The same rows are often given twice in different layouts: they are not accused twice.
    found = [claim for claim in claims if claim]
    best = max(found, key=lambda claim: (len(claim.accused), claim.format == "shadowserver")) if found else None
    if best is not None and best.categories == ["other"] and (words := categories.named(mail.body)):
        best.categories, best.category_where = words, "words of the text"
    return best


def of_table(data: bytes, name: str, context: Context, title: str) -> Claim | None:
    """The claim of one table; None where no column holds addresses."""
    text = decoded(data[:8_000_000], "utf-8")[0].lstrip("\ufeff")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", ";"))]
    delimiter = max(",;\t|", key="\n".join(lines[:3]).count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines[: MAX_ROWS + 2])), delimiter=delimiter))
    except csv.Error:
        return None
    heading = [value.strip() for value in rows[0]] if rows else []
    columns = of_heading(heading) if len(heading) > 1 else None
    first = 1
    if columns is None:
        columns, heading, first = of_cells(rows), [], 0
    return _claim(rows[first:], columns, heading, name, context, title) if columns else None


def _of_json(data: bytes, name: str, context: Context, title: str) -> Claim | None:
    """A list of objects, alone or as a member, each with an address of its own."""
    text = decoded(data[:MAX_JSON_CHARS], "utf-8")[0]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list) and value), [found])
    rows = [_flat(item) for item in found[:MAX_ROWS] if isinstance(item, dict)] if isinstance(found, list) else []
    heading = list(dict.fromkeys(key for row in rows for key in row))[:200]
    columns = of_heading(heading)
    if columns is None:
        return None
    return _claim([[row.get(key, "") for key in heading] for row in rows], columns, heading, name, context, title)


def _flat(item: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    """Members of members by their joined names."""
    found: dict[str, str] = {}
    for key, value in list(item.items())[:200]:
        if isinstance(value, dict) and depth < 3:
            found |= _flat(value, f"{before}{key}.", depth + 1)
        elif isinstance(value, (str, int, float)):
            found[f"{before}{key}"] = str(value)[:1000]
    return found


def _claim(
    rows: list[list[str]], columns: Columns, heading: list[str], name: str, context: Context, title: str
) -> Claim | None:
    names = {value.lower() for value in heading}
    is_shadow = bool(_SHADOW.search(title) or {"naics", "sic"} & names)
    form = "abusehub" if "reliable_notifier" in names else "shadowserver" if is_shadow else "table"
    claim = Claim(form, category_where=f"title and columns of {name[:60]}")
    context = Context(context.sent, 0) if form == "shadowserver" else context
    accused: dict[str, Accusation] = {}
    for number, row in enumerate(rows, start=1):
        if len(accused) >= MAX_ACCUSED or number > MAX_ROWS:
            claim.doubts.append("table-cut")
            break
        if (found := _of_row(row, columns, context, f"{name[:60]}, row {number}")) is not None:
            accused.setdefault(found.address, found)
    claim.accused = list(accused.values())
    titled = categories.of_word(
        re.sub(r"\.csv.*|sample|report|abuse\w*|complaint|e?-?mails?|asn\d*", "", title, flags=re.I)
    )
    if form == "shadowserver" and _EXPOSED.search(title):
        titled = "vulnerable"
    elif len(_SENDERS & names) > 1:
        titled = "spam"
    told = [accusation.category for accusation in claim.accused if accusation.category]
    claim.categories = [titled or (told[0] if told else "other")]
    return claim if claim.accused else None


def _of_row(row: list[str], columns: Columns, context: Context, where: str) -> Accusation | None:
    address = canonical(cell(row, columns.address))
    if address is None or not is_host(address) or cell(row, columns.verdict).lower() == "green":
        return None
    port = cell(row, columns.port)
    return Accusation(
        address,
        _time(f"{cell(row, columns.day)} {cell(row, columns.time)}", context),
        int(port) if port.isdecimal() and 0 < int(port) < 65536 else None,
        categories.of_word(cell(row, columns.kind)),
        where=dict.fromkeys(("accused", "time", "port", "category"), where),
    )


def _stated(body: str) -> int | None:
    """The zone that the mail around a table names, or the one that all its times bear."""
    stated = stated_offset(body)
    if stated is not None:
        return stated
    zones = {int(moment.local_offset or 0) for moment in moments(body, Context()) if moment.zone == SURE}
    return zones.pop() if len(zones) == 1 else None


def _time(text: str, context: Context) -> Moment | None:
    """A row's time: in its own zone, in the one that its mail states, or in UTC."""
    offset = context.offset or 0
    found = parsed(text, Context(context.sent, offset), offset)
    if found is None or found.zone == SURE:
        return found
    doubt = 0.0 if context.offset is not None else FEED_DOUBT
    return Moment(found.at, found.off_by + doubt, ELSEWHERE if context.offset is not None else "of-feed")
