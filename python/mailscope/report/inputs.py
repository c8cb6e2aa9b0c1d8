"""How far a capture could be read, in words; the slugs are those of `case.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailscope.wording import Phrase, phrase

ENDS = (
    "complete",
    "empty",
    "cut-off-header",
    "cut-off-record",
    "bad-record-length",
    "record-too-long",
    "read-failed",
)


def ended(entry: Mapping[str, Any]) -> Phrase | str:
    """Of one input of a case: how its reading ended, and where when that was before its end."""
    end = str(entry.get("end", "complete"))
    said: Phrase | str = phrase(f"input.end-{end}") if end in ENDS else end
    if end in ("complete", "empty") or "end_packet" not in entry:
        return said
    return phrase("input.end-at", end=said, packet=entry["end_packet"], offset=entry["end_offset"])
