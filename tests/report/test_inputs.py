"""How far a capture was read."""

import pytest

from mailscope.report.inputs import ENDS, ended
from mailscope.wording import render


def test_where_reading_stopped_is_told_in_words_with_its_place():
    entry = {"end": "cut-off-record", "end_packet": 1324, "end_offset": 99929}
    assert render(ended(entry)) == "cut off inside a packet, after packet 1324, at byte offset 99,929"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("end", ENDS)
def test_every_end_has_words(end, lang):
    assert render(ended({"end": end, "end_packet": 0, "end_offset": 0}), lang) != end or (end, lang) == (
        "complete",
        "en",
    )


def test_an_end_that_is_not_known_here_is_told_as_it_is():
    assert ended({"end": "of-a-newer-core"}) == "of-a-newer-core"
