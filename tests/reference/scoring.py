"""Scores Mailscope against the reference captures, in one process.

    python -m tests.reference.scoring                      # all captures
    python -m tests.reference.scoring smtp socks http-proxy --misses 50 --unexplained

The arithmetic is the reference folder's own score.py. This module adds groups of captures (by any
of several tags), the checked-in differences, and the rate that the tests hold.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import os
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DIFFERENCES = Path(__file__).with_name("differences.toml")

# A capture belongs to a group when it has any of these tags.
GROUPS = {
    "smtp": {"proto:smtp"},
    "pop3": {"proto:pop3"},
    "imap": {"proto:imap"},
    "socks": {"proto:socks"},
    "http-proxy": {"http-proxy", "http-connect"},
    "http": {"proto:http"},
    "tls": {"proto:tls"},
}


def shared() -> Path:
    """The folder with the reference captures and scenarios."""
    return Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))


@dataclass(frozen=True)
class Miss:
    """One expected value that Mailscope does not give, or one that nobody expected."""

    capture: str
    where: str
    field: str
    what: str
    expected: Any
    got: Any
    by: Any

    @property
    def agreed(self) -> bool:
        """True when two or more oracles say the expected value and none denies it."""
        return self.what in ("missed", "wrong", "list-differs") and len(self.by) > 1


@dataclass
class Score:
    """Tallies by (level, field), what was missed, and counts of sessions and records."""

    tallies: dict[tuple[str, str], Any]
    misses: list[Miss] = field(default_factory=list)
    stats: Counter[str] = field(default_factory=Counter)
    captures: int = 0

    def rate(self, kind: str = "expected") -> tuple[int, int]:
        """Right and all: of the `expected` values nobody disputes, or of the `agreed` ones."""
        tallies = self.tallies.values()
        if kind == "agreed":
            return sum(t.agreed[0] for t in tallies), sum(sum(t.agreed) for t in tallies)
        return sum(t.tp for t in tallies), sum(t.tp + t.fn for t in tallies)


@functools.cache
def scorer(folder: Path) -> ModuleType:
    """The reference folder's score.py."""
    spec = importlib.util.spec_from_file_location("reference_score", folder / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def expectations(folder: Path) -> list[Any]:
    """All expectations, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.expect.json"))]


def selected(folder: Path, groups: list[str] | None = None, name: str = "*") -> list[Any]:
    """Expectations of any of the groups whose name matches."""
    tags = set().union(*(GROUPS[group] for group in groups)) if groups else None
    return [e for e in expectations(folder) if (tags is None or tags & set(e["tags"])) and fnmatchcase(e["name"], name)]


@functools.cache
def ndjson(path: Path) -> str:
    """Mailscope's records of one capture, made once in a process."""
    from tests.reference import adapter

    return "".join(json.dumps(record) + "\n" for record in adapter.records(str(path)))


def score(folder: Path, chosen: list[Any]) -> Score:
    """Scores the chosen expectations."""
    module = scorer(folder)
    options = SimpleNamespace(only_field=None, ignore_field=[], agreed_only=False, oracle=None, all_protocols=False)
    result = Score(defaultdict(module.Tally))
    for expectation in chosen:
        raw: list[tuple[Any, ...]] = []
        text = ndjson(folder / expectation["capture"]["file"])
        result.stats.update(module.score_capture(expectation, text, result.tallies, raw, options))
        result.captures += 1
        for where, level, name, what, expected, got, by in raw:
            flow = where.partition(" ")[2]
            result.misses.append(Miss(expectation["name"], flow, f"{level}.{name}", what, expected, got, by))
    return result


def differences() -> list[dict[str, Any]]:
    """The checked-in list of explained differences."""
    return list(tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))["difference"]) if DIFFERENCES.exists() else []


def explains(entry: dict[str, Any], miss: Miss) -> bool:
    """Does an entry of the list explain a miss? Patterns are shell-like; a list means any of them."""

    def matches(key: str, value: str) -> bool:
        patterns = entry.get(key, "*")
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return any(fnmatchcase(value, pattern) for pattern in patterns)

    return matches("capture", miss.capture) and matches("where", miss.where) and matches("field", miss.field)


def table(result: Score) -> str:
    """Per field: right of expected, extra, and the three classes."""
    lines = [f"{result.captures} captures  " + "  ".join(f"{k}={v}" for k, v in sorted(result.stats.items()))]
    lines.append(f"{'field':32}{'right':>7}{'of':>7}{'extra':>7}{'rate':>8}   agreed      single      contested")
    for (level, name), t in sorted(result.tallies.items()):
        wanted = t.tp + t.fn
        rate = f"{t.tp / wanted:8.3f}" if wanted else "       -"
        classes = "".join(f"   {a:4}/{a + b:<4}" for a, b in (t.agreed, t.single, t.contested))
        lines.append(f"{level + '.' + name:32}{t.tp:7}{wanted:7}{t.fp:7}{rate}{classes}")
    for kind in ("expected", "agreed"):
        right, every = result.rate(kind)
        lines.append(f"{'ALL ' + kind:32}{right:7}{every:7}{right / every if every else 0:15.4f}")
    return "\n".join(lines)


def main() -> None:
    """Prints the score of the chosen groups and their misses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", help=f"any of {', '.join(GROUPS)}; default: all captures")
    parser.add_argument("--name", default="*", help="shell pattern of capture names")
    parser.add_argument("--field", default="*", help="shell pattern of fields, such as session.helo")
    parser.add_argument("--misses", type=int, default=0, help="how many misses to print")
    parser.add_argument("--unexplained", action="store_true", help="only those not in differences.toml")
    asked = parser.parse_args()
    folder = shared() / "reference"
    result = score(folder, selected(folder, asked.groups or None, asked.name))
    print(table(result))
    known = differences() if asked.unexplained else []
    left = [m for m in result.misses if fnmatchcase(m.field, asked.field) and not any(explains(e, m) for e in known)]
    print(f"misses: {len(left)}", dict(Counter(m.field for m in left).most_common(40)))
    for m in left[: asked.misses]:
        show = [json.dumps(value, ensure_ascii=False, default=str)[:160] for value in (m.expected, m.got)]
        print(f"{m.capture} {m.where}\n    {m.field}: {m.what} expected={show[0]} got={show[1]} by={m.by}")


if __name__ == "__main__":
    main()
