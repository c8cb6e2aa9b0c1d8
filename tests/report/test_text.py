"""The terminal report: answer first, within the window, harmless."""

from dataclasses import replace

import pytest

from mailscope.investigation.investigate import investigate
from mailscope.report.build import report
from mailscope.report.text import cells, fitted, text, wrap
from tests.fixtures.relays import Mail, Relay
from tests.fixtures.wire import write

HOSTILE = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202e=cmd|' /C calc'!A0 ../../etc/passwd"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("relay") / "capture.pcap", Relay().packets())
    return investigate(path, own=["203.0.113.0/24"])


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_window_but_those_to_copy(found, lang, width):
    view = report(found, lang)
    whole = {line for item in view.findings for _what, lines in item.advice for line in lines.splitlines()}
    whole |= {row.carve for item in view.findings for row in item.evidence}
    lines = text(found, lang, width).splitlines()
    assert {line.strip() for line in lines} >= {line.strip() for line in whole if "mailscope carve" not in line}
    assert max(cells(line) for line in lines if line.strip() not in {line.strip() for line in whole}) <= width


def test_chinese_lines_break_between_listed_addresses_and_never_inside_one():
    addresses = [f"10.1.20.{number}" for number in range(101, 109)]
    lines = wrap("内部对代理的正常使用：" + "、".join(addresses) + " 等", 40)
    assert all(any(address in line for line in lines) for address in addresses)
    assert all(cells(line) <= 40 for line in lines)
    assert not [line for line in lines if line[0] in "，：、"]


def test_the_answer_comes_first_with_everybody_in_it(found):
    start = "\n".join(text(found).splitlines()[:24])
    for part in (
        "198.51.100[.]7",
        "203.0.113.4:3128",
        "192.0.2.25:25",
        "CONNECT 192.0.2.25:25 HTTP/1.1",
        "1 mail",
        "%",
    ):
        assert part in start


def test_the_attacker_is_defanged_outside_evidence_only(found):
    before, _heading, rest = text(found).partition("  Evidence\n")
    assert "198.51.100.7" not in before
    assert "198.51.100.7:40001" in rest


def test_chinese_has_no_english_sentences(found):
    page = text(found, "zh")
    assert "结论" in page
    assert " the " not in page.replace("of the", "")


def test_nothing_found_is_said_with_what_was_looked_at(tmp_path):
    page = text(investigate(write(tmp_path / "some.pcap", Relay(mails=()).packets()[:3]), own=["203.0.113.0/24"]))
    assert "No abusive mail" in page


def test_an_owners_network_that_occurs_nowhere_is_asked_about_and_nothing_of_it_refuted(tmp_path):
    page = text(investigate(write(tmp_path / "a.pcap", Relay().packets()), own=["10.99.0.0/16"]), width=200)
    assert page.splitlines()[2].startswith("No address of 10.99.0.0/16 occurs in this traffic")
    assert "refuted - no inside host" not in page


def test_of_captures_without_a_conversation_nothing_is_said_to_be_refuted(tmp_path):
    page = text(investigate(write(tmp_path / "empty.pcap", [])))
    assert "nothing can be said of this network" in page
    assert "refuted" not in page
    assert "No abusive mail" not in page


def test_a_capture_whose_clock_is_wrong_is_named(found):
    wrong = {**found.inputs[0], "clock_offset_us": -2_500_000, "clock_reference": "link.pcap"}
    page = " ".join(text(replace(found, inputs=[wrong]), width=200).split())
    assert "capture.pcap is 2.5 s behind that of link.pcap" in page
    assert "the clock of" not in text(found, width=200)


def test_a_pattern_that_was_not_looked_for_is_named(found):
    left = [{"pattern": "url:value MATCHES '\x1b[2J^http'", "file": "list.json"}]
    page = text(replace(found, coverage=found.coverage | {"patterns_not_read": left}), width=200)
    assert "1 pattern from the list of indicators cannot be looked for" in page
    assert "url:value MATCHES" in page
    assert "\x1b" not in page


def test_hostile_text_moves_no_cursor(tmp_path):
    relay = Relay(helo=HOSTILE, mails=(Mail(subject=HOSTILE, sender=f"{HOSTILE}@x.example"),))
    relay.banner = f"220 {HOSTILE}"
    found = investigate(write(tmp_path / "hostile.pcap", relay.packets()), own=["203.0.113.0/24"])
    for lang in ("en", "zh"):
        page = text(found, lang)
        assert not set(page) & {"\x1b", "\x07", "\u202e", "\r", "\x00"}
        assert max(cells(line) for line in page.splitlines()) <= 100


def test_wrapping_counts_cells_and_never_loses_a_letter():
    words = "代理服务器 relayed a-very-long-word-" + "x" * 50 + " 完毕"
    for width in (10, 20, 61):
        lines = wrap(words, width)
        assert all(cells(line) <= width for line in lines)
        assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert fitted("代理服务器", 7) == "代理服…"
