"""What mail logs say of one host, hour by hour beside its flows: mails it handed in, was handed, was refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mailscope.investigation.mail_stories import MailStory

MARGIN = timedelta(minutes=5)
"""By how much a server's clock may differ from the flows': mails so far outside the window count."""

SHOWN = 20
"""Mails listed at most; all are counted."""


@dataclass(slots=True)
class MailOfHost:
    """Mails of one host in the window of its flows.

    `handed_in` and `was_handed` have mails by status, `verdicts` the filters' words; `hours` have hour, flows (None
    where the flow records have none), mails, rejected, recipients; `mails` are the first ones; `outside` counts mails
    of the host that lie outside the window.
    """

    handed_in: dict[str, int] = field(default_factory=dict)
    was_handed: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    hours: list[dict[str, Any]] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    outside: int = 0


def mail_of_host(
    told: Iterable[MailStory],
    subject: str,
    window: tuple[datetime, datetime] | None = None,
    flow_hours: Sequence[dict[str, Any]] = (),
) -> MailOfHost:
    """The mails of the stories that `subject` handed in or was handed, `flow_hours` beside them."""
    found = MailOfHost()
    in_window, was_handed = [], Counter[str]()
    for story in told:
        if not _is_within(story, window):
            found.outside += 1
        elif any(row.client_addr == subject for row in story.rows):
            in_window.append(story)
        else:
            was_handed[story.status] += 1
    found.was_handed = dict(was_handed)
    found.handed_in = dict(Counter(story.status for story in in_window))
    found.verdicts = dict(Counter(verdict for story in in_window for verdict in dict.fromkeys(story.verdicts)))
    found.hours = _hours(in_window, flow_hours)
    found.mails = [_mail(story) for story in in_window[:SHOWN]]
    return found


def _is_within(story: MailStory, window: tuple[datetime, datetime] | None) -> bool:
    if window is None or story.first is None:
        return True
    return window[0] - MARGIN <= story.first <= window[1] + MARGIN


def _hours(mails: Iterable[MailStory], flow_hours: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    flows = {_hour(row["hour"]): int(row["flows"]) for row in flow_hours}
    by_hour: dict[datetime, list[MailStory]] = defaultdict(list)
    for story in mails:
        if story.first is not None:
            by_hour[_hour(story.first)].append(story)
    return [
        {
            "hour": hour,
            "flows": flows.get(hour),
            "mails": len(by_hour[hour]),
            "rejected": sum(story.status == "rejected" for story in by_hour[hour]),
            "recipients": sum(len(story.rcpt_to) for story in by_hour[hour]),
        }
        for hour in sorted(by_hour.keys() | flows.keys())
    ]


def _hour(moment: datetime) -> datetime:
    """The hour of a time; the flow table's times are UTC, with or without saying so."""
    return moment.replace(minute=0, second=0, microsecond=0, tzinfo=moment.tzinfo or UTC)


def _mail(story: MailStory) -> dict[str, Any]:
    names = ("first", "queue_ids", "mail_from", "rcpt_to", "size_bytes", "status", "dsn", "verdicts", "relay_addrs")
    place = story.rows[0]
    return {name: getattr(story, name) for name in names} | {"file": place.file, "line": place.line}
