"""Measures the complaint readers on third-party samples and writes the table of docs/concepts/complaints.md.

    .venv/bin/python scripts/measure_complaints.py ../shared/realdata/abuse

The folder holds `labels.csv` (path, label, notifier); mails of several projects with what their own parsers
expect (`.json` beside a mail) where there is such a thing.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from mailscope.desk.complaints.complaint import Complaint
from mailscope.desk.complaints.mailboxes import mails
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.reader import Reader

PAGE = Path(__file__).resolve().parents[1] / "docs" / "concepts" / "complaints.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def outcome(complaint: Complaint) -> str:
    """What became of a mail: a case, a person's queue, or a named reason why it is no complaint."""
    if complaint.category == "none":
        return "no complaint"
    return "person" if complaint.needs_person else "case"


def group(label: str, notifier: str, path: str) -> str:
    """The row of the table that a sample belongs to."""
    if label.startswith("not_complaint"):
        return "bounces"
    if label in ("valid_xarf", "invalid_xarf"):
        return "X-ARF, valid" if label == "valid_xarf" else "X-ARF, made invalid"
    if label == "feed":
        return "feeds, not mails"
    return {"fbl": "ARF of feedback loops"}.get(notifier.split("-")[0], path.split("/")[-2])


def measure(folder: Path) -> tuple[dict[str, Counter[str]], Counter[str], int]:
    """Counts by group; how many accused addresses are those that another parser expects."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    expected: Counter[str] = Counter()
    dropped = 0
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    for *path, label, notifier in rows:
        place = folder / ",".join(path)
        found = list(Reader(Networks()).read_all(mails(str(place))))
        dropped += not found
        for complaint in found[:1]:
            table[group(label, notifier, ",".join(path))][outcome(complaint)] += 1
            known = place.with_suffix(".json")
            if place.suffix == ".eml" and known.is_file():
                told = json.loads(known.read_text("utf-8")).get("source_ip")
                if told:
                    expected["addresses told"] += 1
                    expected["the same"] += [party.ip for party in complaint.parties] == [told]
    return table, expected, dropped


def page(table: dict[str, Counter[str]], expected: Counter[str], dropped: int) -> list[str]:
    """The lines between the marks."""
    lines = ["| samples | mails | case | person | no complaint |", "|---|---:|---:|---:|---:|"]
    total: Counter[str] = Counter()
    for name in sorted(table):
        total += table[name]
        counts = [table[name][kind] for kind in ("case", "person", "no complaint")]
        lines.append(f"| {name} | {sum(counts)} | " + " | ".join(map(str, counts)) + " |")
    counts = [total[kind] for kind in ("case", "person", "no complaint")]
    lines.append(f"| **all** | {sum(counts)} | " + " | ".join(map(str, counts)) + " |")
    lines.append(
        f"\nMails without any answer: {dropped}. Of {expected['addresses told']} addresses that another parser"
    )
    lines.append(f"expects beside its mail, {expected['the same']} are the same.")
    return lines


def main() -> None:
    """Writes the table into the page."""
    lines = page(*measure(Path(sys.argv[1])))
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
