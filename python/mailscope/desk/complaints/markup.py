"""HTML as the text that a reader would see; addresses broken up by tags come together again."""

import re
from html.parser import HTMLParser

from mailscope.desk.complaints.bounds import MAX_MARKUP

_BLOCKS = frozenset(
    "address article blockquote br dd div dl dt form h1 h2 h3 h4 h5 h6 hr li ol p pre section table tr ul".split()  # noqa: SIM905
)
_CELLS = frozenset(("td", "th"))
_UNSEEN = frozenset(("script", "style", "head", "title", "template"))
_SPACES = re.compile(r"[ \xa0]+")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.images = 0
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Blocks begin a line, cells a column."""
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in _CELLS:
            self.pieces.append("\t")
        elif tag == "img":
            self.images += 1

    def handle_endtag(self, tag: str) -> None:
        """Blocks end the line that they began."""
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """What is seen."""
        if not self._unseen:
            self.pieces.append(data)


def text_of_html(markup: str) -> str:
    r"""The text of an HTML body, one line a block, cells apart by a tab.

    >>> text_of_html("<p>from 10<span>.</span>25.1.2</p><p>now</p>")
    'from 10.25.1.2\nnow'
    """
    parser = _Text()
    try:
        parser.feed(markup[:MAX_MARKUP])
        parser.close()
    except (AssertionError, ValueError, RecursionError):
        pass  # what was read so far is what a reader would see
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(parser.pieces).splitlines())
    return "\n".join(line for line in lines if line)
