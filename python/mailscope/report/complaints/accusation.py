"""What is said of one address: the facts that every form of report is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence as a file: its media type, what it is, and its bytes."""

    media_type: str
    description: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Accusation:
    """One address, what it did and when; `category` and `kind` are X-ARF v4's (`messaging`, `spam`)."""

    address: str
    category: str
    kind: str
    time: datetime
    reporter: str
    reporter_contact: str
    summary: str
    port: int | None = None
    protocol: str = "tcp"
    destination: str | None = None
    incidents: int = 1
    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()
    subject: str | None = None
    urls: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()

    @property
    def reporter_domain(self) -> str:
        """The part of the contact behind its @."""
        return self.reporter_contact.rpartition("@")[2]
