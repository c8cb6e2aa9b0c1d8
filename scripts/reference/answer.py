"""The page of the answer, from its JSON schema."""

import json
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2] / "python" / "mailscope" / "investigation" / "answer.schema.json"


def answer_page() -> str:
    """docs/reference/answer.md."""
    schema = json.loads(SOURCE.read_text("utf-8"))
    lines = ["# The answer as JSON", "", schema["description"], ""]
    lines += ["Made by `make docs` from a JSON Schema, python/mailscope/investigation/answer.schema.json."]
    lines += _members("The whole answer", schema)
    for name, part in schema["$defs"].items():
        lines += _members(name, part)
    return "\n".join([*lines, ""])


def _members(title: str, part: dict[str, Any]) -> list[str]:
    lines = ["", f"## {title}", ""]
    if "description" in part and "properties" in part and "$id" not in part:
        lines += [part["description"], ""]
    if "properties" not in part:
        return [*lines, f"{_type(part)}. {part.get('description', '')}".rstrip()]
    lines += ["| member | type | meaning |", "|---|---|---|"]
    required = set(part.get("required", ()))
    for name, member in part["properties"].items():
        optional = "" if name in required else ", may be missing"
        meaning = member.get("description", "").replace("|", "\\|")
        lines.append(f"| `{name}` | {_type(member)}{optional} | {meaning} |")
    return lines


def _type(part: dict[str, Any]) -> str:
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name})"
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    if part.get("type") == "array":
        return f"list of {_type(part.get('items', {}))}"
    if part.get("type") == "object" and "properties" in part:
        return "object with " + ", ".join(f"`{name}`" for name in part["properties"])
    kinds = part.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
