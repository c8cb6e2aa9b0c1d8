"""The queue of abnormal senders: who hands out mail as no ordinary host does, and what explains the others.

queue = sender_queue(tables.to_ibis("flow_records"), own=["10.0.0.0/8"])
for sender in queue.senders: print(sender.subject, sender.verdict, sender.why)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.amplification import reflections
from mailscope.detect.endpoints import Prefix
from mailscope.detect.login_tries import login_tries
from mailscope.detect.many_ports import vertical_scans
from mailscope.detect.network import SITE, Network, host_pairs, own_network
from mailscope.detect.port_profile import failed_ports, matches
from mailscope.detect.senders.baseline import baseline
from mailscope.detect.senders.buckets import LABELS, buckets
from mailscope.detect.senders.conversations import MAIL_PORTS, kept_conversations, mail_conversations
from mailscope.detect.senders.figures import Window, sending_figures
from mailscope.detect.senders.history import with_history, without_history
from mailscope.detect.senders.sizes import with_sizes
from mailscope.detect.senders.sweeps import sweeps
from mailscope.detect.senders.verdicts import verdicts
from mailscope.investigation.sender_story import Other, Sender, other_of, reflection_of, sender_of
from mailscope.investigation.sender_subnets import with_subnets
from mailscope.store.engine import held, plain_rows
from mailscope.store.flow_hours import FlowHours, at_once
from mailscope.wording import Phrase, phrase

DAY = timedelta(hours=24)
"""The window when none is asked for: the newest so much of the records."""

SITES = (SITE, (20, 40), (16, 32))
"""Prefix lengths tried, longest first, to find the one network that is an end of nearly all flows."""

ALL_PAIRS_UP_TO = 20_000_000
"""Records up to which the owner's networks are looked for in all traffic, not in mail alone; and, of a store, vertical
scans and password guessing."""

TRENDS = 500
"""Senders at most of whom the course over time is told."""

LISTED = 10_000
"""Senders at most in one queue, the surest first; `left_out` counts the rest."""


@dataclass(slots=True)
class Queue:
    """The answer: senders and others, the network they belong to, and the population they were compared with."""

    network: Network
    window: Window | None
    senders: list[Sender] = field(default_factory=list)
    other: list[Other] = field(default_factory=list)
    distribution: list[dict[str, Any]] = field(default_factory=list)
    population: dict[str, Any] = field(default_factory=dict)
    notes: list[Phrase] = field(default_factory=list)
    left_out: int = 0


def sender_queue(
    flow_records: Table | FlowHours,
    own: Sequence[str] = (),
    since: timedelta | None = DAY,
    roles: Mapping[str, str] | None = None,
    everybody: bool = False,
    only: str | None = None,
    trend_slots: int = 0,
) -> Queue:
    """The queue over the newest `since` of the records (None: all of them); scans and floods from its whole hours.

    `roles` are confirmed by the owner: ADDR to `mail-server`, `relay`, `newsletter` or `monitor`. `everybody`
    lists ordinary hosts as well; `only` lists one host, whatever it is, compared with all. With `trend_slots` each
    sender has its flows in so many equal parts of the window.
    """
    hours = FlowHours.of(flow_records)
    window = _window(hours, since)
    if window is None:
        return Queue(own_network([], own), None, notes=[phrase("senders.no-records")])
    since_hour = int(window.start.timestamp() // 3600)
    queued: Future[list[str]] = Future()
    asking = partial(_asking, since_hour=since_hour, queued=queued.result)
    # Nothing of mail is needed for the others where the owner's networks are told.
    network = own_network([], own, sites=SITES)
    others = at_once(hours, partial(asking, network=network)) if own else None
    try:
        conversations = kept_conversations(hours)
        if others is None:
            network = own_network(_pairs(hours, conversations), sites=SITES)
            others = at_once(hours, partial(asking, network=network))
        queue = Queue(network, window, notes=list(network.notes))
        if _is_large(hours):
            queue.notes.append(phrase("senders.not-asked", limit=f"{ALL_PAIRS_UP_TO:,}"))
        figures = _figures(conversations, window, queue, given=bool(own))
        swept = sweeps(conversations, figures, window)
        _judge(queue, figures, window, roles or {}, swept, everybody=everybody, only=only)
        queued.set_result([sender.subject for sender in queue.senders if sender.verdict in ("abnormal", "watch")])
    finally:
        queued.cancel()  # who waits for it no longer does
    if not only:
        queue.senders = with_subnets(queue.senders, conversations, figures, window, network.prefixes, roles or ())
    if trend_slots:
        _add_trends(queue.senders, conversations, window, trend_slots)
    queue.distribution = _distribution(figures)
    # The scans take longest: what is left is asked for while they are looked for.
    reflected = [reflection_of(row) for row in plain_rows(reflections(hours, network.prefixes, since_hour))]
    queue.other = [other for other in others() + reflected if only in (None, other.subject)]
    _leave_out_what_is_queued(queue, queued.result())
    return queue


def _judge(
    queue: Queue,
    figures: Table,
    window: Window,
    roles: Mapping[str, str],
    swept: Sequence[str],
    *,
    everybody: bool,
    only: str | None,
) -> None:
    """Compares each sender with the population, and lists those that are asked for."""
    line = held(baseline(figures), "sender_baseline")
    queue.population = {name: float(value) for name, value in next(iter(plain_rows(line)), {}).items()}
    judged = held(verdicts(figures, line, window, roles, swept), "sender_verdicts")
    listed = judged if everybody else judged.filter(_.verdict != "ordinary")
    _list_senders(judged.filter(_.subject == only) if only else listed, window, queue, roles)


def _asking(hours: FlowHours, network: Network, since_hour: int, queued: Callable[[], Collection[str]]) -> list[Other]:
    """Scans and floods."""
    own, asked = network.prefixes, partial(matches, hours, network.prefixes, since_hour=since_hour, known=queued)
    if _is_large(hours):
        tables = [asked()]
    else:
        failed = held(failed_ports(hours, own, since_hour), "failed_ports")
        scans = vertical_scans(hours, own, since_hour, failed)
        tables = [asked(failed=failed), login_tries(hours, own, since_hour), scans]
    return [other_of(row) for table in tables for row in plain_rows(_strongest(table))]


def _is_large(hours: FlowHours) -> bool:
    """Whether questions by pairs of hosts, of which no sums are kept, would take as long as all others together."""
    return bool(hours.parts) and (hours.count or 0) > ALL_PAIRS_UP_TO


def _leave_out_what_is_queued(queue: Queue, queued: Sequence[str]) -> None:
    """A sender whose attempts on mail ports nobody answers is one entry, not also a scan or a flood."""
    subjects = set(queued)
    queue.other = [
        other for other in queue.other if other.subject not in subjects or other.figures["port"] not in MAIL_PORTS
    ]


def queued_moments(
    flow_records: Table | FlowHours, own: Sequence[str] = (), roles: Mapping[str, str] | None = None
) -> dict[str, list[datetime]]:
    """For every host that a day's queue held as abnormal: its first flow of each such day (UTC), oldest first."""
    hours = FlowHours.of(flow_records)
    whole = _window(hours, None)
    if whole is None:
        return {}
    conversations = held(mail_conversations(hours), "mail_conversations")
    network = own_network(_pairs(hours, conversations), own, sites=SITES)
    found: dict[str, list[datetime]] = {}
    day = whole.start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= whole.end:
        window = Window(day, min(day + DAY - timedelta(microseconds=1), whole.end))
        queue = Queue(network, window)
        figures = _figures(conversations, window, queue, given=bool(own))
        swept = sweeps(conversations, figures, window)
        judged = verdicts(figures, held(baseline(figures), "sender_baseline"), window, roles, swept)
        for row in plain_rows(judged.filter(_.verdict == "abnormal").select("subject", "first")):
            found.setdefault(row["subject"], []).append(_utc(row["first"]))
        day += DAY
    return found


