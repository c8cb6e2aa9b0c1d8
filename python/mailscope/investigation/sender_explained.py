"""One host's story from flow records: what the queue says of it, when it sent, to whom, who sent to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.senders.conversations import MAIL_PORTS, mail_conversations
from mailscope.errors import UsageError
from mailscope.investigation.mail_of_host import MailOfHost, mail_of_host
from mailscope.investigation.mail_stories import MailStory
from mailscope.investigation.sender_queue import DAY, Queue, sender_queue
from mailscope.store.engine import held, plain_rows
from mailscope.store.flow_hours import FlowHours

SHOWN = 20
"""Rows at most of each list; the busiest servers and sources, all hours."""

HOURS = 24 * 31
EVIDENCE = 10


@dataclass(slots=True)
class Story:
    """One host: its entry of the queue, and the lists that it rests on.

    `hours` have hour, flows, failed, servers; `servers` and `sources` address, flows, failed, bytes, first, last;
    `evidence` says where the first records of its mail flows stand; `mail` what mail logs say of it.
    """

    subject: str
    queue: Queue
    hours: list[dict[str, Any]] = field(default_factory=list)
    servers: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    mail: MailOfHost | None = None


def explained(
    flow_records: Table | FlowHours,
    subject: str,
    own: Sequence[str] = (),
    since: timedelta | None = DAY,
    roles: Mapping[str, str] | None = None,
) -> Story:
    """The story of one host, or of an IPv6 /64 that the queue lists as one, over the newest `since` of the records.

    Raises:
        UsageError: The queue does not list that network as one host.

    """
    hours = FlowHours.of(flow_records)
    is_network = "/" in subject
    story = Story(subject, sender_queue(hours, own, since, roles, only=None if is_network else subject))
    if story.queue.window is None:
        return story
    addresses = _addresses(story) if is_network else [subject]
    recent = _.start >= ibis.literal(story.queue.window.start)
    conversations = held(mail_conversations(hours).filter(recent), "conversations_explained")
    sent = conversations.filter(_.client.isin(addresses))
    # Some engines tell the zone of a truncated time and some do not.
    story.hours = [row | {"hour": _aware(row["hour"])} for row in plain_rows(_by_hour(sent))]
    story.servers = plain_rows(_by_peer(sent, "server"))
    story.sources = plain_rows(_by_peer(conversations.filter(_.server.isin(addresses)), "client"))
    story.evidence = plain_rows(_evidence(hours.records.filter(recent), addresses))
    return story


def _addresses(story: Story) -> list[str]:
    """The addresses of a network that the queue lists; nothing else stays in the story's queue."""
    story.queue.senders = [sender for sender in story.queue.senders if sender.subject == story.subject]
    story.queue.other = [other for other in story.queue.other if other.subject == story.subject]
    if not story.queue.senders:
        raise UsageError(f"{story.subject} is not in the queue as one host", hint="ask for one of its addresses")
    return list(story.queue.senders[0].figures["addresses"])


def with_mail(story: Story, told: Sequence[MailStory]) -> Story:
    """The same story with what mail logs tell of the host at the times of its flows."""
    window = story.queue.window
    span = (_aware(window.start), _aware(window.end)) if window else None
    story.mail = mail_of_host(told, story.subject, span, story.hours)
    return story


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _by_hour(sent: Table) -> Table:
    return (
        sent.group_by(hour=_.start.truncate("h"))
        .agg(flows=_.flows.sum(), failed=_.failed.sum(), servers=_.server.nunique())
        .order_by("hour")
        .limit(HOURS)
    )


def _by_peer(conversations: Table, peer: str) -> Table:
    return (
        conversations.group_by(address=conversations[peer])
        .agg(flows=_.flows.sum(), failed=_.failed.sum(), bytes=_.bytes.sum(), first=_.start.min(), last=_.end.max())
        .order_by(ibis.desc("flows"), "first", "address")
        .limit(SHOWN)
    )


def _evidence(records: Table, addresses: Sequence[str]) -> Table:
    is_sending = _.src_addr.isin(addresses) & _.dst_port.isin(MAIL_PORTS)
    is_answered = _.dst_addr.isin(addresses) & _.src_port.isin(MAIL_PORTS)
    ends = ("src_addr", "src_port", "dst_addr", "dst_port")
    found = records.filter(is_sending | is_answered, _.proto == "tcp").order_by("start", "input", "record")
    return found.select("input", "datagram", "record", "start", *ends, "packets", "bytes").limit(EVIDENCE)
