"""Measures the signals of phishing on labelled real mail; writes the table and the curve of the documentation.

    python scripts/measure_phishing.py                     # prints what it measures
    python scripts/measure_phishing.py --write             # and writes docs/concepts/phishing-signals.{csv,svg}

Each mail is wrapped in an SMTP session in a capture, which is read as any other capture: the whole path is measured.
The mails lie in MAILSCOPE_SHARED/realdata/mail. A third of them, chosen by a hash of the name, is held out: weights
and lists were set by looking at the other two thirds only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import re
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT)]

from tests.fixtures.wire import START_US, Conversation, write  # noqa: E402

from mailscope.detect.domains import Domains  # noqa: E402
from mailscope.detect.network import own_network  # noqa: E402
from mailscope.detect.phishing import THRESHOLD, Judgement, judged  # noqa: E402
from mailscope.detect.phishing_letter import Ground, letters  # noqa: E402
from mailscope.detect.phishing_phrases import SPOT  # noqa: E402
from mailscope.ingest.captures import Options, read  # noqa: E402

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared")) / "realdata" / "mail"
OUT = ROOT / "docs" / "concepts"
THRESHOLDS = [round(0.3 + 0.05 * step, 2) for step in range(14)] + [0.98]
SERVER, OWN_DOMAIN = "10.0.0.25:25", "recipient.example"


@dataclass(frozen=True)
class Mail:
    """One labelled mail as judged."""

    path: str
    label: str
    is_held_out: bool
    judgement: Judgement


def is_held_out(path: str) -> bool:
    """A third of the mails, whatever order they come in."""
    return int(hashlib.sha256(path.encode()).hexdigest(), 16) % 3 == 0


def labelled() -> list[tuple[str, str, bytes]]:
    """Path, label and bytes of every mail."""
    with (SHARED / "labels.csv").open(encoding="utf-8") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    found = []
    for archive in sorted(SHARED.glob("*.tar.gz")):
        with tarfile.open(archive) as tar:
            for member in tar:
                opened = tar.extractfile(member) if member.name in labels else None
                if opened is not None:
                    found.append((member.name, labels[member.name], opened.read()))
    return sorted(found)


def envelope_sender(raw: bytes) -> str:
    """The address that stood in the envelope: Return-Path, else the mbox line, else From."""
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0][:65536]
    for pattern in (
        rb"(?im)^return-path:\s*<?([^\s<>]+@[^\s<>]+)",
        rb"\AFrom (\S+@\S+)",
        rb"(?im)^from:.*?([\w.+-]+@[\w.-]+)",
    ):
        if match := re.search(pattern, head):
            return match[1].decode("ascii", "replace")
    return "sender@unknown.example"


def session(number: int, raw: bytes) -> Conversation:
    """An SMTP session that hands the mail in from outside."""
    sender = envelope_sender(raw)
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]  # the mbox line is no header field
    talk = Conversation(
        f"198.51.{number % 200}.{number // 200 + 1}:40000", SERVER, start_us=START_US + number * 1_000_000
    )
    helo = f"mail.{sender.rpartition('@')[2].strip('>')}"
    talk.say(f"S: 220 mx.{OWN_DOMAIN} ESMTP\nC: EHLO {helo}\nS: 250 mx\nC: MAIL FROM:<{sender}>\nS: 250 ok")
    talk.say(f"C: RCPT TO:<user@{OWN_DOMAIN}>\nS: 250 ok\nC: DATA\nS: 354 go")
    body = re.sub(rb"\r?\n", b"\r\n", raw.rstrip(b"\r\n"))
    talk.send(True, re.sub(rb"(?m)^\.", b"..", body) + b"\r\n.\r\n")
    return talk.say("S: 250 ok\nC: QUIT\nS: 221 bye").fin()


def measured() -> list[Mail]:
    """Every mail with its judgement, through a capture."""
    mails = labelled()
    with tempfile.TemporaryDirectory() as folder:
        packets = [p for number, (_p, _l, raw) in enumerate(mails) for p in session(number, raw).packets]
        tables = read(write(Path(folder) / "mails.pcap", packets), Options(spot=SPOT))
    network = own_network([], ["10.0.0.0/8"])
    ground = Ground(network, Domains({OWN_DOMAIN}, "given"))
    by_client = {letter.row["client_addr"]: letter for letter in letters({n: tables.to_ibis(n) for n in tables})}
    found = []
    for number, (path, label, _raw) in enumerate(mails):
        letter = by_client.get(f"198.51.{number % 200}.{number // 200 + 1}")
        if letter is not None:
            found.append(Mail(path, label, is_held_out(path), judged(letter, ground)))
    return found


def rates(mails: list[Mail], threshold: float) -> tuple[int, int, int, int, int]:
    """Phish found, phish in all, ham called phish, ham in all, spam called phish."""
    hit: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for mail in mails:
        kind = "ham" if mail.label == "hard_ham" else mail.label
        every[kind] += 1
        hit[kind] += mail.judgement.score >= threshold
    return hit["phish"], every["phish"], hit["ham"], every["ham"], hit["spam"]


def precision(found: int, false: int) -> float:
    """The part of what is called phishing that is."""
    return found / (found + false) if found + false else 1.0


def curve(mails: list[Mail]) -> list[dict[str, object]]:
    """Precision and recall by threshold."""
    rows = []
    for threshold in THRESHOLDS:
        found, phish, false, ham, spam = rates(mails, threshold)
        rows.append(
            {
                "threshold": threshold,
                "precision": round(precision(found, false), 4),
                "recall": round(found / max(phish, 1), 4),
                "false_positives": false,
                "ham": ham,
                "found": found,
                "phish": phish,
                "spam_called_phish": spam,
            }
        )
    return rows


def by_signal(mails: list[Mail]) -> list[dict[str, object]]:
    """Each signal: in how many of each label it fires."""
    fired: dict[str, Counter[str]] = defaultdict(Counter)
    every: Counter[str] = Counter(mail.label for mail in mails)
    weights = {}
    for mail in mails:
        for fact in mail.judgement.facts:
            fired[fact.name][mail.label] += 1
            weights[fact.name] = fact.weight
    rows = []
    for name, counts in sorted(fired.items(), key=lambda item: -weights[item[0]]):
        ham = counts["ham"] + counts["hard_ham"]
        rows.append(
            {
                "signal": name,
                "weight": weights[name],
                "phish": counts["phish"],
                "ham": ham,
                "spam": counts["spam"],
                "precision": round(precision(counts["phish"], ham), 3),
                "recall": round(counts["phish"] / max(every["phish"], 1), 3),
            }
        )
    return rows


def shown(rows: list[dict[str, object]]) -> str:
    """Rows as a Markdown table."""
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(row[name]) for name in head) + " |" for row in rows]
    return "\n".join(lines)


def drawing(parts: dict[str, list[dict[str, object]]]) -> str:
    """Precision and recall by threshold as a plain SVG drawing, without script or outside reference."""
    width, height, left, top = 640, 360, 50, 20
    low, high = THRESHOLDS[0], THRESHOLDS[-1]

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (width - left - 20)

    def y(value: float) -> float:
        return top + (1 - value) * (height - top - 50)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for step in range(0, 11, 2):
        at = y(step / 10)
        out.append(f'<line x1="{left}" x2="{width - 20}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{step / 10:g}</text>')
    for value in THRESHOLDS[::2]:
        out.append(f'<text x="{x(value):.1f}" y="{height - 32}" text-anchor="middle">{value:g}</text>')
    out.append(
        f'<line x1="{x(THRESHOLD):.1f}" x2="{x(THRESHOLD):.1f}" y1="{top}" y2="{height - 50}" stroke="#888" '
        'stroke-dasharray="4 3"/>'
    )
    out.append(
        f'<text x="{width / 2}" y="{height - 12}" text-anchor="middle">'
        f"threshold (dashed line: the default, {THRESHOLD:g})</text>"
    )
    styles = {"precision": "#1b6ca8", "recall": "#c0392b"}
    for (name, rows), dash in zip(parts.items(), ("", "5 4"), strict=True):
        for column, colour in styles.items():
            points = " ".join(f"{x(float(str(r['threshold']))):.1f},{y(float(str(r[column]))):.1f}" for r in rows)
            out.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}">'
                f"<title>{column}, {name}</title></polyline>"
            )
    labels = [("precision", "#1b6ca8"), ("recall", "#c0392b"), ("solid: tuned on, dashes: held out", "#333")]
    for number, (text, colour) in enumerate(labels):
        out.append(f'<text x="{left + 12}" y="{height - 110 + 16 * number}" fill="{colour}">{text}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def put(page: Path, name: str, text: str) -> None:
    """Replaces what stands between the page's marks of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, rest = page.read_text("utf-8").split(begin, 1)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end, 1)[1]}", "utf-8")