def _window(hours: FlowHours, since: timedelta | None) -> Window | None:
    if hours.span:
        first, last = hours.span
    else:
        row = next(iter(plain_rows(hours.records.aggregate(first=_.start.min(), last=_.start.max()))))
        if row["last"] is None:
            return None
        first, last = _utc(row["first"]), _utc(row["last"])
    return Window(max(first, last - since) if since else first, last)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pairs(hours: FlowHours, conversations: Table) -> list[dict[str, Any]]:
    count = hours.count
    if count is None:
        count = next(iter(plain_rows(hours.records.aggregate(rows=_.count()))))["rows"]
    is_small = count <= ALL_PAIRS_UP_TO
    source = (
        hours.records.select(orig_addr=_.src_addr, resp_addr=_.dst_addr)
        if is_small
        else conversations.select(orig_addr=_.client, resp_addr=_.server)
    )
    return plain_rows(host_pairs(source))


def _figures(conversations: Table, window: Window, queue: Queue, *, given: bool) -> Table:
    """Figures of the own hosts; of all hosts where the owner's networks were only guessed and none of them sends."""
    figures = _with_past(conversations, window, queue.network.prefixes)
    if given or not queue.network.prefixes or plain_rows(figures.limit(1)):
        return figures
    queue.notes.append(phrase("senders.no-own"))
    return _with_past(conversations, window, ())


