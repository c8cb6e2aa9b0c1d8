"""One alert, and the texts it becomes: plain, JSON, CEF, RFC 5424. Text in it may be hostile; none of these is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from mailscope.harmless import visible

SAID = 1000
"""Characters at most of what an alert says in one line."""
SYSLOG_BYTES = 2048
"""RFC 5424, 6.1: what every receiver should take."""
_NOTICE, _WARNING = 5, 4


@dataclass(slots=True)
class Alert:
    """What is told: `state` is `new`, `again`, `recovered`, `summary` or `test`; `at` is UTC, ISO 8601."""

    kind: str
    subject: str
    state: str
    what: str
    at: str
    severity: int = 5
    """0 to 10, as CEF counts."""
    figures: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    """Of a summary: what it sums up."""

    @property
    def key(self) -> str:
        """What is told once: this kind of thing about this subject."""
        return f"{self.kind} {self.subject}"


def alert_of(values: Mapping[str, Any]) -> Alert:
    """The alert that was kept as JSON."""
    return Alert(**values)


def line(alert: Alert) -> str:
    """One line for people."""
    return visible(f"{alert.kind} {alert.state}: {alert.what}", SAID)


def json_text(alert: Alert) -> str:
    """The alert as a JSON object, in ASCII."""
    return json.dumps({"product": "mailscope", **asdict(alert)}, default=str)


def cef(alert: Alert, version: str) -> str:
    """The alert as one CEF:0 line; hostile text ends no field."""
    head = ("Mailscope", "Mailscope", version, alert.kind, f"{alert.kind} {alert.state}", str(alert.severity))
    moment = datetime.fromisoformat(alert.at.replace("Z", "+00:00"))
    extension = {
        "rt": str(int(moment.timestamp() * 1000)),
        "cat": alert.kind,
        "outcome": alert.state,
        **_source(alert.subject),
        **{name: str(alert.figures[of]) for name, of in (("cnt", "flows"), ("dpt", "port")) if alert.figures.get(of)},
        "msg": visible(alert.what, SAID),
    }
    return (
        "|".join(("CEF:0", *map(_in_header, head)))
        + "|"
        + " ".join(f"{name}={_in_extension(value)}" for name, value in extension.items())
    )


def _source(subject: str) -> dict[str, str]:
    """The subject as CEF's own field where it is an address."""
    import ipaddress

    try:
        is_four = ipaddress.ip_address(subject).version == 4
    except ValueError:
        return {"deviceExternalId": visible(subject, 200)}
    # CEF:0 knows `src` as IPv4; IPv6 has a custom field.
    return {"src": subject} if is_four else {"c6a2": subject, "c6a2Label": "Source IPv6 Address"}


def _in_header(text: str) -> str:
    return visible(text, 200).replace("\\", "\\\\").replace("|", "\\|")


def _in_extension(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace("=", "\\=")


def syslog(alert: Alert, *, host: str, process: int, body: str, facility: int = 3) -> bytes:
    """One RFC 5424 message: the facts as structured data, then the body."""
    priority = facility * 8 + (_NOTICE if alert.state in ("recovered", "test") else _WARNING)
    facts = {"kind": alert.kind, "subject": alert.subject, "state": alert.state}
    told = " ".join(f'{name}="{_in_data(value)}"' for name, value in facts.items())
    name = "".join(letter if 33 <= ord(letter) <= 126 else "-" for letter in host)[:255] or "-"
    head = f"<{priority}>1 {alert.at} {name} mailscope {process} {alert.kind[:32]} [mailscope@32473 {told}] "
    data = head.encode("ascii", "replace") + b"\xef\xbb\xbf" + visible(body).encode("utf-8", "replace")
    return data[:SYSLOG_BYTES].decode("utf-8", "ignore").encode()


def _in_data(text: str) -> str:
    """RFC 5424, 6.3.3: quotation mark, backslash and bracket are escaped."""
    plain = visible(text, 200).encode("ascii", "backslashreplace").decode()
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
