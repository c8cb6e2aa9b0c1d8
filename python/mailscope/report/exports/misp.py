"""A case as one MISP event (JSON of MISP's core format), for import or for a feed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from mailscope.report.exports.observed import Observed, observed
from mailscope.report.exports.stix import captured_until

_SPACE = uuid.UUID("1f0e7c5e-5c1c-4b8e-8f59-7a2f0c0b6d21")
_TYPES = {
    "address": ("ip-src", "Network activity"),
    "host": ("hostname", "Network activity"),
    "url": ("url", "Network activity"),
    "sha256": ("sha256", "Payload delivery"),
}


def event(answer: Mapping[str, Any], product_version: str) -> dict[str, Any]:
    """The event; the same findings give the same UUIDs. Nothing is marked for distribution."""
    made = captured_until(answer)
    items = observed(answer)
    kinds = sorted({finding["kind"] for finding in answer.get("findings", ())})
    sure = max((item.confidence for item in items), default=0.0)
    return {
        "Event": {
            "uuid": _uuid("event", *[f"{item.kind} {item.value}" for item in items], made.isoformat()),
            "info": f"Mailscope {product_version}: " + (", ".join(kinds) or "nothing found"),
            "date": f"{made:%Y-%m-%d}",
            "timestamp": str(int(made.timestamp())),
            "threat_level_id": "1" if sure >= 0.9 else "2" if sure >= 0.6 else "3",
            "analysis": "1",
            "distribution": "0",
            "published": False,
            "Orgc": {"name": "Mailscope", "uuid": _uuid("organisation")},
            "Attribute": [_attribute(item, str(int(made.timestamp()))) for item in items],
            "Tag": [{"name": f'mailscope:finding="{kind}"'} for kind in kinds] + [{"name": "tlp:amber"}],
        }
    }


def _attribute(item: Observed, timestamp: str) -> dict[str, Any]:
    kind, category = _TYPES[item.kind]
    return {
        "uuid": _uuid(item.kind, item.value),
        "type": kind,
        "category": category,
        "value": item.value,
        "comment": f"{item.finding} ({item.confidence:.0%}): {item.why}"[:1000],
        "to_ids": item.confidence >= 0.7,
        "distribution": "5",
        "timestamp": timestamp,
        "first_seen": item.first.isoformat() if item.first else None,
        "last_seen": item.last.isoformat() if item.last else None,
        "Tag": [{"name": f'misp-galaxy:mitre-attack-pattern="{technique}"'} for technique in item.techniques],
    }


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_SPACE, "|".join(parts)))
