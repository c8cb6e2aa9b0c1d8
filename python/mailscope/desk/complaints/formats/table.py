"""Tables of reported addresses, one a row: Shadowserver, AbuseHUB and every CSV with a heading that can be read.

Column names differ between senders and years; which column is the accused address, its port, the time and
the kind is decided by name. A table without a heading is read by what its cells are.
"""

import csv
import io
import re
from datetime import timedelta

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import canonical, is_host
from mailscope.desk.complaints.bounds import MAX_ACCUSED, MAX_ROWS
from mailscope.desk.complaints.charsets import decoded
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.packed import files
from mailscope.desk.complaints.times import Context, Moment, parsed, stated_offset

_ADDRESS = ("ip", "src_ip", "source_ip", "sourceip", "source.ip", "src", "ip_address", "ipaddress", "ip address", "source", "source address", "attacker", "attacker_ip", "host", "address", "addr", "client_ip", "srcip", "remote_ip", "bot_ip", "infected_ip", "networksourceipv4")  # fmt: skip
_PORT = ("port", "src_port", "source_port", "sourceport", "source.port", "srcport", "srcport")
_TIME = ("timestamp", "source_time", "source time", "event_time", "time.source", "first_seen", "first seen", "datetime", "date_time", "date/time", "detected", "time", "date", "last_seen", "last seen", "observation time", "seen", "date (utc)", "time (utc)", "timestamp (utc)", "date/time (utc)")  # fmt: skip
_KIND = (
    "category",
    "report_type",
    "classification.type",
    "type",
    "threat type",
    "infection_type",
    "infection",
    "malware",
    "attack",
    "reason",
    "description",
    "tag",
    "service",
    "feed",
    "event",
)
_SHADOW = re.compile(
    r"shadowserver|\bdrone\b|(?:scan|open|sinkhole|accessible|compromised|botnet|spam|brute|ddos|blocklist|honeypot)[_-]\w+.*\.csv",
    re.I,
)
_ADDRESSES_ONLY = re.compile(rb"^[^\n]{0,400}?[,;\t|][^\n]*$", re.M)


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of the first table with addresses; None for a mail without one."""
    context = Context(reading.context.sent, stated_offset(mail.body))
    claims = []
    for name, kind, data in files(mail):
        is_table = kind in (
            "text/csv",
            "text/comma-separated-values",
            "text/tab-separated-values",
            "application/csv",
        ) or name.lower().endswith((".csv", ".tsv"))
        if is_table and (claim := of_table(data, name, context, f"{mail.headers.text('subject')} {name}")):
            claims.append(claim)
    if claims:
        # The first table decides; the same rows given twice in another layout are not accused twice.
        return max(claims, key=lambda claim: (len(claim.accused), claim.format != "table"))
    body = mail.body.encode("utf-8", "replace")
    head = re.search(rb"^\"?(?:[a-z_ ./]{2,30}\"?[,;\t|]\"?){2,60}[a-z_ ./]{2,30}\"?$", body[:65536], re.M | re.I)
    return of_table(body[head.start() :], "text", context, mail.headers.text("subject")) if head else None


def of_table(data: bytes, name: str, context: Context, title: str) -> Claim | None:
    """The claim of one table; None where no column holds addresses."""
    text = decoded(data[:8_000_000], "utf-8")[0].lstrip("\ufeff")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return None
    sample = lines[0]
    delimiter = max(",;\t|", key=sample.count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines[: MAX_ROWS + 1])), delimiter=delimiter))
    except csv.Error:
        return None
    heading = [cell.strip().strip('"').lower() for cell in rows[0]]
    columns = {
        name: _column(heading, names)
        for name, names in (("ip", _ADDRESS), ("port", _PORT), ("time", _TIME), ("kind", _KIND))
    }
    if columns["ip"] is None:
        return None
    form = (
        "shadowserver"
        if _SHADOW.search(title) or {"naics", "sic"} & set(heading)
        else "abusehub"
        if "reliable_notifier" in heading
        else "table"
    )
    claim = Claim(form, category_where=f"title and columns of {name[:60]}")
    date_column = heading.index("event_date") if "event_date" in heading else None
    for number, row in enumerate(rows[1:], start=2):
        if len(claim.accused) >= MAX_ACCUSED or len(lines) > MAX_ROWS:
            claim.doubts.append("table-cut")
            break
        if accusation := _of_row(row, columns, date_column, context, f"{name[:60]}, row {number}"):
            claim.accused.append(accusation)
    claim.accused = _each_once(claim.accused)
    title_kind = categories.of_word(re.sub(r"\.csv.*|sample|report|asn\d*", "", title, flags=re.I))
    told = [accusation.category for accusation in claim.accused if accusation.category]
    claim.categories = [title_kind or (told[0] if told else "other")]
    return claim if claim.accused else None


def _column(heading: list[str], names: tuple[str, ...]) -> int | None:
    return next((heading.index(name) for name in names if name in heading), None)


def _of_row(
    row: list[str], columns: dict[str, int | None], date: int | None, context: Context, where: str
) -> Accusation | None:
    address = canonical(_cell(row, columns["ip"]))
    if address is None or not is_host(address):
        return None
    port = _cell(row, columns["port"])
    when = f"{_cell(row, date)} {_cell(row, columns['time'])}"
    return Accusation(
        address,
        _time(when, context),
        int(port) if port.isdecimal() and 0 < int(port) < 65536 else None,
        categories.of_word(_cell(row, columns["kind"])) if columns["kind"] is not None else None,
        where=dict.fromkeys(("accused", "time", "port", "category"), where),
    )


def _cell(row: list[str], column: int | None) -> str:
    return row[column].strip().strip('"') if column is not None and column < len(row) else ""


def _time(text: str, context: Context) -> Moment | None:
    """A feed's time: in the zone its mail states, else UTC, which is what feeds use."""
    found = parsed(text, Context(context.sent, context.offset if context.offset is not None else 0))
    if found and found.zone in ("of-date-field", "in-text"):
        doubt = 0.0 if context.offset is not None else timedelta(hours=1).total_seconds()
        return Moment(found.at, 0.5 + doubt, "in-text" if context.offset is not None else "of-feed")
    return found


def _each_once(found: list[Accusation]) -> list[Accusation]:
    """The first row of each address; a feed that lists one host many times accuses it once."""
    return list({accusation.address: accusation for accusation in reversed(found)}.values())[::-1]
