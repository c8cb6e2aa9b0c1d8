"""What one side of a connection shows is the same whether the other side was captured or not."""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures import wire
from tests.whole import one_side, traffic, transcripts

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))
SHIPPED = {
    "inside.pcap": ROOT / "examples/inside.pcap",
    "link.pcap": ROOT / "examples/link.pcap",
    "real-proxies__input.pcap": ROOT / "tests/scenarios/real-proxies/input.pcap",
}
# One of so many reference captures in the quick tier.
SAMPLE = 9
NO_CAPTURES = {".json", ".py", ".md"}


@cache
def exceptions() -> list[dict[str, Any]]:
    return list(tomllib.loads(Path(__file__).with_name("one_side.toml").read_text("utf-8"))["exception"])


def explains(entry: dict[str, Any], capture: str, found: one_side.Difference) -> bool:
    name = f"{found.table}.{found.column}"
    is_named = any(fnmatchcase(name, column) for column in entry["columns"])
    captures = [entry["capture"]] if isinstance(entry["capture"], str) else entry["capture"]
    is_there = any(fnmatchcase(capture, pattern) for pattern in captures)
    return is_there and entry["side"] == found.side and is_named


def unexplained(capture: str, path: Path, folder: Path) -> list[str]:
    """Contradictions that no exception explains."""
    return [
        f"{capture} {found}"
        for found in one_side.differences(path, folder)
        if not any(explains(entry, capture, found) for entry in exceptions())
    ]


def references() -> list[Path]:
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip(f"reference captures are missing: no folder {folder}")
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in NO_CAPTURES)


def test_every_column_of_the_tables_has_a_rule() -> None:
    from mailscope.schema.tables import TABLES

    for table, rules in one_side.rules().items():
        columns = {column.name for column in TABLES[table].columns if not column.name.endswith(("_packet", "_capture"))}
        assert columns - one_side.PLACE == rules.keys(), table


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_captures(name: str, tmp_path: Path) -> None:
    assert not unexplained(name, SHIPPED[name], tmp_path)


def test_conversations_of_every_protocol(tmp_path: Path) -> None:
    capture = wire.write(tmp_path / "x.pcap", wire.merged(*(talk.packets for talk in traffic.conversations())))
    assert not unexplained("traffic", capture, tmp_path)


@pytest.mark.parametrize("path", transcripts.paths(), ids=lambda path: path.stem)
def test_transcripts(path: Path, tmp_path: Path) -> None:
    capture = wire.write(tmp_path / "x.pcap", transcripts.conversation(path).packets)
    assert not unexplained(path.stem, capture, tmp_path)


def test_a_sample_of_the_reference_captures(tmp_path: Path) -> None:
    left = [found for path in references()[::SAMPLE] for found in unexplained(path.name, path, tmp_path)]
    assert not left, "\n".join(left)


@pytest.mark.slow
def test_every_reference_capture_and_no_needless_exception(tmp_path: Path) -> None:
    made = {path.stem: transcripts.conversation(path).packets for path in transcripts.paths()}
    made["traffic"] = wire.merged(*(talk.packets for talk in traffic.conversations()))
    captures = {path.name: path for path in references()} | SHIPPED
    captures |= {path.name: path for path in sorted((SHARED / "scenarios").rglob("capture_*.pcap"))}
    captures |= {name: wire.write(tmp_path / f"{name}.pcap", packets) for name, packets in made.items()}
    needed, left = set(), []
    for name, path in captures.items():
        for found in one_side.differences(path, tmp_path):
            entries = [n for n, entry in enumerate(exceptions()) if explains(entry, name, found)]
            needed.update(entries)
            if not entries:
                left.append(f"{name} {found}")
    assert not left, "\n".join(left)
    assert [entry for n, entry in enumerate(exceptions()) if n not in needed] == []


@pytest.mark.slow
def test_whole_scenarios(tmp_path: Path) -> None:
    if not (SHARED / "scenarios").is_dir():
        pytest.skip(f"scenarios are missing: no folder {SHARED / 'scenarios'}")
    left = [
        found
        for path in sorted((SHARED / "scenarios").rglob("*.pcap"))
        for found in unexplained(path.name, path, tmp_path)
    ]
    assert not left, "\n".join(left[:50])
