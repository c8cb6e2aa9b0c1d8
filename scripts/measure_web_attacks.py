"""Measures the detection of attacks in web requests on labelled requests of others, and writes the table of docs.

Every payload becomes a request in a capture, which the core reads: what is measured is the whole path from packets
to the verdict, beside libinjection's alone. The data lie under MAILSCOPE_SHARED (default: ../shared).

    .venv/bin/python scripts/measure_web_attacks.py
"""

from __future__ import annotations

import csv
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "python")]

from tests.fixtures.wire import Conversation, write  # noqa: E402

SHARED = Path(os.environ.get("MAILSCOPE_SHARED", ROOT.parent / "shared"))
PAGE = ROOT / "docs" / "concepts" / "web-attacks.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"
REQUESTS_A_CONNECTION = 4
"""Few, because a malformed request may spoil what follows it."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Sample(NamedTuple):
    """One labelled request: the set it is from, its class (None: harmless), and its bytes after the Host field."""

    source: str
    label: str | None
    method: str
    target: bytes
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


PARAMETER_CLASSES = {
    "sqli": "sql-injection",
    "xss": "cross-site-scripting",
    "path-traversal": "path-traversal",
    "cmdi": "command-injection",
}
CRS_CLASSES = {
    "921": "header-injection",
    "930": "path-traversal",
    "931": "file-inclusion",
    "932": "command-injection",
    "933": "code-injection",
    "934": "code-injection",
    "941": "cross-site-scripting",
    "942": "sql-injection",
    "944": "java",
}
"""Classes by the first digits of the rules that a test expects; `java` stands for code, expression and objects."""

GOTESTWAF_CLASSES = {
    "crlf": "header-injection",
    "ldap-injection": "nosql-injection",
    "mail-injection": "header-injection",
    "nosql-injection": "nosql-injection",
    "path-traversal": "path-traversal",
    "rce": "command-injection",
    "rce-urlparam": "command-injection",
    "rce-urlpath": "command-injection",
    "shell-injection": "command-injection",
    "sql-injection": "sql-injection",
    "ss-include": "command-injection",
    "sst-injection": "template-injection",
    "xml-injection": "xml-external-entity",
    "xss-scripting": "cross-site-scripting",
}


def in_query(value: str | bytes) -> bytes:
    """A target with the value as its only parameter."""
    return b"/page?v=" + quote(value, safe="").encode()


def httpparams(folder: Path) -> Iterator[Sample]:
    """Values of parameters, one a line, with their class."""
    with (folder / "payload_train.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            yield Sample("httpparams", PARAMETER_CLASSES.get(row["attack_type"]), "GET", in_query(row["payload"]))


def libinjection(folder: Path) -> Iterator[Sample]:
    """Payloads of libinjection's own tests, percent-encoded, and what it once took for one wrongly."""
    for path in sorted(folder.glob("*.txt")):
        label = None if path.stem == "false_positives" else "sql-injection"
        for line in path.read_bytes().splitlines():
            if line and not line.startswith(b"#"):
                yield Sample("libinjection", label, "GET", in_query(unquote_to_bytes(line)))


def gotestwaf(folder: Path) -> Iterator[Sample]:
    """Payloads for testing firewalls, and texts that these should let pass."""
    import yaml

    for path in sorted(folder.glob("*/*.yml")):
        label = GOTESTWAF_CLASSES.get(path.stem)
        if label is None and path.parent.name != "false-pos":
            continue
        text = path.read_text("utf-8").replace("\\'", "\\\\'")
        for payload in yaml.safe_load(text)["payload"]:
            yield Sample("gotestwaf", label, "GET", in_query(unquote_to_bytes(str(payload))))


def csic(folder: Path) -> Iterator[Sample]:
    """Requests to a shop; among the anomalous are some that are merely malformed."""
    for name, label in (("normal", None), ("anomalous", "any")):
        for line in (folder / f"{name}.txt").read_bytes().splitlines():
            method, _space, url = line.partition(b" ")
            path, _mark, query = url.partition(b"?")
            path = b"/" + path.split(b"/", 3)[-1]
            fields = b"&".join(
                quote(field.partition(b"=")[0]).encode() + b"=" + quote(field.partition(b"=")[2], safe="+").encode()
                for field in query.split(b"&")
            )
            target = quote(path, safe="/;:@!$'()*,~").encode()
            if method == b"post":
                yield Sample("csic2010", label, "POST", target, fields)
            else:
                yield Sample("csic2010", label, method.decode().upper(), target + (b"?" + fields if query else b""))


def crs(folder: Path) -> Iterator[Sample]:
    """Regression tests of the Core Rule Set: requests that a rule must see, and those it must not."""
    import yaml

    for path in sorted(folder.glob("REQUEST-9[234]*/*.yaml")):
        label = CRS_CLASSES.get(path.parent.name[8:11])
        for test in (yaml.safe_load(path.read_text("utf-8")) or {}).get("tests", ()):
            for stage in test["stages"]:
                asked, log = stage["input"], (stage.get("output") or {}).get("log") or {}
                if label is None or "encoded_request" in asked or not ({"expect_ids", "no_expect_ids"} & set(log)):
                    continue
                headers = tuple(
                    (str(k), str(v)) for k, v in (asked.get("headers") or {}).items() if k.lower() not in _OWN
                )
                target = str(asked.get("uri", "/")).encode("utf-8", "surrogateescape").replace(b" ", b"%20")
                body = str(asked.get("data") or "").encode("utf-8", "surrogateescape")
                expected = label if log.get("expect_ids") else None
                yield Sample("crs", expected, str(asked.get("method") or "GET"), target, body, headers)


