"""Rows as columns of text that fit the terminal, or as blocks where they are too wide for that.

What identifies (times, flow ids, addresses, ports, numbers) is never cut: only free text is.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from mailscope.harmless import visible

GAP = "  "
NARROWEST_TEXT = 8
NARROWEST_HEADING = 4
"""Of a column whose cells need no more: `-` all the way down."""
CELL_LIMIT = 4000
_WHOLE = ("_id", "_addr", "_port", "_packet", "flow_id", "capture", "accused", "network")


def cell(value: Any, *, is_same_day: bool = False, is_whole_seconds: bool = False) -> str:
    """A value as a person reads it, on one line, with nothing that could move the terminal's cursor."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            day = "" if is_same_day else f"{value:%Y-%m-%d} "
            fraction = "" if is_whole_seconds else f".{value.microsecond // 1000:03d}"
            return f"{day}{value:%H:%M:%S}{fraction}"
        case list() | tuple():
            return visible(", ".join(map(str, value)), CELL_LIMIT)
        case bytes():
            return visible(value[:CELL_LIMIT].decode("utf-8", "backslashreplace"), CELL_LIMIT)
        case _:
            return visible(str(value), CELL_LIMIT)


def fitted(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    """The lines of a table no wider than `width`; blocks of `name value` lines when that cannot be."""
    below = [[row[index] for row in rows] for index in range(len(columns))]
    days = [_day(values) for values in below]
    seconds = [not any(isinstance(value, datetime) and value.microsecond for value in values) for values in below]
    cells = [
        [
            cell(value, is_same_day=day is not None, is_whole_seconds=whole)
            for value, day, whole in zip(row, days, seconds, strict=True)
        ]
        for row in rows
    ]
    needed = [max(cell_len(row[index]) for row in cells) for index in range(len(columns))]
    headings = [_heading(name, day, size) for name, day, size in zip(columns, days, needed, strict=True)]
    is_whole = [
        # A column without any value says nothing that could be cut.
        name.endswith(_WHOLE) or (kinds != {type(None)} and kinds.isdisjoint((str, list, bytes)))
        for name, kinds in zip(columns, [set(map(type, values)) for values in below], strict=True)
    ]
    widths = _widths(headings, cells, needed, is_whole, width)
    if widths is None:
        return _blocks(columns, rows, width)
    is_right = [all(isinstance(row[i], (int, float, type(None))) for row in rows) for i in range(len(columns))]
    depth = max(map(len, headings))
    head = [[""] * (depth - len(heading)) + heading for heading in headings]
    lines = [_line([column[level] for column in head], widths, is_right) for level in range(depth)]
    return lines + [_line(row, widths, is_right) for row in cells]


def _day(values: Sequence[Any]) -> str | None:
    """The day that all times of a column share, where there are any."""
    days = {value.date().isoformat() if isinstance(value, datetime) else None for value in values if value is not None}
    return days.pop() if len(days) == 1 else None


def _heading(name: str, day: str | None, width: int) -> list[str]:
    """The column's name, broken at underscores where it is wider than what stands below it."""
    name = visible(name, 60)
    parts = [name] if len(name) <= width else name.replace("_", "_\n").split("\n")
    return [*parts, day] if day else parts


def _widths(
    headings: list[list[str]], cells: list[list[str]], needed: list[int], is_whole: list[bool], width: int
) -> list[int] | None:
    widths = [
        max(*map(cell_len, heading), *(cell_len(row[index]) for row in cells), 1)
        for index, heading in enumerate(headings)
    ]
    room = width - len(GAP) * (len(widths) - 1)
    if room < len(widths):
        return None
    widths = [size if whole else min(size, room) for size, whole in zip(widths, is_whole, strict=True)]
    least = [min(NARROWEST_TEXT, max(NARROWEST_HEADING, size)) for size in needed]
    while sum(widths) > room:
        text = [index for index, whole in enumerate(is_whole) if not whole and widths[index] > least[index]]
        if not text:
            return None
        widths[max(text, key=lambda index: (needed[index] == 1, widths[index]))] -= 1
    return widths


def _line(texts: Sequence[str], widths: Sequence[int], is_right: Sequence[bool]) -> str:
    shown = []
    for text, width, right in zip(texts, widths, is_right, strict=True):
        size = cell_len(text)
        if size > width:
            shown.append(set_cell_size(text, width - 1) + "…")
        else:
            shown.append(" " * (width - size) + text if right else text + " " * (width - size))
    return GAP.join(shown).rstrip()


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    margin = max(map(len, columns)) + 4
    lines = []
    for number, row in enumerate(rows, start=1):
        lines.append(f"row {number}")
        for name, value in zip(columns, row, strict=True):
            first, *rest = _wrapped(cell(value), max(width - margin, 20))
            lines.append(f"  {visible(name):<{margin - 2}}{first}".rstrip())
            lines += [" " * margin + line for line in rest]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, cut anywhere: it need not have spaces."""
    lines, line, size = [], "", 0
    for char in text:
        if size + cell_len(char) > width:
            lines.append(line)
            line, size = "", 0
        line += char
        size += cell_len(char)
    return [*lines, line]
