"""The terminal report: the answer first, then its proof and its limits; no sentence wider than the window.

Lines to copy (commands, configuration) are never broken: half a line of configuration is another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailscope.investigation.investigate import Investigation
from mailscope.report.build import FindingView, Report, report

WIDTH = 100
"""Columns when nothing else is known."""

NARROWEST = 60
"""Below this many columns lines would be torn apart."""

CLOSING = "，。；：、）？！”》 "
"""What no line begins with."""

OPENING = "（“《"
"""What no line ends with."""

EVIDENCE_SHOWN = 8
MAILS_SHOWN = 10
LISTED_SHOWN = 25


def text(found: Investigation, lang: str = "en", width: int = WIDTH, case: str = "CASE") -> str:
    """The report as plain text without escape sequences."""
    view = report(found, lang, case)
    page = Page(max(NARROWEST, width))
    _questions(view, page)
    _answer(view, page)
    for item in view.findings:
        _finding(view, item, page)
    _rest(view, page)
    return page.text()


class Page:
    """Lines of at most `width` terminal cells; Chinese characters take two."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []

    def text(self) -> str:
        """The whole page."""
        return "\n".join(self.lines) + "\n"

    def heading(self, title: str) -> None:
        """A title with a rule under it."""
        if self.lines:
            self.lines.append("")
        self.lines += [title, "-" * min(cells(title), self.width)]

    def paragraph(self, words: str, indent: str = "", first: str | None = None) -> None:
        """Words wrapped under an indent; `first` stands in its place on the first line."""
        first = indent if first is None else first
        wrapped = wrap(words, self.width - cells(indent))
        self.lines += [(first if number == 0 else indent) + line for number, line in enumerate(wrapped)]

    def verbatim(self, line: str, indent: str) -> None:
        """A line to copy, whole however long it is."""
        self.lines.append(indent + line)

    def pairs(self, rows: Iterable[tuple[str, str]], indent: str = "  ") -> None:
        """Label and value, the values under each other; a repeated label is left out."""
        rows = list(rows)
        margin = max((cells(label) for label, _value in rows), default=0) + 2
        last = ""
        for label, value in rows:
            shown = "" if label == last else label
            last = label
            start = indent + shown + " " * (margin - cells(shown))
            self.paragraph(value, " " * cells(start), start)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widest: int) -> None:
        """Columns as wide as they need, the one numbered `widest` cut to what is left."""
        every = [list(head), *map(list, rows)]
        sizes = [max(cells(row[column]) for row in every) for column in range(len(head))]
        spare = self.width - 2 - sum(sizes) - 2 * (len(sizes) - 1)
        if spare < 0:
            sizes[widest] = max(8, sizes[widest] + spare)
        for row in every:
            line = "  ".join(fitted(value, size) for value, size in zip(row, sizes, strict=True))
            self.lines.append(fitted("  " + line, self.width).rstrip())


def cells(words: str) -> int:
    """Terminal cells that the words take."""
    if words.isascii():
        return len(words)
    from rich.cells import cell_len

    return cell_len(words)


def fitted(words: str, size: int) -> str:
    """The words in exactly `size` cells, cut with an ellipsis or filled up."""
    if cells(words) <= size:
        return words + " " * (size - cells(words))
    kept = ""
    for character in words:
        if cells(kept + character) > size - 1:
            break
        kept += character
    return kept + "…" + " " * (size - 1 - cells(kept))