_OWN = ("host", "content-length", "connection", "accept-encoding", "transfer-encoding")


def samples() -> list[Sample]:
    """Everything that is there."""
    folder = SHARED / "realdata" / "web"
    if not folder.is_dir():
        raise SystemExit(f"no labelled requests in {folder}: set MAILSCOPE_SHARED")
    readers = {"httpparams": httpparams, "libinjection": libinjection, "gotestwaf": gotestwaf}
    readers |= {"csic2010": csic, "crs": crs}
    return [sample for name, reader in readers.items() for sample in reader(folder / name)]


def request_bytes(number: int, sample: Sample) -> bytes:
    """The request; its Host names the sample."""
    lines = [sample.method.encode() + b" " + sample.target + b" HTTP/1.1", b"Host: n%d.example" % number]
    given = {name.lower() for name, _value in sample.headers}
    if sample.body and "content-type" not in given:
        lines.append(b"Content-Type: application/x-www-form-urlencoded")
    if "user-agent" not in given:
        lines.append(b"User-Agent: Mozilla/5.0")
    lines += [
        f"{name}: {value}".encode("utf-8", "surrogateescape").replace(b"\r", b"").replace(b"\n", b"")
        for name, value in sample.headers
    ]
    if sample.body:
        lines.append(b"Content-Length: %d" % len(sample.body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + sample.body


def verdicts(taken: list[Sample]) -> dict[int, tuple[set[str], bool]]:
    """By sample: the classes seen in it, and whether libinjection alone calls it an attack."""
    import mailscope
    from mailscope.detect.web_attack import attack_values, values

    packets = []
    for start in range(0, len(taken), REQUESTS_A_CONNECTION):
        host, port = divmod(start // REQUESTS_A_CONNECTION, 20_000)
        talk = Conversation(
            f"198.51.100.{7 + host}:{10_000 + port}", "192.0.2.80:80", start_us=1_700_000_000_000_000 + start * 10_000
        )
        for number in range(start, min(start + REQUESTS_A_CONNECTION, len(taken))):
            talk.send(True, request_bytes(number, taken[number])).send(False, ANSWER)
        packets += talk.fin().packets
    seen: dict[int, tuple[set[str], bool]] = defaultdict(lambda: (set(), False))
    with tempfile.TemporaryDirectory() as folder:
        tables = mailscope.read([write(Path(folder) / "requests.pcap", packets)])
        http, parameters = tables.to_ibis("http_requests"), tables.to_ibis("http_parameters")
        hosts = http.select("flow_id", "exchange", "host")
        given = values(parameters, http)
        for row in _rows(attack_values(given).join(hosts, ["flow_id", "exchange"]).select("host", "attack")):
            seen[_number(row["host"])][0].add(row["attack"])
        alone = parameters.filter(parameters.sqli.notnull() | parameters.xss).join(hosts, ["flow_id", "exchange"])
        for row in _rows(alone.select("host").distinct()):
            number = _number(row["host"])
            seen[number] = (seen[number][0], True)
    return seen


def _rows(table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _number(host: str | None) -> int:
    found = re.match(r"n(\d+)\.", host or "")
    return int(found[1]) if found else -1


def table(taken: list[Sample], seen: dict[int, tuple[set[str], bool]]) -> str:
    """One line a set and class: how many, found, found with the right class, and by libinjection alone."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for number, sample in enumerate(taken):
        found, alone = seen.get(number, (set(), False))
        line = counts[(sample.source, sample.label or "harmless")]
        line["all"] += 1
        line["found"] += bool(found)
        line["named"] += sample.label in found or (sample.label == "java" and bool(found & _JAVA))
        line["alone"] += alone
    head = "| set | class | requests | taken for an attack | with that class | libinjection alone |\n"
    head += "|---|---|--:|--:|--:|--:|\n"
    lines = []
    for (source, label), line in sorted(
        counts.items(), key=lambda item: (item[0][0], item[0][1] == "harmless", item[0][1])
    ):
        named = "" if label in ("harmless", "any") else _share(line["named"], line["all"])
        lines.append(
            f"| {source} | {label} | {line['all']:,} | {_share(line['found'], line['all'])} | {named} |"
            f" {_share(line['alone'], line['all'])} |\n"
        )
    return head + "".join(lines)


_JAVA = {"code-injection", "expression-injection", "deserialisation"}


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)"


def main() -> None:
    """Measures, and puts the table in its place."""
    taken = samples()
    made = table(taken, verdicts(taken))
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + BEGIN + made + END + rest.split(END)[1], "utf-8")
    print(made, end="")


if __name__ == "__main__":
    main()
