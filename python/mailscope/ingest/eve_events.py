"""Reads Suricata's EVE: the events `smtp` and `flow`."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from mailscope.errors import InputError
from mailscope.ingest.second_opinion import Statement

_SAYS_NOTHING = ("failed", "unknown")


def statements(path: Path) -> Iterator[Statement]:
    """Every mail and connection that the file tells of."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            where = f"{path.name}:{number}"
            try:
                event = json.loads(line)
                if event.get("event_type") in ("smtp", "flow"):
                    yield _statement(event, where)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise InputError(f"`{where}` is no EVE event", hint="one JSON object a line, as in eve.json") from None


def _statement(event: dict[str, Any], where: str) -> Statement:
    ends = (str(event["src_ip"]), int(event["src_port"]), str(event["dest_ip"]), int(event["dest_port"]))
    if event["event_type"] == "flow":
        start = datetime.fromisoformat(event["flow"]["start"]).timestamp()
        app = str(event.get("app_proto", "unknown"))
        return Statement("connection", ends, start, where, {} if app in _SAYS_NOTHING else {"services": [app]})
    start = datetime.fromisoformat(event["timestamp"]).timestamp()
    smtp, email = event.get("smtp", {}), event.get("email", {})
    fields = {name: smtp[name] for name in ("helo", "mail_from", "rcpt_to") if name in smtp}
    fields |= {name: email[name] for name in ("from", "to", "cc", "subject", "message_id") if name in email}
    return Statement("mail", ends, start, where, fields)
