"""Writes docs/concepts/senders.md: how the queue judges, and how well, beside the fixed thresholds of 30 and 100 flows.

python -m scripts.senders_page            the folder of scenarios is MAILSCOPE_SHARED, or ../shared
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from tests.fixtures import sender_population
from tests.fixtures.sender_population import ABUSIVE, DAY, OWN, Population

from mailscope.ingest.flow_sources import flow_records_of
from mailscope.investigation.sender_queue import sender_queue
from mailscope.store import engine

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "concepts" / "senders.md"
SHARED = Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))
SEEDS = range(11, 16)
"""Not those that were looked at while the thresholds were chosen (1 and 2)."""


@dataclass
class Score:
    """Hosts rightly listed, wrongly listed and missed; scores add up."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    def cells(self) -> str:
        """Precision, recall and F1 as cells of a table; only what was wrongly listed where nobody is abusive."""
        if self.right + self.missed == 0:
            return f"{self.wrong} wrong | - | -"
        listed, wanted = self.right + self.wrong, self.right + self.missed
        precision = self.right / listed if listed else 0.0
        recall = self.right / wanted if wanted else 0.0
        both = 2 * self.right / (listed + wanted) if listed + wanted else 0.0
        return f"{precision:.3f} | {recall:.3f} | **{both:.3f}**"


@dataclass
class Row:
    """One data set: hosts that send, abusive ones among them, and the score of each queue."""

    name: str
    hosts: int
    abusive: int
    scores: list[Score]

    def __add__(self, other: Row) -> Row:
        pairs = zip(self.scores, other.scores, strict=True)
        return Row(self.name, self.hosts + other.hosts, self.abusive + other.abusive, [a + b for a, b in pairs])


def judged(name: str, records: Any, own: list[str], abusive: set[str]) -> Row:
    """The three queues over one data set."""
    queue = sender_queue(records, own, since=None, everybody=True)
    seen = {sender.subject for sender in queue.senders}
    queues = (
        {sender.subject for sender in queue.senders if sender.verdict == "abnormal"},
        {sender.subject for sender in queue.senders if sender.figures["over_30"]},
        {sender.subject for sender in queue.senders if sender.figures["over_100"]},
    )
    wanted = abusive & seen
    scores = [Score(len(q & wanted), len(q - wanted), len(wanted - q)) for q in queues]
    return Row(name, len(seen), len(wanted), scores)


def synthetic() -> list[Row]:
    """The made-up network, several days of it, seen whole and in part."""
    rows: dict[str, Row] = {}
    for seed in SEEDS:
        population = Population(seed)
        for name, table in _views(population):
            records = engine.add_arrow(engine.connect(), "flow_records", table)
            row = judged(name, records, [OWN], population.abusive)
            rows[name] = rows[name] + row if name in rows else row
    return list(rows.values())


def _views(population: Population) -> Iterator[tuple[str, object]]:
    table = population.table()
    is_out = pc.starts_with(table["src_addr"], OWN.split(".0.0")[0] + ".")
    hour = pc.and_(pc.equal(pc.hour(table["start"]), 13), pc.equal(pc.day(table["start"]), DAY.day))
    yield "synthetic, the whole day", table
    yield "synthetic, only outgoing records", table.filter(is_out)
    yield "synthetic, only incoming records", table.filter(pc.invert(is_out))
    yield "synthetic, one hour (13 to 14)", table.filter(hour)
    yield "synthetic, one packet in 10", population.sampled(10)


def scenarios() -> list[Row]:
    """The scenarios of relayed and direct spam, in each form in which their flows were exported."""
    rows = []
    for truth_file in sorted((SHARED / "scenarios").glob("s4*/truth.json")):
        truth = json.loads(truth_file.read_text("utf-8"))
        spam = {host["ip"] for host in truth["answers"]["spam_hosts"]}
        folder = truth_file.parent
        for name in ("nfcapd-v5", "nfcapd-v9", "nfcapd-ipfix", "flow-exports.pcap", "flow-exports-long.pcap"):
            with tempfile.TemporaryDirectory() as temporary:
                records = flow_records_of([folder / name], Path(temporary))
                rows.append(judged(f"{folder.name[:2]}, {name}", records, [truth["network"]["ours"]], spam))
    return rows


def botnet() -> list[Row]:
    """CTU-13: a host is abusive when a botnet's flow of it goes to a port of mail."""
    rows = []
    for file in sorted((SHARED / "realdata" / "flows").glob("*.binetflow*")):
        with tempfile.TemporaryDirectory() as temporary:
            records = flow_records_of([file], Path(temporary))
            rows.append(judged(f"CTU-13, {file.name.split('.')[0]}", records, ["147.32.0.0/16"], _labelled(file)))
    return rows


def _labelled(file: Path) -> set[str]:
    import csv
    import gzip

    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        return {
            row["SrcAddr"]
            for row in csv.DictReader(lines)
            if "Botnet" in row["Label"] and row["Dport"].strip() in ("25", "465", "587", "2525")
        }


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = (
        "| data | sending hosts | abusive | queue: precision | recall | F1 | over 30: precision | recall | F1 "
        "| over 100: precision | recall | F1 |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| {row.name} | {row.hosts:,} | {row.abusive:,} | {' | '.join(score.cells() for score in row.scores)} |\n"
        for row in rows
    )


def main() -> int:
    """Measures, and writes the page."""
    made = (sender_population.__doc__ or "").split("\n\n", 1)[1]
    measured = [*synthetic(), *(scenarios() + botnet() if (SHARED / "scenarios").is_dir() else [])]
    text = (ROOT / "scripts" / "senders_page.md").read_text("utf-8")
    abusive = ", ".join(sorted(ABUSIVE))
    text = text.replace("@TABLE@", table(measured)).replace("@POPULATION@", made.strip()).replace("@ABUSIVE@", abusive)
    PAGE.write_text(text, "utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(measured)} data sets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
