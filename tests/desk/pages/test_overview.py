"""The page of the whole desk: empty, busy, harmless, in two languages."""

import pytest

from mailscope.desk.database import open_desk
from mailscope.desk.pages.overview import overview
from mailscope.desk.rules import rules_of
from mailscope.investigation.hit_rate import Rate
from tests.fixtures import browser
from tests.fixtures.busy_desk import busy_desk
from tests.report.test_html import parsed

RULES = rules_of({"remind_after_days": 3, "send": [{"category": ["spam"], "evidence": "any"}]})


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desks")
    return {"empty": open_desk(folder / "empty.db"), "busy": busy_desk(folder, 60)}


def page(desk, lang="en", **more):
    with desk.transaction() as session:
        return overview(session, RULES, lang, **more)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["empty", "busy"])
def test_it_is_whole_and_runs_nothing(desks, name, lang):
    tags = parsed(page(desks[name], lang))
    assert not set(tags.seen) & {"script", "iframe", "object", "embed", "form", "img", "link"}
    assert not [name for _tag, name, _value in tags.attributes if name.startswith("on") or name in ("src", "href")]


def test_what_waits_what_is_due_and_what_is_blocked_is_told(desks):
    text = page(desks["busy"])
    for told in ("only pictures", "No rule covers it.", "A notice was refused", "nftables", "10.1.0.1/32"):
        assert told in text, told
    assert "Nothing is due." not in text


def test_cases_with_a_page_are_linked(desks):
    assert 'href="case-1.html"' in page(desks["busy"], linked=frozenset({1}))
    assert "href=" not in page(desks["busy"])


def test_an_empty_desk_says_so(desks):
    assert "No open case." in page(desks["empty"])
    assert "没有未结案件" in page(desks["empty"], "zh")


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["empty", "busy"])
def test_a_real_browser_has_nothing_to_complain_of(desks, tmp_path, name, lang):
    if why := browser.missing():
        pytest.skip(why)
    file = tmp_path / "index.html"
    rates = {f"2026-{month:02d}": Rate(f"2026-{month:02d}", 3, 4) for month in range(1, 13)}
    file.write_text(page(desks[name], lang, rates=rates, linked=frozenset({1, 2, 3})), "utf-8")
    assert browser.console(tmp_path, file) == []
    assert browser.violations(tmp_path, file) == []
    assert browser.violations(tmp_path, file, is_dark=True) == []
