"""Rows of mail logs → one story a mail: who handed it in, what the filters said, where it went (F43-F45).

Rows of one host with one queue id are one stay. Stays are one mail where a server says under which id the next one
took the mail over, or where exactly one stay of each of several hosts has the same message id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailscope.ingest.maillogs.row import Row

QUIET = timedelta(days=7)
"""After so long without a line a queue id is taken to be used anew: servers keep mail for five days by default."""

HOPS_LIMIT = 32
"""Stays joined into one story at most."""

_ENDED = frozenset({"removed", "expired"})
_ATTEMPTS = frozenset({"sent", "deferred", "bounced", "expired", "rejected"})


@dataclass(slots=True)
class MailStory:
    """One mail: its rows in time, and what they say together; the first hop's word counts where hops differ.

    `status` is that of its recipients' last attempts if they agree, else `mixed`; without attempts that of the last
    row. `counts` has recipients by the status of the last attempt.
    """

    rows: list[Row] = field(default_factory=list)
    queue_ids: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    client_name: str | None = None
    client_addr: str | None = None
    is_forged: bool = False
    helo: str | None = None
    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()
    size_bytes: int | None = None
    nrcpts: int | None = None
    message_id: str | None = None
    verdicts: tuple[str, ...] = ()
    relay_addrs: tuple[str, ...] = ()
    delay_s: float | None = None
    status: str = "queued"
    dsn: str | None = None
    status_text: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def stories(rows: Iterable[Row], address: str | None = None) -> list[MailStory]:
    """The stories in order of their first lines; with `address`, those it handed in or was handed."""
    made = [_story(stays) for stays in _joined(list(_stays(rows)))]
    made.sort(key=lambda story: (story.first is None, story.first.timestamp() if story.first else 0.0))
    if address is None:
        return made
    return [
        story for story in made if address == story.client_addr or address in story.relay_addrs or _seen(story, address)
    ]


def _seen(story: MailStory, address: str) -> bool:
    return any(row.client_addr == address for row in story.rows)


def _stays(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows by host and queue id; an id that ended and is received again begins a new stay. No id: a stay of its own."""
    order: list[list[Row]] = []
    latest: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.queue_id is None:
            order.append([row])
            continue
        # rspamd's own log does not name its host: its rows are tied by message id or by an id alone.
        key = (row.host or "", row.queue_id)
        stay = latest.get(key) or latest.get(("", row.queue_id))
        if stay is None or _is_anew(stay, row):
            stay = []
            order.append(stay)
            latest[key] = stay
        stay.append(row)
    yield from order


def _is_anew(stay: list[Row], row: Row) -> bool:
    last = stay[-1]
    if row.status == "received":
        # A server tells a reception once; the same line twice is a log written twice.
        before = [known for known in stay if known.format == row.format]
        return any(known.status in _ENDED for known in before) or any(
            known.status == "received" and known.time != row.time for known in before
        )
    return last.time is not None and row.time is not None and row.time - last.time > QUIET


def _joined(stays: list[list[Row]]) -> Iterator[list[list[Row]]]:
    """Stays that are one mail, by the servers' own word first, then by message id."""
    group = list(range(len(stays)))
    size = [1] * len(stays)

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    def join(one: int, other: int) -> None:
        one, other = sorted((root(one), root(other)))
        if one != other and size[one] + size[other] <= HOPS_LIMIT:
            group[other] = one
            size[one] += size[other]

    for one, other in [*_handed_over(stays), *_same_message(stays)]:
        join(one, other)
    groups: dict[int, list[list[Row]]] = defaultdict(list)
    for index, stay in enumerate(stays):
        groups[root(index)].append(stay)
    yield from groups.values()


