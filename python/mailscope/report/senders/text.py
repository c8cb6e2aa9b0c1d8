"""The sender queue on a terminal: who stands in it, why, and how all senders are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailscope.harmless import visible
from mailscope.investigation.sender_queue import Queue
from mailscope.investigation.sender_story import Other, Sender
from mailscope.report.text import NARROWEST, Page, cells
from mailscope.wording import Phrase, amount, phrase, render

CLEARED_SHOWN = 20
VERDICTS = ("abnormal", "watch", "cleared", "ordinary")


def text(queue: Queue, lang: str = "en", width: int = 80) -> str:
    """The queue as plain text without escape sequences, no line wider than `width`."""
    page = Page(max(NARROWEST, width))
    say = _Sayer(lang)
    _head(queue, page, say)
    for verdict in VERDICTS:
        listed = [sender for sender in queue.senders if sender.verdict == verdict]
        if listed:
            page.heading(say(phrase(f"senders.title-{verdict}", count=f"{len(listed):,}")))
            shown = listed[:CLEARED_SHOWN] if verdict in ("cleared", "ordinary") else listed
            _senders(shown, page, say)
            if len(listed) > len(shown):
                page.paragraph(say(phrase("senders.more", rest=f"{len(listed) - len(shown):,}")))
    if queue.other:
        page.heading(say(phrase("senders.title-other", count=f"{len(queue.other):,}")))
        for other in queue.other:
            _other(other, page, say)
    if queue.distribution:
        page.heading(say(phrase("senders.title-distribution")))
        page.lines += _distribution(queue.distribution, say)
    return page.text()


class _Sayer:
    """Puts phrases into one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, statement: Phrase) -> str:
        return visible(render(statement, self.lang), 2000)


def _head(queue: Queue, page: Page, say: _Sayer) -> None:
    counts = [sum(sender.verdict == verdict for sender in queue.senders) for verdict in VERDICTS]
    summary = phrase(
        "senders.summary",
        hosts=f"{int(queue.population.get('hosts', 0)):,}",
        abnormal=str(counts[0]),
        watch=str(counts[1]),
        cleared=str(counts[2]),
        other=str(len(queue.other)),
    )
    page.paragraph(say(summary))
    if queue.window:
        page.paragraph(say(phrase("senders.window", start=queue.window.start, end=queue.window.end)))
    for note in queue.notes:
        page.paragraph(say(note))


def _senders(senders: Sequence[Sender], page: Page, say: _Sayer) -> None:
    """A line of figures for each, under common titles; below it the reason."""
    names = ("address", "flows", "servers", "failed", "packet", "hours", "score")
    titles = [say(phrase(f"senders.column-{name}")) for name in names]
    rows = [titles, *(_figures(sender) for sender in senders)]
    lines = aligned(rows, left=(0,))
    if max(map(cells, lines)) > page.width:
        # Long addresses stand on lines of their own.
        figures = aligned([row[1:] for row in rows])
        lines = [
            "    " + line if row is titles else f"{row[0]}\n    {line}" for row, line in zip(rows, figures, strict=True)
        ]
    page.lines.append(lines[0])
    for line, sender in zip(lines[1:], senders, strict=True):
        page.lines.append(line)
        if listed := sender.figures.get("addresses"):
            count = amount(sender.figures["addresses_count"], "address")
            page.paragraph(say(phrase("senders.addresses", addresses=count, listed=listed)), "    ")
        if sender.reason is not None:
            page.paragraph(say(sender.reason), "    ")
        if sender.mail_log and any(sender.mail_log.values()):
            counts = {name: f"{count:,}" for name, count in sender.mail_log.items()}
            page.paragraph(say(phrase("maillog.of-sender", **counts)), "    ")
        if (sender.figures["sampling"] or 1) > 1:
            sampling, error = sender.figures["sampling"], sender.figures["sampling_error_percent"]
            page.paragraph(say(phrase("senders.sampled", sampling=str(sampling), error=f"{error:.0f}")), "    ")


def _figures(sender: Sender) -> list[str]:
    packet = sender.figures["bytes_per_packet"]
    counts = [f"{sender.figures[name]:,}" for name in ("flows", "destinations", "failed")]
    shown = "?" if packet is None else f"{packet:,.0f}"
    return [visible(sender.subject, 45), *counts, shown, str(sender.figures["hours_active"]), f"{sender.score:.2f}"]


def _other(other: Other, page: Page, say: _Sayer) -> None:
    page.lines.append(f"{visible(other.subject, 45)}  {visible(other.kind, 40)}")
    page.paragraph(say(other.why), "    ")


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = ()) -> list[str]:
    """Rows as columns: those named in `left` to the left, numbers to the right."""
    widths = [max(cells(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for row in rows:
        gaps = [" " * (size - cells(cell)) for cell, size in zip(row, widths, strict=True)]
        shown = [c + gap if index in left else gap + c for index, (c, gap) in enumerate(zip(row, gaps, strict=True))]
        lines.append("  ".join(shown).rstrip())
    return lines


def _distribution(rows: Sequence[dict[str, Any]], say: _Sayer) -> list[str]:
    names = ("flows_per_host", "hosts", "hosts_percent", "flows", "flows_percent", "bytes", "bytes_percent")
    table = [[say(phrase(f"senders.column-{name.replace('_', '-')}")) for name in names]]
    table += [[_cell(row[name]) for name in names] for row in rows]
    sums = {name: sum(row[name] for row in rows) for name in ("hosts", "flows", "bytes")}
    last = [say(phrase("senders.sum"))]
    for total in sums.values():
        last += [f"{total:,}", "100.00" if total else "0.00"]
    return aligned([*table, last])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