def wrap(words: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at spaces and between Chinese characters; long words are cut."""
    lines, line = [], ""
    for piece in _pieces(words, width):
        if cells(line) + cells(piece.rstrip()) > width and line:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    return lines


def _pieces(words: str, width: int) -> Iterable[str]:
    piece, was_wide = "", False
    for character in words:
        is_wide = not character.isascii() and cells(character) == 2
        is_seam = (is_wide or was_wide) and character not in CLOSING and piece[-1:] not in OPENING
        if is_seam or cells(piece) >= width:
            yield piece
            piece = ""
        piece += character
        was_wide = is_wide
        if character == " ":
            yield piece
            piece = ""
    yield piece


def _questions(view: Report, page: Page) -> None:
    if view.questions:
        page.heading(view.say("report.questions"))
        page.pairs(
            [
                (question if number == 0 else "", text + (f" ({sure})" if sure and number == len(answers) - 1 else ""))
                for question, answers, sure in view.questions
                for number, text in enumerate(answers)
            ]
        )


def _answer(view: Report, page: Page) -> None:
    page.heading(view.say("report.answer"))
    for line in view.nothing:
        page.paragraph(line)
    for item in view.findings:
        page.paragraph(item.summary)
        page.lines.append("")
        page.pairs(item.headline)
        page.lines.append("")
        if item.advice:
            page.paragraph(view.say("report.do-now") + ":", "  ")
        for what, _lines in item.advice[:3]:
            page.paragraph(what, "    ", "  - ")
        if item is not view.findings[-1]:
            page.lines.append("")
    page.lines.append("")
    page.paragraph(view.took)


def _finding(view: Report, item: FindingView, page: Page) -> None:
    page.heading(f"{item.title} ({item.percent} %)")
    if item.techniques:
        page.paragraph(item.techniques, "  ")
    page.lines += ["", "  " + item.ground]
    for percent, what in item.facts:
        page.paragraph(what, " " * 11, f"    {percent:>3} %  ")
    _evidence(view, item, page)
    if item.mails:
        _mails(view, item, page)
    for title, sentences in (("report.not-proven", item.not_proven), ("report.could-be", item.could_be)):
        if sentences:
            page.lines += ["", "  " + view.say(title)]
            for sentence in sentences:
                page.paragraph(sentence, "      ", "    - ")
    if item.story:
        page.lines += ["", "  " + view.say("report.story")]
        page.paragraph(item.story, "    ")
    if item.advice:
        page.lines += ["", "  " + view.say("report.do-now")]
    for what, lines in item.advice:
        page.paragraph(what, "      ", "    - ")
        for line in lines.splitlines():
            page.verbatim(line, " " * 8)


def _evidence(view: Report, item: FindingView, page: Page) -> None:
    if not item.evidence:
        return
    page.lines += ["", "  " + view.say("report.evidence")]
    for row in item.evidence[:EVIDENCE_SHOWN]:
        page.paragraph(f"{row.capture} {row.packets}: {row.what}", " " * 8, f"    {row.number:>2}. ")
    rest = len(item.evidence) - EVIDENCE_SHOWN
    if rest > 0:
        from mailscope.wording import amount

        page.paragraph(view.say("report.evidence-more", rows=amount(rest, "row")), "        ")
    page.paragraph(f"{view.say('report.carve')}:", " " * 8)
    page.verbatim(item.evidence[0].carve, " " * 10)


def _mails(view: Report, item: FindingView, page: Page) -> None:
    page.lines += ["", "  " + view.say("report.mails")]
    if item.bursts:
        page.paragraph(item.bursts, "    ")
    head = [view.say(f"report.{name}") for name in ("time", "from", "to", "subject", "ok", "no", "result")]
    rows = [
        [
            row["time"][11:],
            fitted(row["from"], 24).rstrip(),
            fitted(row["to"], 24).rstrip(),
            row["subject"],
            row["accepted"],
            row["refused"],
            row["result"],
        ]
        for row in item.mails[:MAILS_SHOWN]
    ]
    page.table(head, rows, widest=3)
    rest = len(item.mails) - MAILS_SHOWN
    if rest > 0:
        from mailscope.wording import amount

        page.paragraph(view.say("report.mails-more", rows=amount(rest, "row")), "  ")


def _rest(view: Report, page: Page) -> None:
    for title, rows in (("report.hypotheses", view.hypotheses), ("report.claims", view.claims)):
        page.heading(view.say(title))
        for name, verdict, why in rows:
            page.paragraph(f"{name}: {view.say('word.verdict-' + verdict)} - {why}", "    ", "  - ")
    for title, pairs in (("report.cleared", view.cleared), ("report.unproven", view.unproven)):
        if pairs:
            page.heading(view.say(title))
            for subject, why in pairs[:LISTED_SHOWN]:
                page.paragraph(f"{subject}: {why}", "    ", "  - ")
    page.heading(view.say("report.coverage"))
    for line in view.coverage:
        page.paragraph(line, "    ", "  - ")
