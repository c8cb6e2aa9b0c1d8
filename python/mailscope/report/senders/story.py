"""One host's story, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from mailscope.harmless import visible
from mailscope.investigation.sender_explained import Story
from mailscope.report.senders.jsonl import document
from mailscope.report.senders.mail import mail_section
from mailscope.report.senders.text import aligned
from mailscope.report.text import NARROWEST, Page
from mailscope.wording import Phrase, phrase, render

HOURS_SHOWN = 48
BAR = 20


def json_text(story: Story) -> str:
    """The host's entry of the queue, and the lists it rests on."""
    queue = document(story.queue)
    found: dict[str, Any] = {
        "subject": story.subject,
        **{name: queue[name] for name in ("senders", "other", "window", "own", "population")},
        "hours": story.hours,
        "servers": story.servers,
        "sources": story.sources,
        "evidence": story.evidence,
    }
    if story.mail is not None:
        found["mail_log"] = asdict(story.mail)
    return json.dumps(found, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else int(value)


def text(story: Story, lang: str = "en", width: int = 80) -> str:
    """The story as plain text without escape sequences."""
    page = Page(max(NARROWEST, width))

    def say(statement: Phrase) -> str:
        return visible(render(statement, lang), 2000)

    page.heading(visible(story.subject, 60))
    if not story.queue.senders and not story.queue.other:
        page.paragraph(say(phrase("senders.unknown-host")))
    for sender in story.queue.senders:
        page.paragraph(say(phrase(f"senders.verdict-{sender.verdict}", score=f"{sender.score:.2f}")))
        page.paragraph(say(sender.why))
        for signal in sender.signals:
            page.paragraph(f"{signal.weight:.2f}  {signal.name}: {say(signal.what)}", "        ", "  ")
        for other in sender.could_be:
            page.paragraph(say(phrase("senders.could-be", what=other)))
    for found in story.queue.other:
        page.paragraph(f"{visible(found.kind, 40)}: {say(found.why)}")
    for note in story.queue.notes:
        page.paragraph(say(note))
    _hours(story, page, say(phrase("senders.title-hours")))
    if story.mail is not None:
        mail_section(story.mail, page, say)
    _peers(story.servers, page, say(phrase("senders.title-servers")))
    _peers(story.sources, page, say(phrase("senders.title-sources")))
    _evidence(story, page, say(phrase("senders.title-evidence")))
    return page.text()


def _hours(story: Story, page: Page, title: str) -> None:
    if not story.hours:
        return
    page.heading(title)
    most = max(row["flows"] for row in story.hours)
    rows = [
        [
            f"{_utc(row['hour']):%Y-%m-%d %H:00}",
            f"{row['flows']:,}",
            f"{row['servers']:,}",
            f"{row['failed']:,}",
            "#" * max(1, round(BAR * row["flows"] / most)),
        ]
        for row in story.hours[-HOURS_SHOWN:]
    ]
    page.lines += aligned([["hour", "flows", "servers", "failed", ""], *rows], left=(0, 4))


def _peers(rows: list[dict[str, Any]], page: Page, title: str) -> None:
    if not rows:
        return
    page.heading(title)
    lines = [
        [
            visible(row["address"], 45),
            f"{row['flows']:,}",
            f"{row['failed']:,}",
            "?" if row["bytes"] is None else f"{row['bytes']:,}",
            f"{_utc(row['first']):%m-%d %H:%M:%S}",
        ]
        for row in rows
    ]
    page.lines += aligned([["address", "flows", "failed", "bytes", "first"], *lines], left=(0,))


def _evidence(story: Story, page: Page, title: str) -> None:
    if not story.evidence:
        return
    page.heading(title)
    for row in story.evidence:
        ends = f"{row['src_addr']}:{row['src_port']} -> {row['dst_addr']}:{row['dst_port']}"
        place = f"{row['input']} {row['datagram']}/{row['record']}"
        page.paragraph(visible(f"{_utc(row['start']):%H:%M:%S} {ends}  {place}", 300), "    ", "")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment
