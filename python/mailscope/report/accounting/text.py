"""The report for a terminal: plain text, at most 100 columns, nothing from a packet that could move the cursor."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from mailscope.harmless import visible
from mailscope.report.accounting.sections import Section, headline, loss_lines, sections

WIDTH = 100
_CELL_WIDTH = 58


def text(report: Mapping[str, Any]) -> str:
    """The whole report."""
    lines = [*textwrap.wrap(headline(report), WIDTH), ""]
    lines += [line for sentence in loss_lines(report) for line in textwrap.wrap(visible(sentence), WIDTH)]
    for section in sections(report):
        lines += ["", section.title, *_table(section), *_note(section.note)]
    return "\n".join(lines) + "\n"


def _table(section: Section) -> Iterator[str]:
    rows = [section.headings, *section.rows]
    cells = [
        [visible(cell, _CELL_WIDTH if column < section.words else None) for column, cell in enumerate(row)]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [
            cell.ljust(width) if column < section.words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(padded)).rstrip()


def _note(note: str) -> Iterator[str]:
    for line in note.splitlines():
        yield from textwrap.wrap(line, WIDTH - 2, initial_indent="  ", subsequent_indent="    ")