def _handed_over(stays: list[list[Row]]) -> Iterator[tuple[int, int]]:
    """Pairs where one stay names the other's queue id, and the other began within a day of it."""
    by_id: dict[str, list[int]] = defaultdict(list)
    for index, stay in enumerate(stays):
        if stay[0].queue_id:
            by_id[stay[0].queue_id].append(index)
    for index, stay in enumerate(stays):
        for row in stay:
            others = by_id.get(row.next_queue_id or "", ())[:HOPS_LIMIT]
            near = min(others, key=lambda other: _apart(row, stays[other][0]), default=index)
            if near != index and _apart(row, stays[near][0]) <= timedelta(days=1):
                yield index, near


def _apart(row: Row, other: Row) -> timedelta:
    return abs(row.time - other.time) if row.time and other.time else timedelta(0)


def _same_message(stays: list[list[Row]]) -> Iterator[tuple[int, int]]:
    """Pairs of stays at different hosts that alone there have the message id.

    A message id is the sender's word, and a thousand mails may carry one: only where it is unique at each host does it
    tie. A filter's row without queue id is tied to the one stay of its host, or of any if its log names no host.
    """
    by_message: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, stay in enumerate(stays):
        message_id = next((row.message_id for row in stay if row.message_id), None)
        if message_id and message_id != "<>":
            is_filter = stay[0].queue_id is None and stay[0].status == "scanned"
            by_message[message_id]["" if is_filter else stay[0].host or ""].append(index)
    for hosts in by_message.values():
        alone = [indexes[0] for indexes in hosts.values() if len(indexes) == 1]
        if len(alone) == len(hosts):
            yield from zip(alone, alone[1:], strict=False)


def _story(stays: list[list[Row]]) -> MailStory:
    rows = [row for stay in stays for row in stay]
    if len(stays) > 1:
        rows.sort(key=lambda row: (row.time is None, row.time.timestamp() if row.time else 0.0))
    story = MailStory(rows=rows)
    times = [row.time for row in rows if row.time is not None]
    story.first, story.last = min(times, default=None), max(times, default=None)
    story.queue_ids = tuple(dict.fromkeys(row.queue_id for row in rows if row.queue_id))
    story.hosts = tuple(dict.fromkeys(row.host for row in rows if row.host))
    for name in ("client_addr", "helo", "mail_from", "size_bytes", "nrcpts", "message_id"):
        setattr(story, name, next((value for row in rows if (value := getattr(row, name)) is not None), None))
    client = next((row for row in rows if row.client_addr or row.client_name), None)
    if client is not None:
        story.client_name, story.is_forged = client.client_name, any(row.is_forged for row in rows)
    story.verdicts = tuple(row.verdict for row in rows if row.verdict)
    story.relay_addrs = tuple(dict.fromkeys(row.relay_addr for row in rows if row.relay_addr))
    story.notices = tuple(dict.fromkeys(row.notice_queue_id for row in rows if row.notice_queue_id))
    _outcome(story)
    return story


def _outcome(story: MailStory) -> None:
    """Recipients by their last attempt; an attempt that handed on to a hop of this story is that hop's matter."""
    ids = set(story.queue_ids)
    last: dict[str, Row] = {}
    delays = []
    for row in story.rows:
        if row.status == "sent" and row.next_queue_id in ids and row.next_queue_id != row.queue_id:
            for recipient in row.rcpt_to:
                last.setdefault(recipient, row)
            continue
        if row.status in _ATTEMPTS:
            for recipient in row.rcpt_to or (("",) if row.status in ("rejected", "expired") else ()):
                last[recipient] = row
        if row.delay_s is not None and row.verdict is None and row.status in _ATTEMPTS:
            delays.append(row.delay_s)
    listed = [recipient for row in story.rows for recipient in row.rcpt_to]
    story.rcpt_to = tuple(dict.fromkeys(listed))
    story.delay_s = max(delays, default=None)
    for row in last.values():
        story.counts[row.status] = story.counts.get(row.status, 0) + 1
    final = next(reversed(last.values()), story.rows[-1])
    story.dsn, story.status_text = final.dsn, final.status_text
    if len(story.counts) == 1:
        story.status = next(iter(story.counts))
    elif story.counts:
        story.status = "mixed"
    else:
        story.status = next((row.status for row in reversed(story.rows) if row.status != "removed"), "removed")