def written(tuned: list[Mail], held: list[Mail]) -> None:
    """The page's tables, the curve, and the figures as CSV."""
    page = OUT / "phishing-signals.md"
    parts = {"tuned on": curve(tuned), "held out": curve(held)}
    put(page, "signals", shown(by_signal(tuned)))
    put(page, "curve tuned", shown(parts["tuned on"]))
    put(page, "curve held", shown(parts["held out"]))
    (OUT / "phishing-signals.svg").write_text(drawing(parts), "utf-8")
    with (OUT / "phishing-signals.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["part", *parts["tuned on"][0]], lineterminator="\n")
        writer.writeheader()
        writer.writerows({"part": name, **row} for name, rows in parts.items() for row in rows)


def main() -> int:
    """Measures, prints, and writes when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write table and curve into docs/concepts")
    parser.add_argument(
        "--wrong", type=int, default=0, metavar="N", help="name N mails judged wrongly, held-out ones never"
    )
    args = parser.parse_args()
    mails = measured()
    tuned = [mail for mail in mails if not mail.is_held_out]
    held = [mail for mail in mails if mail.is_held_out]
    print(shown(by_signal(tuned)), "\n")
    for name, part in (("tuned on", tuned), ("held out", held)):
        print(f"{name}: {len(part)} mails\n{shown(curve(part))}\n")
    if args.write:
        written(tuned, held)
    for mail in [m for m in tuned if (m.label == "phish") != m.judgement.is_phishing and m.label != "spam"][
        : args.wrong
    ]:
        print(mail.path, mail.label, mail.judgement.score, [(f.name, f.weight) for f in mail.judgement.facts])
    return 0


if __name__ == "__main__":
    sys.exit(main())
