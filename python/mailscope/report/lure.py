"""A campaign and its victims as lines of a report, and the questions over all findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailscope.detect.finding import Finding
from mailscope.harmless import visible
from mailscope.report.trail import clock
from mailscope.wording import Phrase, phrase

if TYPE_CHECKING:
    from mailscope.report.build import Report

VICTIMS_SHOWN = 20
"""Persons that did more than get the mail, shown one by one."""

ANSWERS_SHOWN = 12
"""Lines of one answer; the JSON has them all."""

NAMES_SHOWN = 120
"""Characters of one name shown."""


def lure_lines(view: Report, finding: Finding) -> list[tuple[str, str]]:
    """Who sent in whose name, where the link leads, who got it, and each person that opened it."""
    roles, told = finding.roles, finding.details["answers"]
    lines = [
        (view.say(f"report.{role}"), _listed(view, roles[role]))
        for role in ("sender_ip", "forged_from", "lure_url", "collector")
        if roles.get(role)
    ]
    lines.append((view.say("report.delivered"), view.prose(outcomes(told["delivered"]))))
    span = phrase(
        "report.span", first=finding.details["first"], last=phrase("report.until", last=finding.details["last"])
    )
    lines.append((view.say("report.since"), view.prose(span)))
    acted = [row for row in finding.details["victims"] if row["opened"] or row["submitted"] or row["account_used"]]
    for row in acted[:VICTIMS_SHOWN]:
        lines.append((view.say("report.phishing-person"), view.prose(_person(view, row))))
    lines.append((view.say("report.sure"), f"{round(100 * finding.confidence)} %"))
    return lines


def _person(view: Report, row: dict[str, Any]) -> str:
    steps = [
        f"{view.say(key)} {clock(row[name])[11:]}"
        for name, key in (
            ("fetched", "report.phishing-fetched"),
            ("opened", "report.opened"),
            ("submitted", "report.submitted"),
            ("account_used", "report.phishing-used"),
        )
        if row[name]
    ]
    return visible(f"{row['person']} ({', '.join(row['clients'])}): {'; '.join(steps)}", 3 * NAMES_SHOWN)


def _listed(view: Report, names: list[str]) -> str:
    return view.prose(phrase("report.list", items=[visible(name, NAMES_SHOWN) for name in names]))


def outcomes(delivered: dict[str, list[str]]) -> Phrase:
    """Recipients by what became of them."""
    return phrase(
        "report.question-outcomes",
        accepted=len(delivered["accepted"]),
        names=delivered["accepted"],
        rejected=len(delivered["rejected"]),
        refused=delivered["rejected"],
        unknown=len(delivered["unknown"]),
    )


def question_lines(view: Report) -> list[tuple[str, list[str], str]]:
    """Each question with the lines of its answer and how sure they are; what stays open is said to be open."""
    lines = []
    for asked in view.found.answers.get("questions", ()):
        question = view.say(f"report.question-{asked['question']}")
        if not asked["is_shown"]:
            lines.append((question, [view.say("report.question-not-shown")], ""))
        else:
            lines.append((question, _answer(view, asked), f"{round(100 * asked['confidence'])} %"))
    return lines


def _answer(view: Report, asked: dict[str, Any]) -> list[str]:
    value = asked["answer"]
    if asked["question"] == "delivered":
        return [view.prose(outcomes(value))]
    is_open = {row["named"]: row for row in view.found.answers["undecided"] if row["question"] == asked["question"]}
    said = [view.prose(_line(item, is_open)) for item in value]
    rest = len(said) - ANSWERS_SHOWN
    if rest <= 0:
        return said
    return [*said[:ANSWERS_SHOWN], view.prose(phrase("word.and-more", shown="…", rest=rest))]


def _line(item: dict[str, Any] | str, is_open: dict[str, dict[str, Any]]) -> Phrase | str:
    """A name, or why there is none; an attack with the name of its phase, a weakness with its class."""
    if isinstance(item, str):
        row = is_open.get(item)
        if row is None:
            return visible(item, NAMES_SHOWN)
        people = [visible(name, NAMES_SHOWN) for name in row["candidates"]]
        kind = "report.answer-one-of" if people else "report.answer-nobody"
        return phrase(kind, people=people, client=row["client"], why=row["why"])
    if "phase" in item:
        return phrase("report.event-phase", name=phrase(f"phase.{item['phase']}"), what=item["what"])
    return phrase("report.answer-weakness", what=item["what"], cwe=item["cwe"]) if item.get("cwe") else item["what"]
