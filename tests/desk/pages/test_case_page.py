"""The page of a case: whole, harmless, in two languages, and readable by everybody."""

import re

import pytest

from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from mailscope.desk.pages.case_page import case_page
from mailscope.errors import UsageError
from tests.fixtures import browser
from tests.fixtures.busy_desk import busy_desk
from tests.fixtures.complaints import read
from tests.report.test_html import parsed


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return busy_desk(tmp_path_factory.mktemp("desk"), 3)


def page(desk, lang="en", number=1):
    with desk.transaction() as session:
        return case_page(session, number, lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_whole_loads_nothing_and_runs_nothing(desk, lang):
    text = page(desk, lang)
    tags = parsed(text)
    assert not set(tags.seen) & {"script", "iframe", "object", "embed", "form", "img", "link"}
    assert not [name for _tag, name, _value in tags.attributes if name.startswith("on") or name in ("src", "href")]
    assert not set(text) & {"\x1b", "\u202e"}
    assert "{{ 7*7 }}" in text
    assert re.findall(r"url\((?!#)", text) == []


def test_everything_of_the_case_is_told(desk):
    text = page(desk)
    for told in (
        "It goes on: last seen",
        "30 connections to mail ports of 30 servers",
        "10.9.9.9",
        "28 of 30",
        "nobody watched",
        "mail.log:7",
        "Your host 10.1.0.1 spams.",
        "垃圾郵件來源通知",
        "reminder",
        "nftables",
        "called them",
        "all seals hold",
    ):
        assert told in text, told


def test_it_speaks_chinese(desk):
    text = page(desk, "zh")
    assert '<html lang="zh-Hans">' in text
    assert "仍在继续" in text
    assert "30 条连接" in text


def test_a_changed_history_is_told(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    take(desk, [read()])
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS history_is_not_changed")
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE history SET actor = 'nobody'")
    assert "The seal of entry 1 does not hold" in page(desk)


def test_there_is_no_page_of_a_case_that_is_not_there(desk):
    with pytest.raises(UsageError):
        page(desk, number=99)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_real_browser_has_nothing_to_complain_of(desk, tmp_path, lang, number):
    if why := browser.missing():
        pytest.skip(why)
    file = tmp_path / "case.html"
    file.write_text(page(desk, lang, number), "utf-8")
    assert browser.console(tmp_path, file) == []
    assert browser.violations(tmp_path, file) == []
    assert browser.violations(tmp_path, file, is_dark=True) == []
