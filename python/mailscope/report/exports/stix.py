"""A case as a STIX 2.1 bundle: indicators, techniques, and a report that holds them together."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailscope.report.exports.observed import Observed, observed

_SPACE = uuid.UUID("6a0c9a0e-6d1b-4f5b-9a53-2d5c5a9f1b10")


def bundle(answer: Mapping[str, Any], product_version: str) -> str:
    """The bundle as JSON text; the same findings give the same ids. The stix2 library checks every object."""
    import stix2

    made = captured_until(answer)
    author = stix2.Identity(
        id=_id("identity", "mailscope"),
        name=f"Mailscope {product_version}",
        identity_class="system",
        created=made,
        modified=made,
    )
    items = observed(answer)
    marks = [_indicator(item, author.id, made) for item in items]
    patterns = _techniques(answer, author.id, made)
    links = [
        stix2.Relationship(
            id=_id("relationship", mark.id, patterns[name].id),
            relationship_type="indicates",
            source_ref=mark.id,
            target_ref=patterns[name].id,
            created_by_ref=author.id,
            created=made,
            modified=made,
        )
        for item, mark in zip(items, marks, strict=True)
        for name in item.techniques
    ]
    objects = [author, *marks, *patterns.values(), *links]
    if marks or patterns:
        objects.append(_report(answer, author.id, [*marks, *patterns.values()], made))
    text: str = stix2.Bundle(objects=objects, id=_id("bundle", *[item.id for item in objects])).serialize(pretty=True)
    return text


def captured_until(answer: Mapping[str, Any]) -> datetime:
    """The end of what was captured: an export made twice is the same."""
    times = [entry["last"] for entry in answer.get("inputs", ()) if entry.get("last")]
    return max(
        (datetime.fromisoformat(time.replace("Z", "+00:00")) for time in times),
        default=datetime(1970, 1, 1, tzinfo=UTC),
    )


def _id(kind: str, *parts: str) -> str:
    return f"{kind}--{uuid.uuid5(_SPACE, '|'.join((kind, *parts)))}"


def _indicator(item: Observed, author: str, made: datetime) -> Any:
    import stix2

    kinds = {"malicious-activity"} if item.confidence >= 0.7 else {"anomalous-activity"}
    return stix2.Indicator(
        id=_id("indicator", item.kind, item.value),
        created_by_ref=author,
        created=made,
        modified=made,
        name=f"{item.kind} {item.value}"[:250],
        description=item.why,
        indicator_types=sorted(kinds),
        pattern=_pattern(item),
        pattern_type="stix",
        valid_from=item.first or made,
        confidence=round(100 * item.confidence),
        labels=[item.finding],
    )


def _pattern(item: Observed) -> str:
    value = item.value.replace("\\", "\\\\").replace("'", "\\'")
    if item.kind == "address":
        return f"[ipv{6 if ':' in value else 4}-addr:value = '{value}']"
    if item.kind == "sha256":
        return f"[file:hashes.'SHA-256' = '{value}']"
    return f"[{'url' if item.kind == 'url' else 'domain-name'}:value = '{value}']"


def _techniques(answer: Mapping[str, Any], author: str, made: datetime) -> dict[str, Any]:
    import stix2

    found = {}
    for finding in answer.get("findings", ()):
        for technique in finding.get("attack_techniques", ()):
            found[technique["id"]] = stix2.AttackPattern(
                id=_id("attack-pattern", technique["id"]),
                created_by_ref=author,
                created=made,
                modified=made,
                name=technique["name"] or technique["id"],
                external_references=[{"source_name": "mitre-attack", "external_id": technique["id"]}],
            )
    return found


def _report(answer: Mapping[str, Any], author: str, members: list[Any], made: datetime) -> Any:
    import stix2

    kinds = sorted({finding["kind"] for finding in answer.get("findings", ())})
    return stix2.Report(
        id=_id("report", *[member.id for member in members]),
        created_by_ref=author,
        created=made,
        modified=made,
        name="Mailscope: " + ", ".join(kinds),
        description="\n".join(finding["summary"] for finding in answer.get("findings", ()))[:5000],
        published=made,
        report_types=["threat-report"],
        object_refs=[member.id for member in members],
    )
