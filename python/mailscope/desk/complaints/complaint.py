"""A complaint as the desk works with it: the claim, completed, judged and ready to be printed as JSON."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Party:
    """One accused address, and who is responsible for it."""

    ip: str
    responsible: str
    ours: bool | None
    time: str | None = None
    time_uncertainty: float | None = None
    port: int | None = None
    prefix: str | None = None
    next_hop: str | None = None
    organization: str | None = None
    contact: str | None = None
    stale: bool | None = None
    disputed: bool = False


@dataclass(slots=True)
class Complaint:
    """What one mail complains of. `needs_person` is never false where something had to be guessed away."""

    message_id: str | None
    place: str
    format: str
    reporter: str | None
    received: str | None
    category: str
    parties: list[Party] = field(default_factory=list)
    time: str | None = None
    time_uncertainty: float | None = None
    not_after: str | None = None
    about: str | None = None
    duplicate_of: str | None = None
    duplicate_place: str | None = None
    needs_person: bool = False
    reasons: list[str] = field(default_factory=list)
    why: str = ""
    provenance: dict[str, str] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """One JSON object.

        `accused`, `responsible`, `port`, `ours` and `contact` are a value where one address is accused, a list
        in the order of `parties` where several are, and null where none is.
        """
        return {
            "message_id": self.message_id,
            "format": self.format,
            "accused": _one([party.ip for party in self.parties]),
            "responsible": _one([party.responsible for party in self.parties]),
            "port": _one([party.port for party in self.parties]),
            "time": self.time,
            "time_uncertainty": self.time_uncertainty,
            "category": self.category,
            "ours": _one([party.ours for party in self.parties]),
            "duplicate_of": self.duplicate_of,
            "contact": _one([party.contact for party in self.parties]),
            "needs_person": self.needs_person,
            "why": self.why,
            "reasons": self.reasons,
            "reporter": self.reporter,
            "received": self.received,
            "not_after": self.not_after,
            "about": self.about,
            "duplicate_place": self.duplicate_place,
            "place": self.place,
            "damage": self.damage,
            "parties": [{name: getattr(party, name) for name in Party.__slots__} for party in self.parties],
            "provenance": self.provenance,
        }


def _one(values: list[Any]) -> Any:
    if not values:
        return None
    return values[0] if len(values) == 1 else values
