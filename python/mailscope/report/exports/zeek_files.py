r"""Zeek's two ways to write a log: tab-separated with a header, and JSON, one object a line.

In tab-separated logs what is not printable is written `\xNN`, a backslash `\\`, a comma inside a set `\x2c`.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Any

from mailscope.harmless import visible
from mailscope.report.exports.zeek import Record
from mailscope.report.exports.zeek_columns import LOGS

UNSET, EMPTY = "-", "(empty)"


def write_json(out: IO[str], name: str, records: Iterable[Record]) -> int:
    """One object a line, unset columns left out; returns how many."""
    count = 0
    for record in records:
        out.write(json.dumps({key: value for key, value in record.items() if value is not None}) + "\n")
        count += 1
    return count


def write_tsv(out: IO[str], name: str, records: Iterable[Record]) -> int:
    """With the header by which readers know the columns; returns how many records."""
    columns = LOGS[name]
    count, last = 0, 0.0
    for record in records:
        last = record["ts"]
        if count == 0:
            out.write("\n".join(_header(name, last)) + "\n")
        out.write("\t".join(cell(record[key], kind) for key, kind in columns.items()) + "\n")
        count += 1
    if count:
        out.write(f"#close\t{_clock(last)}\n")
    return count


def _header(name: str, first: float) -> list[str]:
    columns = LOGS[name]
    return [
        "#separator \\x09",
        "#set_separator\t,",
        f"#empty_field\t{EMPTY}",
        f"#unset_field\t{UNSET}",
        f"#path\t{name}",
        f"#open\t{_clock(first)}",
        "\t".join(["#fields", *columns]),
        "\t".join(["#types", *columns.values()]),
    ]


def cell(value: Any, kind: str) -> str:
    """A value as Zeek writes it."""
    if value is None:
        return UNSET
    if kind.startswith(("set[", "vector[")):
        return ",".join(_text(str(item)).replace(",", "\\x2c") for item in value) or EMPTY
    if kind == "bool":
        return "T" if value else "F"
    if kind in ("time", "interval"):
        return f"{value:.6f}"
    return _text(str(value)) or EMPTY


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\")
    if visible(escaped) != escaped:
        escaped = "".join(char if visible(char) == char else _bytes(char) for char in escaped)
    if escaped in (UNSET, EMPTY) or escaped.startswith("#"):
        return _bytes(escaped[0]) + escaped[1:]
    return escaped


def _bytes(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d-%H-%M-%S}"