def _with_past(conversations: Table, window: Window, own: Sequence[Prefix]) -> Table:
    figures = sending_figures(conversations, window, own)
    has_past = plain_rows(conversations.filter(_.start < ibis.literal(window.start)).limit(1))
    past = with_history(figures, conversations, window) if has_past else without_history(figures)
    return with_sizes(held(past, "sending_figures"), conversations, window)


def _list_senders(listed: Table, window: Window, queue: Queue, roles: Mapping[str, str]) -> None:
    order = ibis.cases((_.verdict == "abnormal", 0), (_.verdict == "watch", 1), (_.verdict == "cleared", 2), else_=3)
    ranked = listed.mutate(rank=order).order_by(_.rank, ibis.desc("score"), ibis.desc("flows"), "subject")
    queue.senders = [sender_of(row, window, roles) for row in plain_rows(ranked.limit(LISTED))]
    if len(queue.senders) == LISTED:
        queue.left_out = next(iter(plain_rows(listed.aggregate(rows=_.count()))))["rows"] - LISTED


def _add_trends(senders: list[Sender], conversations: Table, window: Window, slots: int) -> None:
    """Flows by the part of the window in which they began; of the senders that anybody will look at."""
    known = {sender.subject: sender for sender in senders[:TRENDS]}
    since, length = int(window.start.timestamp()), window.seconds / slots
    sent = conversations.filter(_.client.isin(sorted(known)), _.start >= ibis.literal(window.start))
    slot = ((_.start.epoch_seconds() - since) / length).floor().cast("int64").clip(0, slots - 1)
    for sender in known.values():
        sender.trend = [0] * slots
    for row in plain_rows(sent.group_by(_.client, slot=slot).agg(flows=_.flows.sum())):
        known[row["client"]].trend[row["slot"]] = int(row["flows"])


def _strongest(found: Table) -> Table:
    return found.order_by(ibis.desc("failed"), ibis.desc("packets"), "subject", "kind", "port").limit(LISTED)


def _distribution(figures: Table) -> list[dict[str, Any]]:
    """Every bucket with its hosts, flows and bytes and their shares in percent; the shares come from exact sums."""
    found = {row["bucket"]: row for row in plain_rows(buckets(figures))}
    empty = {"hosts": 0, "flows": 0, "bytes": 0}
    rows = [{name: int(found.get(index, empty)[name]) for name in empty} for index in range(len(LABELS))]
    sums = {name: sum(row[name] for row in rows) for name in empty}
    shares = [{f"{name}_percent": _percent(row[name], sums[name]) for name in empty} for row in rows]
    return [{"flows_per_host": label, **row, **share} for label, row, share in zip(LABELS, rows, shares, strict=True)]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
