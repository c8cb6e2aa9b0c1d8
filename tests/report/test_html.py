"""report.html: one file, nothing from elsewhere, everything escaped."""

import re
from html.parser import HTMLParser

import pytest

from mailscope.investigation.investigate import investigate
from mailscope.report.html import html
from tests.fixtures import browser
from tests.fixtures.relays import Mail, Relay
from tests.fixtures.wire import write
from tests.report.test_text import HOSTILE

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Tags(HTMLParser):
    """Collects tags and checks that they close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page):
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


@pytest.fixture(scope="module", params=["plain", "hostile"])
def page(request, tmp_path_factory):
    relay = Relay()
    if request.param == "hostile":
        relay = Relay(helo=HOSTILE, mails=(Mail(subject=HOSTILE + "\" onload='x' {{ 7*7 }}", sender="a@<b>.example"),))
    found = investigate(write(tmp_path_factory.mktemp("page") / "<b>&.pcap", relay.packets()), own=["203.0.113.0/24"])
    return html(found)


def test_the_page_is_whole_and_has_no_script(page):
    tags = parsed(page)
    assert not set(tags.seen) & {"script", "iframe", "object", "embed", "form", "img", "link", "b2"}
    assert not [name for _tag, name, _value in tags.attributes if name.startswith("on")]


def test_the_page_loads_nothing(page):
    tags = parsed(page)
    targets = [
        value for _tag, name, value in tags.attributes if name in ("src", "href", "action", "data", "xlink:href")
    ]
    assert all(target.startswith("#") for target in targets)
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []


def test_control_characters_and_templates_do_nothing(page):
    assert not set(page) & {"\x1b", "\x07", "\u202e"}
    assert "<script" not in page.lower()
    assert "49" not in re.findall(r"\{\{.*?\}\}", page)


def test_attackers_are_defanged_outside_evidence(page):
    before = page[: page.index('<table class="evidence">')]
    assert "198.51.100.7<" not in before
    assert "198.51.100[.]7" in before


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_empty_capture_gives_a_page_too(tmp_path, lang):
    parsed(html(investigate(write(tmp_path / "empty.pcap", [])), lang))


def test_the_page_speaks_chinese(tmp_path):
    found = investigate(write(tmp_path / "capture.pcap", Relay().packets()), own=["203.0.113.0/24"])
    page = html(found, "zh")
    assert '<html lang="zh-Hans">' in page
    assert "应对措施" in page


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of a case of a thousand mails and of an empty one, in both languages."""
    if why := browser.missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("pages")
    many = Relay(mails=tuple(Mail(subject=f"offer {n}", sender=f"s{n}@spam.example") for n in range(1000)))
    made = {}
    for name, packets in (("many", many.packets()), ("empty", Relay(mails=()).packets()[:3])):
        found = investigate(write(folder / f"{name}.pcap", packets), own=["203.0.113.0/24"])
        for lang in ("en", "zh"):
            made[name, lang] = folder / f"{name}-{lang}.html"
            made[name, lang].write_text(html(found, lang), "utf-8")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["many", "empty"])
def test_a_real_browser_has_nothing_to_complain_of(pages, tmp_path, name, lang):
    assert browser.console(tmp_path, pages[name, lang]) == []
    assert browser.violations(tmp_path, pages[name, lang]) == []
    assert browser.violations(tmp_path, pages[name, lang], is_dark=True) == []


@pytest.mark.slow
def test_a_case_of_a_thousand_mails_stays_small_and_prints(pages, tmp_path):
    page = pages["many", "en"]
    assert page.stat().st_size < 5_000_000
    assert page.read_text().count("<tr>") < 1200
    assert browser.printed(tmp_path, page).read_bytes().startswith(b"%PDF")
    assert browser.picture(tmp_path, page, "light").stat().st_size > 10_000
