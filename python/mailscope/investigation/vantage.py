"""Several capture points: the same conversation seen twice, across NAT, with clocks that differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median

from mailscope.detect.endpoints import is_private, parsed
from mailscope.investigation import ties
from mailscope.investigation.conversation import Conversation, Request

CLOCKS_APART = timedelta(minutes=10)
"""Clocks of two sensors are not expected to differ by more."""

SAME_MOMENT = timedelta(seconds=3)
"""The same packet passes two capture points within this time."""


def same_conversations(legs: Sequence[Conversation]) -> list[list[Conversation]]:
    """Groups of legs that are one conversation seen at several points; the outermost view comes first.

    Views of one conversation reach the same server; NAT may change the client's address and port.
    """
    buckets: dict[Hashable, list[int]] = defaultdict(list)
    for number, leg in enumerate(legs):
        for mark in _marks(leg):
            buckets[(leg.server, mark)].append(number)
    parent = list(range(len(legs)))
    for numbers in buckets.values():
        for one, other in pairwise(numbers):
            if _is_same(legs[one], legs[other]):
                parent[_root(parent, other)] = _root(parent, one)
    groups: dict[int, list[Conversation]] = defaultdict(list)
    for number, leg in enumerate(legs):
        groups[_root(parent, number)].append(leg)
    return [sorted(group, key=_outermost_first) for group in groups.values()]


def same_requests(requests: Sequence[Request]) -> list[list[Request]]:
    """Groups of requests that are one request seen at several points (a forwarded port changes the proxy's address)."""
    groups: dict[Hashable, list[list[Request]]] = defaultdict(list)
    for request in requests:
        # A forwarded port changes the proxy's address, a source NAT the client's; never both in one place.
        key = (request.row["client_port"], request.row.get("target_host"), request.row.get("target_port"))
        for group in groups[key]:
            if _is_same_request(group[0], request):
                group.append(request)
                break
        else:
            groups[key].append([request])
    return [group for found in groups.values() for group in found]


def clock_offsets(requests: Sequence[Request], legs: Sequence[Conversation]) -> dict[tuple[str, str], timedelta]:
    """How far the second capture's clock is ahead of the first one's, where payload seen in both shows it.

    A leg follows its request within milliseconds, so the smallest delay over all pairs with equal payload is the
    difference of the clocks; one that a proxy may cause by itself counts as none.
    """
    by_chunk: dict[int, list[Conversation]] = defaultdict(list)
    for leg in legs:
        for value in leg.client_hashes:
            by_chunk[value].append(leg)
    delays: dict[tuple[str, str], list[timedelta]] = defaultdict(list)
    for request in requests:
        for leg in _sharing(request, by_chunk):
            is_other_point = leg.capture != request.capture
            if is_other_point and leg.row["from_start"] and _is_copy(request, leg):
                delays[(request.capture, leg.capture)].append(leg.start - request.start)
    return {pair: _offset(found) for pair, found in delays.items()}


def _offset(delays: list[timedelta]) -> timedelta:
    least = min(delays)
    if -ties.CLOCK_SLACK <= least <= ties.CONNECT_WINDOW:
        return timedelta(0)
    return timedelta(seconds=median(sorted(d.total_seconds() for d in delays)[:5]))


def _sharing(request: Request, by_chunk: dict[int, list[Conversation]]) -> list[Conversation]:
    found: dict[str, Conversation] = {}
    for hashes in (request.client_hashes, *(c.client_hashes for c in request.carried)):
        for value in hashes:
            for leg in by_chunk.get(value, ())[:50]:
                found[leg.session_id] = leg
    return list(found.values())


def _is_copy(request: Request, leg: Conversation) -> bool:
    strong = {fact.name for fact in (*ties.payload_facts(request, leg), *ties.mail_facts(request, leg))}
    return {"payload-equal", "envelope-equal"} <= strong and abs(leg.start - request.start) <= CLOCKS_APART


def _marks(leg: Conversation) -> set[Hashable]:
    marks: set[Hashable] = {("port", leg.row["client_port"])}
    for mail in leg.mails:
        if mail.message_id:
            marks.add(("id", mail.message_id))
        if mail.mail_from and mail.recipients:
            marks.add(("envelope", mail.envelope))
    return marks


def _is_same(one: Conversation, other: Conversation) -> bool:
    if one.flow_id == other.flow_id or (one.capture == other.capture and one.client_addr == other.client_addr):
        return False
    gap = abs(one.start - other.start)
    if gap > CLOCKS_APART:
        return False
    found = ties.containment(one.client_hashes, other.client_hashes)
    is_copy = found.shared >= 1 and found.share >= 0.5
    ids = {m.message_id for m in one.mails if m.message_id} & {m.message_id for m in other.mails if m.message_id}
    envelopes = {m.envelope for m in one.mails} & {m.envelope for m in other.mails}
    if ids and envelopes:
        return True
    is_same_port = one.row["client_port"] == other.row["client_port"]
    return is_copy and (bool(envelopes) or is_same_port) and (gap <= SAME_MOMENT or one.capture != other.capture)


def _is_same_request(one: Request, other: Request) -> bool:
    if one.flow_id == other.flow_id or abs(one.start - other.start) > CLOCKS_APART:
        return False
    is_same_client = one.client_addr == other.client_addr
    is_same_proxy = one.proxy_addr == other.proxy_addr
    if is_same_client == is_same_proxy:
        return False
    return one.capture != other.capture or abs(one.start - other.start) <= SAME_MOMENT


def _outermost_first(leg: Conversation) -> tuple[bool, float]:
    address = parsed(leg.client_addr)
    return (address is not None and is_private(address)), leg.start.timestamp()


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
