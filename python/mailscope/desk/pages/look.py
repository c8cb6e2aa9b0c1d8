"""What the desk's pages share: the report's look, the words of a language, hostile text made harmless."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailscope.harmless import visible
from mailscope.wording import amount, phrase, render, template

if TYPE_CHECKING:
    from jinja2 import Environment

CELL = 300
"""Characters of one value shown in a table."""


class Words:
    """The words of one language, for code and templates."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, key: str, **values: Any) -> str:
        """A phrase in the page's language."""
        return render(phrase(key, **values), self.lang)

    def slug(self, part: str, slug: object) -> str:
        """The word for a slug such as a state; a slug without one is shown as it is."""
        try:
            return template(f"{part}-{slug}", self.lang)
        except KeyError:
            return visible(str(slug), 60)

    def rows(self, count: int) -> str:
        """A number of rows, in words."""
        return render(phrase("page.more", rows=amount(count, "row")), self.lang)


def moment(value: Any) -> str:
    """A time as the pages write it, in UTC to the second; nothing where there is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return visible(value, 40)
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else ""


def lines(text: str, limit: int) -> tuple[list[str], bool]:
    """Text line by line, every line harmless; at most `limit` characters, and whether it was cut."""
    cut = len(text) > limit
    return [visible(line.expandtabs(4)) for line in text[:limit].splitlines()], cut


def cell(value: Any) -> str:
    """One value of a table."""
    if value is None or value == []:
        return "–"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, (list, tuple)):
        return visible(", ".join(str(item) for item in value), CELL)
    return visible(str(value), CELL)


def shown(rows: Iterable[Any], most: int) -> tuple[list[Any], int]:
    """The first rows, and how many are left out."""
    kept = list(rows)
    return kept[:most], max(0, len(kept) - most)


def pages(words: Words) -> Environment:
    """Templates that escape every value; the style is the report's."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    from mailscope.ingest.captures import version

    made = Environment(
        loader=ChoiceLoader([PackageLoader("mailscope.desk.pages"), PackageLoader("mailscope.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"cell": cell, "moment": moment}
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    made.globals |= {"say": words.say, "slug": words.slug, "more": words.rows, "lang": words.lang}
    made.globals["made"] = words.say("page.made", version=version(), now=now)
    return made
