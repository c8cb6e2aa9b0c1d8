"""How a reading of one side agrees with the reading of both, by the tables of `docs/concepts/one-side.md`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.whole import reading, sides

PAGE = Path(__file__).resolve().parents[2] / "docs/concepts/one-side.md"
SIDES = ("client", "server")
# Where a row stands, and keys: nothing that one side could show differently from what it is.
PLACE = {"flow_id", "capture", "start", "end", "session_id", "transaction", "message", "exchange", "outer_proxy_id"}
PLACE |= {"client_addr", "client_port", "server_addr", "server_port", "proxy_addr", "proxy_port", "answered"}
PLACE |= {"request_end"}

# Words that claim less than others, weakest first.
WEAKER = {
    "tls": ["none", "offered", "requested", "starttls", "implicit"],
}
# Words for what only the other side could tell more exactly.
VAGUE: dict[str, set[str]] = {
    "ended_by": {"complete", "rset", "quit", "new-mail", "connection-lost", "capture-end"},
    "transfer": {"pop3"},
    "via": {"unseen-tunnel", "direct"},
    "kind": {"unseen", "socks4"},
    "inner_app": {"none", "unknown"},
}

# The rows of the two-way reading that one side proves.
PROVES: dict[tuple[str, str], Callable[[reading.Row], bool]] = {
    ("mail_sessions", "client"): lambda row: row["client_bytes"] > 0,
    ("mail_sessions", "server"): lambda row: row["server_bytes"] > 0,
    ("mail_transactions", "client"): lambda row: row["mail_from"] is not None or row["rcpt_count"] > 0,
    ("mail_transactions", "server"): lambda row: row["data_code"] == 354,
    ("messages", "client"): lambda row: row["from_client"],
    ("messages", "server"): lambda row: not row["from_client"],
    ("logins", "client"): lambda row: row["mechanism"] != "",
    # An HTTP status tells of a login only beside the request that tried it.
    ("logins", "server"): lambda row: row["success"] != "unknown" and not row["service"].startswith("http"),
    ("http_requests", "client"): lambda row: row["method"] is not None,
    ("http_requests", "server"): lambda row: row["status"] is not None,
    ("proxy_requests", "client"): lambda row: row["method"] != "" and row["kind"] != "unseen",
    ("proxy_requests", "server"): lambda row: False,
}


# Where an answer tells of a row only if its words do, and the column that it tells.
TELLING = {("logins", "server"): "success", ("proxy_requests", "server"): "reply_code"}


@dataclass(frozen=True)
class Difference:
    """One thing that a side alone says and both together do not."""

    side: str
    flow: str
    table: str
    column: str
    both: Any
    alone: Any


def rules() -> dict[str, dict[str, dict[str, str]]]:
    """Word by table, column and side, as the page has it."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \|$", section, re.MULTILINE)
        found[section.split("\n")[0]] = {column: dict(zip(SIDES, words, strict=True)) for column, *words in rows}
    return found


def differences(path: Path, folder: Path) -> Iterator[Difference]:
    """Every contradiction between one side alone and both, for each side of a capture."""
    split = sides.split(path, folder)
    if split is None:
        return
    both = reading.rows(split.both)
    for side in SIDES:
        alone = reading.rows(getattr(split, side))
        for table, columns in rules().items():
            yield from in_table(table, side, columns, by_flow(both[table]), by_flow(alone[table]))


def by_flow(rows: list[reading.Row]) -> dict[str, list[reading.Row]]:
    """Rows by the ends of their connection, in order."""
    found: dict[str, list[reading.Row]] = defaultdict(list)
    for row in rows:
        server = (row[name] for name in row if name in ("server_addr", "server_port", "proxy_addr", "proxy_port"))
        found[f"{row['client_addr']}:{row['client_port']} {':'.join(map(str, server))}"].append(row)
    return found


def in_table(
    table: str,
    side: str,
    columns: dict[str, dict[str, str]],
    both: dict[str, list[reading.Row]],
    alone: dict[str, list[reading.Row]],
) -> Iterator[Difference]:
    """The contradictions of one table."""
    for flow in sorted(both.keys() | alone.keys()):
        expected, got = both.get(flow, []), alone.get(flow, [])
        shown = paired(table, side, expected, got)
        if shown is None:
            yield Difference(side, flow, table, "(rows)", len(expected), len(got))
            continue
        for row, other in zip(shown, got, strict=True):
            for column, words in columns.items():
                if not agrees(words[side], column, row[column], other[column]):
                    yield Difference(side, flow, table, column, row[column], other[column])


def paired(table: str, side: str, expected: list[reading.Row], got: list[reading.Row]) -> list[reading.Row] | None:
    """The rows of both sides that those of one side tell of, in order; None when there are no such."""
    shown = [row for row in expected if PROVES[table, side](row)]
    if key := TELLING.get((table, side)):
        rest = iter(expected)
        shown = [row for one in got if (row := next((row for row in rest if row[key] == one[key]), None))]
    for rows in (shown, expected):
        if len(rows) == len(got):
            return rows
    return None


def is_nothing(value: Any) -> bool:
    """Null, unknown, zero, empty, or a list of nulls."""
    return value in (None, "unknown", "", 0, False) or (isinstance(value, list) and not any(value))


def agrees(word: str, column: str, both: Any, alone: Any) -> bool:
    """Does what one side says of a column fit what both say?"""
    if word == "reading":
        return True
    if word == "nothing":
        return is_nothing(alone)
    return both == alone or (word == "part" and is_part(column, both, alone))


def is_part(column: str, both: Any, alone: Any) -> bool:
    """Is what one side says less than, and no other than, what both say?"""
    if is_nothing(alone) or both == "***" or alone in VAGUE.get(column, ()):
        return True
    if isinstance(both, list) and isinstance(alone, list):
        rest = iter(both)
        return all(item in rest for item in alone) or set(alone) <= set(both)
    order = WEAKER.get(column, [])
    if both in order and alone in order:
        return order.index(alone) <= order.index(both)
    return isinstance(both, int) and isinstance(alone, int) and alone <= both
