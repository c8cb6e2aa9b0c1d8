"""The list of reasons is closed, documented, and holds every outcome of the decoders."""

import re
from pathlib import Path

from mailscope.detect.accounting.reasons import REASONS

ROOT = Path(__file__).parents[3]


def test_every_outcome_of_the_decoders_is_a_reason():
    source = (ROOT / "crates/decode/src/outcome.rs").read_text("utf-8")
    outcomes = set(re.findall(r'pub const \w+: &str = "([a-z-]+)";', source))
    assert outcomes
    assert outcomes <= set(REASONS)


def test_every_reason_is_a_slug_with_one_sentence():
    for slug, reason in REASONS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
        assert reason.meaning.endswith(".")


def test_every_reason_is_in_the_guide():
    guide = (ROOT / "docs/guides/accounting.md").read_text("utf-8")
    assert [slug for slug in REASONS if f"`{slug}`" not in guide] == []
