"""One timeline over all findings and protocols: what attackers did, what was sent, what people did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailscope.detect.finding import Finding
from mailscope.harmless import visible
from mailscope.wording import Phrase, phrase

if TYPE_CHECKING:
    from mailscope.report.build import Report

LANES = ("attack", "relay", "mail", "person")
"""Who acts: an attacker, a proxy's commander, a sender of mail, a person who got one."""

EVENTS_SHOWN = 250
"""Rows of the timeline in the page; the drawing and the JSON answer have them all."""

STEPS = ("fetched", "looked-up", "opened", "submitted", "account-used")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that began at `start` and went on to `end`, with the packet where it begins."""

    start: datetime
    end: datetime
    lane: str
    who: str
    what: str
    where: str


def events(view: Report) -> list[Event]:
    """All events of all findings in the order in which they began; the same fact of two findings once."""
    found = {event for finding in view.found.findings for event in _of(view, finding)}
    return sorted(found, key=lambda event: (event.start, LANES.index(event.lane), event.who, event.what))


def _of(view: Report, finding: Finding) -> Iterator[Event]:
    details = finding.details
    for row in details.get("phases", ()):
        yield _phase(view, finding, row)
    for person in details.get("victims", ()):
        yield from _steps(view, person)
    if "first" not in details or finding.kind in ("rule-match", "indicator-match", "credential-theft"):
        return
    if "phases" not in details:
        lane = (
            "relay"
            if finding.kind in ("open-proxy-relay", "proxy-policy", "open-mail-relay", "account-abuse")
            else "mail"
        )
        where = _place(view, finding.evidence[0].capture, finding.evidence[0].first_packet) if finding.evidence else ""
        said = view.prose(finding.summary)
        yield Event(details["first"], details["last"], lane, view.prose(finding.subject), said, where)


def _phase(view: Report, finding: Finding, row: dict[str, Any]) -> Event:
    what = phrase("report.event-phase", name=phrase(f"phase.{row['phase']}"), what=row["what"])
    first = row["first"]
    lane = "mail" if row["technique"]["id"].startswith("T1566") else "attack"
    where = _place(view, first["capture"], first["packet"])
    return Event(row["start"], row["end"], lane, view.prose(finding.roles["attacker"][0]), view.prose(what), where)


def _steps(view: Report, person: dict[str, Any]) -> Iterator[Event]:
    """What a person did with the mail, once each, with the packet that shows it."""
    seen: set[str] = set()
    for step in sorted(person["events"], key=lambda step: step["time"]):
        kind = step["kind"].replace("_", "-")
        if kind in seen or kind not in STEPS:
            continue
        seen.add(kind)
        what: Phrase = phrase(f"report.event-{kind}", how=str(step["how"]), client=str(step["client"]))
        where = _place(view, step["capture"], step["packets"][0])
        yield Event(step["time"], step["time"], "person", visible(person["person"], 80), view.prose(what), where)


def _place(view: Report, capture: str, packet: int) -> str:
    return f"{view.capture(capture)} {packet}"


def persons(view: Report) -> list[dict[str, str]]:
    """Everybody who got one of the mails, once, with the time of each step; who did most comes first."""
    rows: dict[str, dict[str, Any]] = {}
    for finding in view.found.findings:
        for person in finding.details.get("victims", ()):
            known = rows.setdefault(person["person"], dict(person))
            for step in ("fetched", "looked_up", "opened", "submitted", "account_used"):
                known[step] = min(filter(None, (known[step], person[step])), default=None)
    ordered = sorted(
        rows.values(),
        key=lambda row: (
            [row[step] is None for step in ("account_used", "submitted", "opened", "fetched")],
            row["person"],
        ),
    )
    return [
        {
            "person": visible(row["person"], 80),
            "clients": ", ".join(map(visible, row["clients"])),
            "delivered": view.say(f"report.delivered-{row['delivered'] or 'unknown'}"),
        }
        | {
            step: f"{row[step]:%H:%M:%S}" if row[step] else ""
            for step in ("fetched", "looked_up", "opened", "submitted", "account_used")
        }
        for row in ordered
    ]
