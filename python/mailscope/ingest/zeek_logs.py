"""Reads Zeek's smtp.log and conn.log, tab-separated or JSON."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailscope.errors import InputError
from mailscope.ingest.second_opinion import Statement

_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\\\")
_MAIL = {"helo": "helo", "mailfrom": "mail_from", "rcptto": "rcpt_to", "from": "from", "to": "to", "cc": "cc"}
_MAIL |= {"subject": "subject", "msg_id": "message_id"}
_LISTS = ("rcpt_to", "to", "cc")


def statements(folder: Path) -> Iterator[Statement]:
    """Every mail and connection that the logs in a folder tell of."""
    found = [(name, folder / f"{name}.log") for name in ("conn", "smtp") if (folder / f"{name}.log").exists()]
    if not found:
        raise InputError(f"`{folder}` has no conn.log and no smtp.log", hint="name the folder that Zeek wrote to")
    for name, path in found:
        for line, record in records(path):
            yield _statement(name, record, f"{path.name}:{line}")


def records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and record of every line; unset columns are left out."""
    columns: list[str] = []
    kinds: list[str] = []
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.rstrip("\r\n")
            if line.startswith("{"):
                yield number, _json(line, f"{path}:{number}")
            elif line.startswith("#"):
                name, *values = line.split("\t")
                columns, kinds = (values if name == "#fields" else columns), (values if name == "#types" else kinds)
            elif line:
                yield number, _row(line, columns, kinds, f"{path}:{number}")


def _json(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise InputError(f"`{where}` is no JSON") from None
    return {name: value for name, value in record.items() if value is not None}


def _row(line: str, columns: list[str], kinds: list[str], where: str) -> dict[str, Any]:
    cells = line.split("\t")
    if len(cells) != len(columns) or len(columns) != len(kinds):
        raise InputError(f"`{where}` does not have the columns of its header", hint="is this a log of Zeek?")
    known = zip(columns, kinds, cells, strict=True)
    return {name: _value(cell, kind) for name, kind, cell in known if cell != "-"}


def _value(cell: str, kind: str) -> Any:
    if kind.startswith(("set[", "vector[")):
        return [] if cell == "(empty)" else [_text(part) for part in cell.split(",")]
    if kind == "bool":
        return cell == "T"
    return "" if cell == "(empty)" else _text(cell)


def _text(cell: str) -> str:
    r"""The text with `\xNN` and `\\` undone; they stand for bytes of UTF-8."""
    if "\\" not in cell:
        return cell
    plain, end = bytearray(), 0
    for match in _ESCAPE.finditer(cell):
        plain += cell[end : match.start()].encode()
        plain += bytes([int(match[1], 16)]) if match[1] else b"\\"
        end = match.end()
    return (plain + cell[end:].encode()).decode("utf-8", "replace")


def _statement(name: str, record: dict[str, Any], where: str) -> Statement:
    try:
        ends = (
            str(record["id.orig_h"]),
            int(record["id.orig_p"]),
            str(record["id.resp_h"]),
            int(record["id.resp_p"]),
        )
        start = float(record["ts"])
    except (KeyError, ValueError, TypeError):
        raise InputError(f"`{where}` has no connection (id.orig_h, id.orig_p, id.resp_h, id.resp_p, ts)") from None
    if name == "conn":
        services = str(record.get("service", ""))
        return Statement("connection", ends, start, where, {"services": services.split(",")} if services else {})
    fields = {ours: record[theirs] for theirs, ours in _MAIL.items() if theirs in record}
    return Statement("mail", ends, start, where, fields | {n: list(fields[n]) for n in _LISTS if n in fields})
