"""The owner's own rules and indicators, asked of all tables: findings of kind `rule-match` and `indicator-match`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailscope.detect.finding import Evidence, Fact, Finding, Technique, combined, row_evidence
from mailscope.detect.indicators import Indicator, Matcher, matches, places, rows_with
from mailscope.detect.sigma import LEVELS, Rule
from mailscope.wording import amount, phrase

EVIDENCE_SHOWN = 25
"""Rows cited for one rule or indicator; all are counted."""

INDICATOR_WEIGHT = 0.6
"""A hit says that the thing was there, not that it did harm."""


def rule_findings(tables: Mapping[str, Any], rules: Sequence[Rule]) -> list[Finding]:
    """One finding for each rule that matches at least one row."""
    return [finding for rule in rules if rule.table in tables and (finding := _of_rule(tables[rule.table], rule))]


def _of_rule(rows: Any, rule: Rule) -> Finding | None:
    hits = rule.where(rows)
    count = int(hits.count().execute())
    if not count:
        return None
    first = hits.order_by(["start", "flow_id"]).limit(EVIDENCE_SHOWN).to_pyarrow().to_pylist()
    said = phrase("rules.matched", title=rule.title, rows=amount(count, "row"), table=rule.table)
    facts = [Fact("rule", LEVELS[rule.level], said)]
    return Finding(
        kind="rule-match",
        subject=rule.title,
        confidence=combined(facts),
        summary=said,
        roles={},
        facts=facts,
        evidence=[row_evidence(rule.table, row, phrase("rules.row", title=rule.title)) for row in first],
        not_proven=[phrase("rules.not-proven")],
        could_be=[phrase("rules.could-be", text=text) for text in rule.could_be],
        techniques=[Technique(technique, "") for technique in rule.techniques],
        details={
            "rule": {"id": rule.id, "title": rule.title, "description": rule.description, "level": rule.level},
            "counts": {"rows": count},
            "first": first[0]["start"],
            "last": hits.end.max().execute(),
        },
    )


def indicator_findings(tables: Mapping[str, Any], indicators: Sequence[Indicator]) -> list[Finding]:
    """One finding for each indicator that stands somewhere, with every place where it does."""
    matcher = Matcher(indicators)
    evidence: dict[Indicator, list[Evidence]] = {}
    seen: dict[Indicator, list[dict[str, Any]]] = {}
    for kind in matcher.by_kind:
        for place in places(kind):
            rows = tables.get(place.table)
            if rows is None:
                continue
            by_indicator: dict[Indicator, list[str]] = {}
            for value, indicator in matches(rows, place, kind, matcher).items():
                by_indicator.setdefault(indicator, []).append(value)
            for indicator, values in by_indicator.items():
                hits = rows_with(rows, place, values)
                first = hits.limit(EVIDENCE_SHOWN).to_pyarrow().to_pylist()
                said = phrase("rules.found-in", value=indicator.value, table=place.table, column=place.column)
                evidence.setdefault(indicator, []).extend(row_evidence(place.table, row, said) for row in first)
                count, start, end = hits.aggregate(
                    count=hits.count(), start=hits.start.min(), end=hits.end.max()
                ).to_pyarrow().to_pylist()[0].values()  # fmt: skip
                found = {"table": place.table, "column": place.column, "rows": count, "values": sorted(values)[:20]}
                seen.setdefault(indicator, []).append(found | {"first": start, "last": end})
    return [_of_indicator(indicator, evidence[indicator], where) for indicator, where in seen.items()]


def _of_indicator(indicator: Indicator, evidence: list[Evidence], where: list[dict[str, Any]]) -> Finding:
    count = sum(place["rows"] for place in where)
    said = phrase("rules.indicator-seen", value=indicator.value, rows=amount(count, "row"), places=len(where))
    facts = [Fact("indicator", INDICATOR_WEIGHT, said)]
    return Finding(
        kind="indicator-match",
        subject=indicator.value,
        confidence=combined(facts),
        summary=said,
        roles={},
        facts=facts,
        evidence=evidence[:EVIDENCE_SHOWN],
        not_proven=[phrase("rules.indicator-not-proven")],
        details={
            "indicator": {
                "type": indicator.kind, "value": indicator.value, "comment": indicator.comment, "file": indicator.file,
            },
            "places": where,
            "counts": {"rows": count},
            "first": min(place["first"] for place in where),
            "last": max(place["last"] for place in where),
        },
    )  # fmt: skip
