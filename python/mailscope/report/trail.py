"""An attacker's trail as lines of a report: phases, weaknesses, and what the target says of itself."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mailscope.detect.finding import Finding
from mailscope.harmless import visible
from mailscope.investigation.conversation import endpoint
from mailscope.wording import phrase

if TYPE_CHECKING:
    from mailscope.report.build import Report

PRODUCTS_SHOWN = 8
"""Programs that a target names, shown with a finding."""


def trail_lines(view: Report, finding: Finding) -> list[tuple[str, str]]:
    """An attacker's trail in lines: who, at whom, every phase, the weaknesses, what the target shows of itself."""
    lines = [
        (view.say(f"report.{role}"), view.prose(", ".join(finding.roles[role]))) for role in ("attacker", "target")
    ]
    for phase in finding.details["phases"]:
        line = phrase(
            "report.phase-line",
            start=clock(phase["start"]),
            end=clock(phase["end"])[11:],
            name=phrase(f"phase.{phase['phase']}"),
            technique=phase["technique"]["id"],
            what=phase["what"],
        )
        lines.append((view.say("report.phase"), view.prose(line)))
    for hole in finding.details["answers"]["weaknesses"] or []:
        percent = str(round(100 * hole["confidence"]))
        line = phrase("report.weakness-line", what=hole["what"], cwe=hole["cwe"], percent=percent)
        lines.append((view.say("report.weakness"), view.prose(line)))
    if not finding.details["answers"]["weaknesses"]:
        lines.append((view.say("report.weakness"), view.say("report.no-weakness")))
    for product in finding.details["products"][:PRODUCTS_SHOWN]:
        where = f"{endpoint(product['target'], product['port'])} {product['where']}: {product['shown']}"
        lines.append((view.say("report.product"), view.prose(visible(where, 160))))
    return lines


def clock(moment: datetime) -> str:
    """A time as `2026-11-21 19:46:58`, UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
