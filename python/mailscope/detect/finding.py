"""What a detector says: one statement about the network, with its grounds and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailscope.wording import Phrase

CEILING = 0.99
"""No statement from traffic alone is more certain than this."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One observation for a statement.

    `weight` (0..1) is the chance that the statement holds given this observation alone.
    """

    name: str
    weight: float
    what: Phrase


@dataclass(frozen=True, slots=True)
class Evidence:
    """A row of a table, and packets that can be carved out and opened."""

    table: str
    flow_id: str
    capture: str
    first_packet: int
    last_packet: int
    what: Phrase
    last_capture: str | None = None


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique of MITRE ATT&CK."""

    id: str
    name: str


PROXY = Technique("T1090.002", "Proxy: External Proxy")
MAIL_PROTOCOLS = Technique("T1071.003", "Application Layer Protocol: Mail Protocols")
VALID_ACCOUNTS = Technique("T1078", "Valid Accounts")
BRUTE_FORCE = Technique("T1110", "Brute Force")


@dataclass(slots=True)
class Finding:
    """A statement about the network.

    `kind` is a stable slug, `roles` names the hosts (victims as ADDR:PORT), `facts` are what
    `confidence` was made of, `details` holds figures and rows that reports show.
    """

    kind: str
    subject: str
    confidence: float
    summary: Phrase
    roles: dict[str, list[str]]
    facts: list[Fact] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    not_proven: list[Phrase] = field(default_factory=list)
    could_be: list[Phrase] = field(default_factory=list)
    techniques: list[Technique] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


def combined(facts: Iterable[Fact]) -> float:
    """How sure independent facts make a statement together: 1 - product(1 - weight), at most CEILING.

    >>> round(combined([Fact("target", 0.6, Phrase("word.none")), Fact("time", 0.4, Phrase("word.none"))]), 2)
    0.76
    """
    return min(CEILING, round(1.0 - doubt(facts), 3))


def doubt(facts: Iterable[Fact]) -> float:
    """What is left of the doubt: product(1 - weight). Orders statements that `combined` rounds to the same."""
    left = 1.0
    for fact in facts:
        left *= 1.0 - min(max(fact.weight, 0.0), 1.0)
    return left


def row_evidence(table: str, row: Mapping[str, Any], what: Phrase) -> Evidence:
    """Evidence from a table row, which always names its capture and packets."""
    last_capture = row.get("last_capture")
    return Evidence(
        table=table,
        flow_id=str(row["flow_id"]),
        capture=str(row["capture"]),
        first_packet=int(row["first_packet"]),
        last_packet=int(row["last_packet"]),
        what=what,
        last_capture=last_capture if last_capture not in (None, row["capture"]) else None,
    )
