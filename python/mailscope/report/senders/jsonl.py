"""The sender queue as JSON; the member names are a promise to programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from mailscope.investigation.sender_queue import Queue
from mailscope.investigation.sender_story import Other, Sender
from mailscope.wording import Phrase, render


def json_text(queue: Queue) -> str:
    """`senders`, `other`, then what they were compared with; ends with a newline."""
    return json.dumps(document(queue), indent=2, ensure_ascii=False, default=str) + "\n"


def document(queue: Queue) -> dict[str, Any]:
    """The queue as plain values; sentences are English."""
    window = queue.window
    return {
        "senders": [_sender(sender) for sender in queue.senders],
        "other": [_other(other) for other in queue.other],
        "window": {"start": _time(window.start), "end": _time(window.end)} if window else None,
        "own": {
            "networks": [str(prefix) for prefix in queue.network.prefixes],
            "how": queue.network.how,
            "notes": _sentences(queue.notes),
        },
        "population": {name: _plain(value) for name, value in queue.population.items()},
        "distribution": queue.distribution,
        "left_out": queue.left_out,
    }


def _sender(sender: Sender) -> dict[str, Any]:
    return {
        "subject": sender.subject,
        "verdict": sender.verdict,
        "why": render(sender.why),
        **sender.figures,
        "score": sender.score,
        "cleared_as": sender.cleared_as,
        "signals": [
            {"name": signal.name, "weight": signal.weight, "what": render(signal.what)} for signal in sender.signals
        ],
        "could_be": _sentences(sender.could_be),
        "first": _time(sender.first),
        "last": _time(sender.last),
        **({"mail_log": sender.mail_log} if sender.mail_log is not None else {}),
    }


def _other(other: Other) -> dict[str, Any]:
    return {
        "subject": other.subject,
        "kind": other.kind,
        "why": render(other.why),
        **other.figures,
        "could_be": _sentences(other.could_be),
    }


def _sentences(phrases: list[Phrase]) -> list[str]:
    return [render(statement) for statement in phrases]


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _plain(value: float) -> float:
    return int(value) if value == int(value) else round(value, 3)
