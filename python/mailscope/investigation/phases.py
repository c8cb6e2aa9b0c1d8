"""The phases of an intrusion: what each is called, which technique of MITRE ATT&CK it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailscope.detect.attack_rules import CWE, EXPLOIT
from mailscope.detect.finding import VALID_ACCOUNTS, Technique
from mailscope.wording import Phrase

TECHNIQUES: dict[str, Technique] = {
    "reconnaissance": Technique("T1594", "Search Victim-Owned Websites"),
    "port-scan": Technique("T1595.001", "Active Scanning: Scanning IP Blocks"),
    "directory-scan": Technique("T1595.003", "Active Scanning: Wordlist Scanning"),
    "vulnerability-scan": Technique("T1595.002", "Active Scanning: Vulnerability Scanning"),
    "password-guessing": Technique("T1110.001", "Brute Force: Password Guessing"),
    "password-spraying": Technique("T1110.003", "Brute Force: Password Spraying"),
    "account-use": VALID_ACCOUNTS,
    "file-upload": Technique("T1105", "Ingress Tool Transfer"),
    "web-shell": Technique("T1505.003", "Server Software Component: Web Shell"),
    "mail-sending": Technique("T1566.002", "Phishing: Spearphishing Link"),
    "mailbox-reading": Technique("T1114.002", "Email Collection: Remote Email Collection"),
    "exfiltration": Technique("T1567", "Exfiltration Over Web Service"),
    "cross-site-scripting": Technique("T1059.007", "Command and Scripting Interpreter: JavaScript"),
}
"""The technique of each phase; attacks on an application that are not named here are EXPLOIT."""

ATTACKS = frozenset(CWE)
"""Phases that are attacks on a web application."""

SCANS = frozenset(("port-scan", "directory-scan", "vulnerability-scan"))
GUESSES = frozenset(("password-guessing", "password-spraying"))


@dataclass(slots=True)
class Phase:
    """What one address did to one target, from the first packet to the last, in one way.

    `worked` is `yes`, `likely`, `no` or `unknown`; `requests` are requests, attempts or sessions; `details` holds
    what is known besides: users, files, commands, tables, bytes; `programs` are User-Agents
    without numbers. Times are UTC.
    """

    slug: str
    client: str
    target: str
    service: str
    start: datetime
    end: datetime
    first: tuple[str, int]
    last: tuple[str, int]
    flow_id: str
    requests: int
    worked: str = "unknown"
    tool: str | None = None
    what: Phrase | None = None
    programs: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def technique(self) -> Technique:
        """Its technique of MITRE ATT&CK."""
        return TECHNIQUES.get(self.slug, EXPLOIT)

    @property
    def cwe(self) -> str | None:
        """The weakness that an attack on an application needs."""
        return CWE.get(self.slug)

    def as_row(self) -> dict[str, Any]:
        """The phase as the answer shows it: plain values and phrases."""
        return {
            "phase": self.slug,
            "source": self.client,
            "target": self.target,
            "service": self.service,
            "tool": self.tool,
            "start": self.start,
            "end": self.end,
            "first": {"capture": self.first[0], "packet": self.first[1]},
            "last": {"capture": self.last[0], "packet": self.last[1]},
            "flow_id": self.flow_id,
            "requests": self.requests,
            "worked": self.worked,
            "what": self.what,
            "technique": {"id": self.technique.id, "name": self.technique.name},
            "cwe": self.cwe,
            **self.details,
        }
