"""The answer for programs: one JSON object, or one finding a line."""

from __future__ import annotations

import json

from mailscope.investigation.investigate import Investigation


def json_text(found: Investigation) -> str:
    """The answer of schema 1 as one indented JSON object; control characters are escaped by JSON itself."""
    return json.dumps(found.to_json(), indent=1, ensure_ascii=True) + "\n"


def json_lines(found: Investigation) -> str:
    """One finding a line."""
    return "".join(json.dumps(finding, ensure_ascii=True) + "\n" for finding in found.to_json()["findings"])
