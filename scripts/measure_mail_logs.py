"""Compares rows of mail logs with what other projects' own parsers expect of the same lines.

    python scripts/measure_mail_logs.py ../shared/realdata/maillogs [--misses]

Counted are values that our table has a column for, of lines of mail servers and filters; a value our row does not have
or has otherwise is a miss. Prints the table of docs/concepts/mail-logs.md.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from mailscope.ingest.maillogs.reader import row_of
from mailscope.ingest.maillogs.row import Row
from mailscope.ingest.maillogs.syslog import Clock
from mailscope.ingest.maillogs.values import address, mailbox

Expected = tuple[str, str, str, Any]
"""Where, the line, the column, the value expected."""

HEAD = "2026-11-22T04:00:00Z host "
_POSTFIX_SESSION = re.compile(r"(?:dis)?connect from|lost connection after|timeout after|statistics:|TLS connection")


def fail2ban(folder: Path) -> Iterator[Expected]:
    """The address to be banned, where a line is one that must match."""
    for name in ("postfix", "sendmail-reject"):
        told: dict[str, Any] = {}
        for number, line in enumerate((folder / name).read_text("utf-8", "replace").splitlines(), start=1):
            if line.startswith("# failJSON:"):
                told = json.loads(line.partition(":")[2])
            elif line.strip() and not line.startswith("#"):
                if told.get("match") and "host" in told:
                    yield f"fail2ban/{name}:{number}", line, "client_addr", told["host"]
                told = {}


def crowdsec(folder: Path) -> Iterator[Expected]:
    """Source addresses and helo names of Exim, Postfix and MailScanner lines."""
    for name in ("exim-logs", "exim-syslog-logs", "exim-spam", "exim-bf", "postfix-sasl-bf", "postfix-honeypot-users"):
        for path in (folder / name).glob("parser.assert"):
            yield from _asserted(path)
    for path in (folder / "mailscanner-blacklisted").glob("*.log"):
        for line in filter(None, path.read_text().splitlines()):
            yield str(path.name), line, "client_addr", "192.168.1.100"


def _asserted(path: Path) -> Iterator[Expected]:
    lines = next(path.parent.glob("*.log")).read_text("utf-8", "replace").splitlines()
    told: dict[str, dict[str, str]] = defaultdict(dict)
    pattern = re.compile(r'results\["s01-parse"\]\["([^"]+)"\]\[(\d+)\]\.Evt\.(?:Meta|Parsed)\["(\w+)"\] == (".*")$')
    for found in filter(None, map(pattern.match, path.read_text().splitlines())):
        told[f"{found[1]}:{found[2]}"][found[3]] = json.loads(found[4])
    for place, values in told.items():
        line = next((line for line in lines if values.get("message") and line.endswith(values["message"])), None)
        for key, column in (("source_ip", "client_addr"), ("source_helo", "helo")):
            if line and key in values:
                yield f"crowdsec/{path.parent.name}/{place}", line, column, values[key]


def sekoia(folder: Path) -> Iterator[Expected]:
    """Sender, recipient, message id, queue ids, client and relay addresses."""
    for path in sorted((folder / "Postfix" / "postfix").glob("*.json")):
        test = json.loads(path.read_text("utf-8"))
        expected = test["expected"]
        line = test["input"]["message"]
        if not re.match(r"\d{4}-|[A-Z][a-z]{2} +\d", line):
            line = f"{HEAD}{_program(test, path.stem)}[1]: {line}"
        if _POSTFIX_SESSION.search(line):
            continue
        columns = {
            "mail_from": _path(expected, "email.from.address.0"),
            "rcpt_to": _path(expected, "email.to.address"),
            "message_id": _path(expected, "email.message_id"),
            "queue_id": _path(expected, "postfix.queue_id.local"),
            "client_addr": None if "spamd" in path.stem else _path(expected, "source.ip"),
            "relay_addr": _path(expected, "destination.ip"),
            "next_queue_id": _path(expected, "postfix.queue_id.remote"),
        }
        for column, value in columns.items():
            if value is not None and value not in ("(unknown)", "NOQUEUE"):
                yield f"sekoia/{path.stem}", line, column, value


def _program(test: dict[str, Any], name: str) -> str:
    told = _path(test, "input.log.syslog.appname") or _path(test, "expected.log.syslog.appname")
    kinds = {
        "policydspf": "policyd-spf",
        "spamd": "spamd",
        "postgrey": "postgrey",
        "client_address": "postgrey",
        "wo_appname_pass": "postgrey",
    }
    return str(told or next((program for kind, program in kinds.items() if kind in name), "postfix/any"))


def _path(told: Any, path: str) -> Any:
    for part in path.split("."):
        told = (
            told[int(part)] if isinstance(told, list) and told else told.get(part) if isinstance(told, dict) else None
        )
    return told


def postfix_grok(folder: Path) -> Iterator[Expected]:
    """Queue ids, client and relay addresses, enhanced codes, states of lines that tell of mails."""
    names = {
        "postfix_queueid": "queue_id",
        "postfix_client_ip": "client_addr",
        "postfix_relay_ip": "relay_addr",
        "postfix_status_code_enhanced": "dsn",
        "postfix_status": "status",
        "postfix_message-id": "message_id",
        "postfix_bounce_queueid": "notice_queue_id",
    }
    for path in sorted(folder.glob("*.yaml")):
        test = yaml.safe_load(path.read_text("utf-8"))
        kind = path.stem.rpartition("_")[0]
        if kind in ("anvil", "postscreen", "tls_features", "tlsmgr") and "NOQUEUE" not in str(test["data"]):
            continue
        if not isinstance(test["data"], str) or _POSTFIX_SESSION.search(test["data"]):
            continue
        for key, value in (test.get("results") or {}).items():
            if key in names and value != "NOQUEUE":
                yield f"postfix-grok/{path.stem}", f"{HEAD}postfix/{kind}[1]: {test['data']}", names[key], value


def maillogger(folder: Path) -> Iterator[Expected]:
    """Every field of every delivery."""
    lines = (folder / "maillog").read_text().splitlines()
    for told in json.loads((folder / "output.json").read_text()):
        line = next(line for line in lines if f" {told['mail_id']}: to=" in line)
        moment = datetime.strptime(told["datetime"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        values = {
            "queue_id": told["mail_id"],
            "rcpt_to": [told["to_address"]],
            "delay_s": float(told["delay"]),
            "dsn": told["dsn"],
            "status": told["status"],
            "status_text": told["description"],
            "time": moment,
        }
        for column, value in values.items():
            yield f"maillogger/{told['mail_id']}", line, column, value


PROJECTS = {
    "fail2ban": fail2ban,
    "crowdsec": crowdsec,
    "sekoia": sekoia,
    "postfix-grok": postfix_grok,
    "maillogger": maillogger,
}


def is_met(row: Row | None, column: str, expected: Any) -> bool:
    """Whether the row says what the other project expects."""
    value = getattr(row, column, None)
    if isinstance(expected, list):
        return list(value or ()) == [mailbox(part) for part in expected]
    if column in ("mail_from", "message_id"):
        return value == (mailbox(str(expected)) or value)
    return bool(value == (address(expected) if column.endswith("_addr") else expected))


def shares(folder: Path) -> dict[str, tuple[int, int, list[str]]]:
    """Values met, values expected, and the misses, by project."""
    found = {}
    for name, expectations in PROJECTS.items():
        met, misses = 0, []
        for place, line, column, expected in expectations(folder / name):
            row = row_of(line, Clock(datetime(2020, 12, 31, tzinfo=UTC)))
            row = row if isinstance(row, Row) else None
            if is_met(row, column, expected):
                met += 1
            else:
                misses.append(f"{place} {column}: {getattr(row, column, None)!r}, not {expected!r}: {line[:200]}")
        found[name] = (met, met + len(misses), misses)
    return found


def main() -> None:
    """Prints the table, and with `--misses` each miss."""
    print("| project | values met | of |\n|---|---:|---:|")
    for name, (met, expected, misses) in shares(Path(sys.argv[1])).items():
        print(f"| {name} | {met} | {expected} |")
        if "--misses" in sys.argv:
            print("\n".join(misses))


if __name__ == "__main__":
    main()
