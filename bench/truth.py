"""Every session and message of the benchmark's captures, compared with what their generator says it made.

    python bench/truth.py                    # MAIL and MAILBOTH
    python bench/truth.py MAIL --cache DIR

The generator writes one line a session beside each capture: 5-tuple, directions kept, kind, MAIL FROM, number of
recipients, length and FNV-1a (64 bits) of the last message. Each is looked for in the tables; what the kept
direction cannot show (`docs/concepts/one-side.md`) is not asked for. Exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import captures

Row = dict[str, Any]
End = tuple[str, int, str, int]

# Slots of truth that are named when they differ, at most.
SHOWN = 20
TABLES = {
    "flows": ("flow_id", "orig_addr", "orig_port", "resp_addr", "resp_port", "app", "app_layers", "sides"),
    "mail_sessions": ("flow_id", "protocol", "tls", "commands", "reply_codes", "client_gap_bytes", "server_gap_bytes"),
    "mail_transactions": ("flow_id", "mail_from", "rcpt_count", "rcpt_rejected", "data_code"),
    "messages": ("flow_id", "from_client", "size_bytes", "truncated", "raw"),
}
ENCRYPTED_PORTS = (465, 993, 995)


def fnv1a(data: bytes) -> int:
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFF_FFFF_FFFF_FFFF
    return value


def as_transferred(raw: bytes) -> bytes:
    """A message with its dots stuffed again (RFC 5321, 4.5.2), as the generator hashed it."""
    return re.sub(rb"(^|\n)\.", rb"\1..", raw)


class Tables:
    """The tables of one capture by flow, and its flows by their ends (client first)."""

    def __init__(self, path: Path) -> None:
        """Reads the capture with its messages."""
        from mailscope.ingest import captures as ingest
        from mailscope.ingest.captures import Options

        result = ingest.read(path, options=Options(keep_messages=True))
        self.rows: dict[str, dict[str, list[Row]]] = {}
        self.flows: dict[End, list[str]] = defaultdict(list)
        for name, columns in TABLES.items():
            by_flow: dict[str, list[Row]] = defaultdict(list)
            for row in result[name].to_pyarrow().select(columns).to_pylist():
                by_flow[row["flow_id"]].append(row)
            self.rows[name] = by_flow
        for flows in self.rows["flows"].values():
            for row in flows:
                ends = (row["orig_addr"], row["orig_port"], row["resp_addr"], row["resp_port"])
                self.flows[ends].append(row["flow_id"])
                self.flows[ends[2:] + ends[:2]].append(row["flow_id"])

    def of(self, table: str, flow_ids: list[str]) -> list[Row]:
        """Rows of a table that belong to these flows."""
        return [row for flow_id in flow_ids for row in self.rows[table].get(flow_id, [])]


def differences(truth: Row, tables: Tables) -> Iterator[str]:
    """What the tables say otherwise of one session of the truth."""
    flow_ids = tables.flows.get((truth["client"], int(truth["cport"]), truth["server"], int(truth["sport"])), [])
    flows = tables.of("flows", flow_ids)
    if not flows:
        yield "no flow"
        return
    seen = {"c2s": {"orig"}, "s2c": {"resp"}, "both": {"both"}}[truth["dirs"]]
    if {row["sides"] for row in flows} != seen:
        yield "sides"
    sessions = tables.of("mail_sessions", flow_ids)
    if any(row["client_gap_bytes"] or row["server_gap_bytes"] for row in sessions):
        yield "gap"
    yield from of_kind(truth, flows, sessions)
    if truth["kind"] in ("message", "rejected") and truth["dirs"] != "s2c":
        yield from envelope(truth, tables.of("mail_transactions", flow_ids))
    if truth["kind"] == "message" and truth["dirs"] == "s2c":
        codes = {row["data_code"] for row in tables.of("mail_transactions", flow_ids)}
        if codes != {354}:
            yield "no accepted DATA"
    yield from message(truth, tables.of("messages", flow_ids))


def of_kind(truth: Row, flows: list[Row], sessions: list[Row]) -> Iterator[str]:
    """Is it what the generator made, a mail session of its protocol or none?"""
    kind, port = truth["kind"], int(truth["sport"])
    protocols = [row["protocol"] for row in sessions]
    if kind == "tiny":
        if {row["app"] for row in flows} != {"none"}:
            yield "app of a connection without payload"
    elif kind == "tls":
        if "tls" not in flows[0]["app_layers"] or (sessions and {row["tls"] for row in sessions} != {"implicit"}):
            yield "implicit TLS"
    elif protocols != [{110: "pop3", 143: "imap"}.get(port, "smtp")]:
        yield "protocol"
    elif kind == "starttls" and sessions[0]["tls"] != "starttls":
        yield "STARTTLS"
    elif kind == "ehlo_quit" and sessions[0]["commands"] not in ([], ["EHLO", "QUIT"]):
        yield "commands"
    elif kind == "rejected" and truth["dirs"] == "s2c" and 550 not in sessions[0]["reply_codes"]:
        yield "refusal"


def envelope(truth: Row, transactions: list[Row]) -> Iterator[str]:
    """Sender and number of recipients of the last mail."""
    if not transactions:
        yield "no transaction"
        return
    last = transactions[-1]
    if last["mail_from"] != truth["mail_from"]:
        yield "MAIL FROM"
    if last["rcpt_count"] != int(truth["nrcpt"]):
        yield "recipients"
    if truth["kind"] == "rejected" and truth["dirs"] == "both" and last["rcpt_rejected"] != last["rcpt_count"]:
        yield "refused recipients"


def message(truth: Row, messages: list[Row]) -> Iterator[str]:
    """Length and hash of the last message, where the side that sent it was kept."""
    from_client = int(truth["sport"]) not in (110, 143)
    is_shown = truth["dirs"] in ("both", "c2s" if from_client else "s2c")
    length = int(truth["last_msg_len"])
    if not is_shown or not length:
        if messages:
            yield "message that was not there"
        return
    if not messages or messages[-1]["from_client"] != from_client:
        yield "no message"
        return
    raw = messages[-1]["raw"]
    is_stuffed = int(truth["sport"]) != 143
    sent = as_transferred(raw) if is_stuffed else raw
    if length not in (len(sent), len(raw)):
        yield "message length"
    elif int(truth["last_msg_fnv64"], 16) not in (fnv1a(sent), fnv1a(raw)):
        yield "message hash"
    elif messages[-1]["truncated"]:
        yield "message marked as truncated"


def check(name: str, cache: Path) -> bool:
    """Prints what of one capture's truth the tables hold; true when all of it."""
    path = captures.capture(name, cache)
    with path.with_name(path.name + ".truth.csv").open(newline="") as file:
        truths = list(csv.DictReader(file))
    tables = Tables(path)
    wrong: Counter[str] = Counter()
    shown = 0
    for truth in truths:
        found = list(differences(truth, tables))
        wrong.update(f"{truth['kind']} {truth['dirs']}: {what}" for what in found)
        if found and shown < SHOWN:
            shown += 1
            print(f"  {truth['client']}:{truth['cport']} {truth['server']}:{truth['sport']} {truth['kind']}: {found}")
    kinds = Counter(truth["kind"] for truth in truths)
    hashed = sum(
        int(truth["last_msg_len"]) > 0
        and truth["dirs"] in ("both", "s2c" if truth["sport"] in ("110", "143") else "c2s")
        for truth in truths
    )
    print(f"{name}: {len(truths)} sessions ({', '.join(f'{n} {kind}' for kind, n in kinds.most_common())})")
    print(f"  {hashed} last messages by length and hash; differences: {sum(wrong.values())} {dict(wrong)}")
    return not wrong


def main() -> int:
    """Checks the captures named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*", default=["MAIL", "MAILBOTH"])
    parser.add_argument("--cache", type=Path, default=captures.ROOT / "build" / "bench")
    asked = parser.parse_args()
    if "OWN" in captures.wanted(quick=True):
        print(f"no truth to compare with: no folder {captures.shared() / 'bench'}")
        return 0
    right = [check(name, asked.cache) for name in asked.captures]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
