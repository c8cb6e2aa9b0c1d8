"""What the mail servers' logs say of an accused address at the times of the complaints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailscope.desk.evidence.moments import WATCHED_WITHIN, WINDOW, Look, Moment, verdict, within
from mailscope.investigation.mail_stories import MailStory, stories
from mailscope.wording import amount, phrase

if TYPE_CHECKING:
    from mailscope.ingest.maillogs.row import Row

MAILS_LISTED = 20
RECIPIENTS_LISTED = 5


def look(place: str, rows: Sequence[Row], moments: Sequence[Moment]) -> Look:
    """What the rows of one or several logs show of the moments' addresses."""
    times = [row.time for row in rows if row.time is not None]
    found = Look("mail-logs", place, [], first=min(times, default=None), last=max(times, default=None))
    told = stories(rows)
    mine: dict[str, list[MailStory]] = {}
    for address in dict.fromkeys(moment.address for moment in moments):
        mine[address] = [story for story in told if any(row.client_addr == address for row in story.rows)]
    around: dict[int, MailStory] = {}
    for moment in moments:
        handed_in = mine[moment.address]
        seen = [story.first for story in handed_in]
        found.verdicts.append(verdict(moment, seen, was_watched=_covers(times, moment)))
        around |= {id(story): story for story in handed_in if within(story.first, moment.near(WINDOW))}
    if around:
        _tell(list(around.values()), found)
    return found


def _covers(times: Iterable[datetime], moment: Moment) -> bool:
    """A server that wrote before and after the moment was there in between; logs have no gaps by themselves."""
    near, times = moment.near(WATCHED_WITHIN), list(times)
    return bool(times) and (near is None or (min(times) <= near[1] and max(times) >= near[0]))


def _tell(mails: list[MailStory], found: Look) -> None:
    recipients = {name for story in mails for name in story.rcpt_to}
    senders = {story.mail_from for story in mails if story.mail_from}
    found.said.append(
        phrase(
            "cases.seen-in-logs",
            mails=amount(len(mails), "mail"),
            senders=amount(len(senders), "sender-name"),
            recipients=amount(len(recipients), "recipient"),
        )
    )
    refused = sum(story.status == "rejected" for story in mails)
    if refused:
        found.said.append(phrase("cases.seen-refused", mails=amount(refused, "mail")))
    verdicts = Counter(word for story in mails for word in dict.fromkeys(story.verdicts))
    if verdicts:
        words = [f"{word} ({count:,})" for word, count in verdicts.most_common(RECIPIENTS_LISTED)]
        found.said.append(phrase("cases.seen-filtered", verdicts=words))
    found.rows["mails"] = [_row(story) for story in mails[:MAILS_LISTED]]


def _row(story: MailStory) -> dict[str, Any]:
    """One mail with the line that tells of it first."""
    names = ("first", "client_addr", "mail_from", "size_bytes", "status", "dsn", "verdicts")
    place = story.rows[0]
    more = {"queue_id": next(iter(story.queue_ids), None), "file": place.file, "line": place.line}
    recipients = {"rcpt_to": list(story.rcpt_to[:RECIPIENTS_LISTED]), "recipients": len(story.rcpt_to)}
    return {name: getattr(story, name) for name in names} | recipients | more
