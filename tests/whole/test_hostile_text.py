"""Text made by an attacker does no harm where a person reads it."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.fixtures import wire
from tests.whole import command

pytestmark = pytest.mark.long

TALKS = Path(__file__).with_name("talks_hostile")
HOSTILE = [
    "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b5m\u202egnp\u2066\u200bx\x08\x7f",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"--><svg onload=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "../../../../tmp/mailscope-owned",
    "..\\..\\owned.eml",
    "a\0b",
    "%s%n{0}${7*7}{{7*7}}",
    "'; DROP TABLE flows; --",
    "[link](javascript:alert(1))",
    "[bold red]x[/]",
    "\u0130\u00df\ud7ff\U0010ffff",
]

# What a terminal or a reader would obey: C0 and C1 controls but line feed, and direction marks.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def conversations() -> list[wire.Conversation]:
    """Each hostile text in every place where a client or a server may put text."""
    talks = {path.stem: path.read_text() for path in TALKS.glob("*.txt")}
    found = []
    for n, text in enumerate(HOSTILE):
        raw = "".join(f"\\x{byte:02x}" for byte in text.encode())
        mail, connect, web = (talks[name].replace("{raw}", raw) for name in ("mail", "connect", "web"))
        start = wire.START_US + n * 1_000_000
        for client, server, said in (
            (f"198.51.100.{n + 1}:4{n:04}", "10.9.0.4:3128", connect + mail),
            (f"10.9.0.4:5{n:04}", "192.0.2.25:25", mail),
            (f"10.0.0.{n + 1}:6{n:03}", "192.0.2.80:80", web),
        ):
            found.append(wire.Conversation(client, server, start_us=start).say(said))
            start += 2500
    return found


class Tags(HTMLParser):
    """Elements, and attributes that run something."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on") or "javascript:" in (value or "").lower():
                self.seen.append(f"<{tag} {name}={value}>")
            if name in ("src", "href") and re.match(r"(?i)\s*(https?|ftp|//)", value or ""):
                self.seen.append(f"<{tag} {name}={value}> reaches out")
        if tag in ("img", "iframe", "object", "embed", "base", "form", "meta") and ("src", "x") in attrs:
            self.seen.append(f"<{tag}>")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder with all files, and what was printed."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    capture = wire.write(folder / "in" / "x.pcap", wire.merged(*(c.packets for c in conversations())))
    return folder, command.every_command([capture], folder / "out", keep_messages=True)


def test_nothing_printed_moves_the_cursor_or_turns_the_text(outputs: tuple[Path, dict[str, str]]) -> None:
    obeyed = {name: sorted(set(OBEYED.findall(text))) for name, text in outputs[1].items()}
    assert not {name: found for name, found in obeyed.items() if found}


def test_page_holds_no_element_of_an_attacker(outputs: tuple[Path, dict[str, str]]) -> None:
    pages = list(outputs[0].rglob("*.html"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        tags = Tags()
        tags.feed(text)
        assert not tags.seen
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert not set(OBEYED.findall(text)) - {"\t"}


def test_no_cell_is_a_formula(outputs: tuple[Path, dict[str, str]]) -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in outputs[0].rglob("*.csv")}
    files.update({name: text for name, text in outputs[1].items() if name.endswith(" csv") and name.startswith("show")})
    assert len(files) > 10
    number = re.compile(r"[-+]?\d+(\.\d+)?")
    for name, text in files.items():
        for row in csv.reader(text.splitlines(keepends=True)):
            for cell in row:
                assert not cell.lstrip().startswith(("=", "+", "-", "@")) or number.fullmatch(cell), f"{name}: {cell!r}"


def test_no_file_is_named_by_a_packet(outputs: tuple[Path, dict[str, str]]) -> None:
    folder = outputs[0]
    names = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    assert not [name for name in names if not re.fullmatch(r"[\w.\-/]+", name, re.ASCII) or "owned" in name]
    assert sorted(path.name for path in folder.iterdir()) == ["in", "out"]
    assert not Path("/tmp/mailscope-owned").exists()
    assert len(list((folder / "out" / "mails").iterdir())) >= len(HOSTILE)
