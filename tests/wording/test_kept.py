"""What is kept of a statement reads the same in every language afterwards."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from mailscope.wording import amount, phrase, render
from mailscope.wording.kept import kept, told

SAID = phrase(
    "cases.seen-flows",
    connections=amount(3, "connection"),
    servers=[phrase("word.none"), "b", 1.5, timedelta(minutes=3)],
    first=datetime(2026, 11, 1, 8, tzinfo=UTC),
    last=None,
)


@pytest.mark.parametrize("lang", ["en", "zh", "zh-Hant"])
def test_a_statement_that_was_kept_as_json_is_the_same_statement(lang):
    back = told(json.loads(json.dumps(kept(SAID))))
    assert render(back, lang) == render(SAID, lang)


def test_what_is_no_statement_is_refused():
    with pytest.raises(ValueError, match="no kept statement"):
        told({"__class__": "os.system"})
