"""The report for a terminal: plain text, no wider than the window, nothing from a packet that could move the cursor."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from mailscope.harmless import visible
from mailscope.report.accounting.sections import Section, headline, loss_lines, sections

WIDTH = 100
"""Columns when nothing else is known."""

NARROWEST_WORDS = 16
_CELL_WIDTH = 58


def text(report: Mapping[str, Any], width: int = WIDTH) -> str:
    """The whole report."""
    lines = [*textwrap.wrap(headline(report), width), ""]
    lines += [line for sentence in loss_lines(report) for line in textwrap.wrap(visible(sentence), width)]
    for section in sections(report):
        lines += ["", section.title, *_table(section, width), *_note(section.note, width)]
    return "\n".join(lines) + "\n"


def _table(section: Section, width: int) -> Iterator[str]:
    """Columns as wide as they need; the widest one of words gives way to the window."""
    rows = [section.headings, *section.rows]
    cells = [
        [visible(cell, _CELL_WIDTH if column < section.words else None) for column, cell in enumerate(row)]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    over = sum(widths) + 2 * len(widths) - width
    if over > 0 and section.words:
        widest = max(range(section.words), key=widths.__getitem__)
        widths[widest] = max(widths[widest] - over, min(NARROWEST_WORDS, widths[widest]))
        for row in cells:
            row[widest] = visible(row[widest], widths[widest])
    for row in cells:
        padded = [
            cell.ljust(size) if column < section.words else cell.rjust(size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(padded)).rstrip()


def _note(note: str, width: int) -> Iterator[str]:
    for line in note.splitlines():
        yield from textwrap.wrap(line, width - 2, initial_indent="  ", subsequent_indent="    ")
