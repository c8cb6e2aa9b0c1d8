"""Both languages say the same things."""

import ast
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import mailscope.wording
from mailscope.wording import LANGUAGES, amount, chinese, english, phrase, render, traditional

PACKAGE = Path(mailscope.wording.__file__).parents[1]
CATALOGUES = {"en": english, "zh": chinese}
GENERATED = (
    "complaint.",
    "input.end-",
    "relay.how-",
    "tie.target-",
    "cleared.",
    "report.",
    "hypothesis.name-",
    "claim.name-",
    "word.verdict-",
    "phishing.",
    "senders.",
    "phase.",
    "effect.",
    "notice.kind-",
    "top.column-",
    "top.verdict-",
    *(f"page.{part}-" for part in ("state", "action", "standing", "verdict", "source", "kind", "how", "age", "why")),
)


def test_no_key_stands_in_two_files():
    for catalogue in CATALOGUES.values():
        assert len(catalogue.TEMPLATES) == sum(len(part.TEMPLATES) for part in catalogue._PARTS)


def places(template):
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name is not None}


def test_every_key_is_in_every_language():
    assert set(english.TEMPLATES) == set(chinese.TEMPLATES)
    assert set(english.UNITS) == set(chinese.UNITS)


@pytest.mark.parametrize("key", sorted(english.TEMPLATES))
def test_the_same_values_stand_in_every_language(key):
    assert places(english.TEMPLATES[key]) == places(chinese.TEMPLATES[key])


def phrase_calls():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", ""))
            if isinstance(node, ast.Call) and name in ("phrase", "say") and node.args:
                yield path, node


def test_every_phrase_that_is_used_is_in_the_catalogue():
    for path, node in phrase_calls():
        key = node.args[0]
        if isinstance(key, ast.Constant):
            assert key.value in english.TEMPLATES, f"{path.name}:{node.lineno} {key.value}"
            if all(keyword.arg for keyword in node.keywords):
                assert places(english.TEMPLATES[key.value]) <= {k.arg for k in node.keywords}, key.value


def test_no_phrase_lies_unused():
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".html")]
    text = "".join(
        path.read_text("utf-8") for path in sources if not {"english", "chinese", "traditional"} & set(path.parts)
    )
    unused = [key for key in english.TEMPLATES if key not in text and key.removeprefix("report.") not in text]
    assert [key for key in unused if not key.startswith(GENERATED)] == []


def test_values_are_written_in_the_language():
    values = phrase("relayed.taken", mails=amount(1, "mail"))
    assert render(values) == "1 mail for foreign recipients were taken without a login"
    assert "1 封邮件" in render(values, "zh")
    assert set(LANGUAGES) == set(CATALOGUES)


def test_long_lists_are_cut_and_counted():
    assert render(phrase("report.list", items=[str(n) for n in range(20)])).endswith("and 12 more")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_counted_has_separators_and_what_is_named_by_a_number_has_none(lang):
    counted = render(phrase("top.summary", hosts=1000, abnormal=1000, watch=0, cleared=0, other=12345, start="-"), lang)
    assert (counted.count("1,000"), counted.count("12,345")) == (2, 1)
    assert "1000" in render(phrase("page.queue-case", number=1000), lang)


def test_times_are_utc_and_durations_have_units():
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert render(phrase("report.until", last=moment)) == "until 2026-01-02 03:04:05 UTC"
    assert render(phrase("tie.time-order", delay=timedelta(microseconds=1700))).startswith("the connection begins 2 ms")


def test_what_a_notice_says_is_there_in_traditional_chinese_too():
    said = {key for key in english.TEMPLATES if key.startswith(("cases.", "notice.", "report.kind-"))}
    assert said <= set(traditional.TEMPLATES) <= set(english.TEMPLATES)
    assert set(traditional.UNITS) <= set(english.UNITS)
    for key in traditional.TEMPLATES:
        assert places(traditional.TEMPLATES[key]) == places(english.TEMPLATES[key]), key
    assert render(phrase("cases.seen-refused", mails=amount(2, "mail")), "zh-Hant") == "郵件日誌：其中 2 封郵件遭拒收"


def test_chinese_has_no_blank_between_characters_where_a_value_ends_in_one():
    told = phrase("hypothesis.insider-refuted", sessions=amount(35, "session"))
    assert "35 个会话均由" in render(told, "zh")
    host = phrase("hypothesis.insider-confirmed", hosts=["10.1.2.3"])
    assert render(host, "zh").startswith("10.1.2.3 通过")
