"""A statement as key and values, and how it becomes a sentence."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

from mailscope.wording import chinese, english, traditional

LANGUAGES = ("en", "zh")
"""Languages a report can be written in."""

_TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "en": english.TEMPLATES,
    "zh": chinese.TEMPLATES,
    "zh-Hans": chinese.TEMPLATES,
    "zh-Hant": ChainMap(traditional.TEMPLATES, chinese.TEMPLATES),
}
_UNITS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": english.UNITS,
    "zh": chinese.UNITS,
    "zh-Hans": chinese.UNITS,
    "zh-Hant": ChainMap(traditional.UNITS, chinese.UNITS),
}
"""A notice is written in more languages than a report: by their tags (RFC 5646)."""
_JOIN: Mapping[str, str] = {"en": ", "}
_JOIN_OTHERS = "、"

_NAMES = frozenset({"number", "observation_domain", "packet", "port"})
"""Values whose number names something, such as a case; all others count something: 1,000."""

LIST_SHOWN = 8
"""Items of a list written out in a sentence; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A statement: the key of a catalogue and the values to put in."""

    key: str
    values: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return render(self)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of something, such as 3 mails; `unit` is a key of the catalogue's units."""

    count: int
    unit: str


def phrase(key: str, /, **values: Any) -> Phrase:
    """The statement `key` with its values."""
    return Phrase(key, tuple(values.items()))


def amount(count: int, unit: str) -> Amount:
    """`count` of `unit`."""
    return Amount(count, unit)


def template(key: str, lang: str = "en") -> str:
    """The catalogue's text for `key`; a missing key is a mistake of the program and raises KeyError."""
    return _TEMPLATES[lang][key]


def render(statement: Phrase | str, lang: str = "en") -> str:
    """The sentence for a statement; text is passed through."""
    if isinstance(statement, str):
        return statement
    values = {name: str(value) if name in _NAMES else _word(value, lang) for name, value in statement.values}
    text = template(statement.key, lang)
    return text.format_map(values) if lang == "en" else _closed_up(text, values)


def _closed_up(text: str, values: Mapping[str, str]) -> str:
    """The Chinese template filled: a blank beside a value is for Latin letters and figures, not between characters."""
    filled = ""
    for words, name, _spec, _conversion in Formatter().parse(text):
        filled = _beside(filled, words)
        if name is not None:
            filled = _beside(filled, values[name])
    return filled


def _beside(before: str, after: str) -> str:
    if after[:1] == " " and _is_han(before[-1:]) and _is_han(after[1:2]):
        return before + after[1:]
    if before[-1:] == " " and _is_han(before[-2:-1]) and _is_han(after[:1]):
        return before[:-1] + after
    return before + after


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _word(value: Any, lang: str) -> str:
    if isinstance(value, Phrase):
        return render(value, lang)
    if isinstance(value, Amount):
        one, many = _UNITS[lang][value.unit]
        return (one if value.count == 1 else many).format(n=f"{value.count:,}")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, timedelta):
        return _duration(value, lang)
    if isinstance(value, (list, tuple)):
        return _listed([_word(item, lang) for item in value], lang)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _listed(words: list[str], lang: str) -> str:
    if not words:
        return render(phrase("word.none"), lang)
    shown = _JOIN.get(lang, _JOIN_OTHERS).join(words[:LIST_SHOWN])
    rest = len(words) - LIST_SHOWN
    return shown if rest <= 0 else render(phrase("word.and-more", shown=shown, rest=rest), lang)


def _duration(value: timedelta, lang: str) -> str:
    seconds = value.total_seconds()
    if abs(seconds) < 1:
        return _word(Amount(round(seconds * 1000), "millisecond"), lang)
    if abs(seconds) < 120:
        one, many = _UNITS[lang]["second"]
        return (one if seconds == 1 else many).format(n=f"{seconds:.3g}")
    if abs(seconds) < 7200:
        return _word(Amount(round(seconds / 60), "minute"), lang)
    return _word(Amount(round(seconds / 3600), "hour"), lang)
