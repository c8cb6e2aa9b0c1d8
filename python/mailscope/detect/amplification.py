"""An own host answers far more than it was asked: somebody uses it to flood a forged sender.

What it flags
    UDP services of an own host (DNS, NTP, SNMP, SSDP, memcached, ...) whose answers to one address are at least ten
    times the questions, a megabyte and more; and own addresses that many such services answer without being asked.
Why it matters
    The owner of the reflector gets the complaints; the owner of the target loses its line.
What it can get wrong
    Zone transfers and large signed answers are big too, but seldom ten times for a megabyte; where questions take
    another way into the network, every answer seems unasked.
Evidence
    Rows of `flow_records` with the service's port as source.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, Table

from mailscope.detect.endpoints import Prefix
from mailscope.detect.port_profile import AMPLIFIERS
from mailscope.detect.senders.ownership import is_in
from mailscope.store.added_sums import Addable
from mailscope.store.engine import held, plain_rows
from mailscope.store.flow_hours import FlowHours, among

LEAST_BYTES = 1_000_000
LEAST_RATIO = 10
"""DNS answers are some two to four times their questions; TA14-017A lists factors of 28 and more when abused."""

LEAST_PACKET = 200
LEAST_REFLECTORS = 10

DNS, LARGE_ANSWER = 53, 1000
"""Bytes a packet: servers give at most 1,232 by themselves (DNS Flag Day 2020), and seldom so much."""

_COLUMNS = ("subject", "role", "port", "peers", "asked_bytes", "answered_bytes", "answered_packets", "first", "last")


def reflections(flow_records: Table | FlowHours, own: Sequence[Prefix], since_hour: int = 0) -> Table:
    """One row an own host, port and role (`reflector` or `target`): peers, asked_bytes, answered_bytes, first, last.

    `since_hour` counts from 1970: what is older is left out.
    """
    hours = FlowHours.of(flow_records)
    answered = hours.sums("answered", answered_hours).filter(_.hour >= since_hour)
    unasked = hours.sums("unasked", unasked_hours) if _has_unasked(hours) else answered.filter(_is_unasked)
    pairs = held(_pairs(answered, unasked.filter(_.hour >= since_hour)), "answered_pairs")
    abused = pairs.filter(
        _.answered_bytes >= LEAST_RATIO * _.asked_bytes, _.answered_bytes >= LEAST_PACKET * _.answered_packets
    )
    used = _summed(abused.filter(is_in(abused.service, own)), "service", "reflector").filter(
        _.answered_bytes >= LEAST_BYTES
    )
    hit = _summed(abused.filter(is_in(abused.peer, own)), "peer", "target").filter(
        _.answered_bytes >= LEAST_BYTES, _.peers >= LEAST_REFLECTORS
    )
    return ibis.union(used, _unasked_for(hit, answered, own))


def _unasked_for(hit: Table, answered: Table, own: Sequence[Prefix]) -> Table:
    """Those who asked for little in all: a resolver asks many servers, some of which answer with much more."""
    candidates = held(hit, "amplification_targets")
    if not plain_rows(candidates.limit(1)):
        return candidates
    asked = among(answered, "peer", candidates.select("subject").distinct().rename(peer="subject"))
    whole = asked.group_by(subject=_.peer, port=_.port).agg(
        all_asked=_.asked_bytes.sum(), all_answered=_.answered_bytes.sum()
    )
    is_outside = ~is_in(answered.service, own) if own else ibis.literal(True)
    is_asked = plain_rows(answered.filter(is_outside, _.asked_bytes > 0).limit(1))
    little = whole.filter(_.all_answered >= LEAST_RATIO * _.all_asked)
    told = candidates.semi_join(little, ["subject", "port"])
    if is_asked:
        return told
    # Of answers alone nobody can tell whether they were asked for; those of DNS must then be larger than a resolver's.
    return told.filter((_.port != DNS) | (_.answered_bytes >= LARGE_ANSWER * _.answered_packets))


def answered_hours(flow_records: Table) -> Table:
    """Questions and answers of each service host and peer: sums of an hour."""
    ports = tuple(AMPLIFIERS)
    from_service, to_service = flow_records.src_port.isin(ports), flow_records.dst_port.isin(ports)
    kept = flow_records.filter(flow_records.proto == "udp", (from_service & ~to_service) | (~from_service & to_service))
    answer = kept.src_port.isin(ports)
    marked = kept.select(
        "start",
        "end",
        hour=(kept.start.epoch_seconds() / 3600).floor().cast("int64"),
        service=answer.ifelse(kept.src_addr, kept.dst_addr),
        peer=answer.ifelse(kept.dst_addr, kept.src_addr),
        port=answer.ifelse(kept.src_port, kept.dst_port),
        answered=answer.ifelse(kept.bytes, kept.reverse_bytes).fill_null(0).cast("int64") * kept.sampling,
        answered_packets=answer.ifelse(kept.packets, kept.reverse_packets).fill_null(0).cast("int64") * kept.sampling,
        asked=answer.ifelse(kept.reverse_bytes, kept.bytes).fill_null(0).cast("int64") * kept.sampling,
    )
    return marked.group_by(["service", "peer", "port", "hour"]).agg(
        asked_bytes=_.asked.sum().cast("int64"),
        answered_bytes=_.answered.sum().cast("int64"),
        answered_packets=_.answered_packets.sum().cast("int64"),
        first=_.start.min(),
        last=_.end.max(),
    )


def unasked_hours(flow_records: Table) -> Table:
    """Service hosts and peers whose answers in an hour were many times the questions."""
    return answered_hours(flow_records).filter(_is_unasked).select("service", "peer", "port", "hour")


ANSWERED = Addable(answered_hours, ("service", "peer", "port", "hour"))
UNASKED = Addable(unasked_hours, ("service", "peer", "port", "hour"))


def _is_unasked(hours: Table) -> BooleanValue:
    return hours.answered_bytes >= LEAST_RATIO * hours.asked_bytes


def _has_unasked(hours: FlowHours) -> bool:
    """False where a store has what was answered, and these sums not yet."""
    return "unasked" in hours.parts or "answered" not in hours.parts


def _pairs(answered: Table, unasked: Table) -> Table:
    """Each service host and peer that may be abused at all, with what they did in all hours.

    Where the whole is ten times the questions, an hour is: the others need not be added up.
    """
    ends = ["service", "peer", "port"]
    some = held(unasked.select(*ends).distinct(), "answered_some")
    return (
        among(answered, "service", some)
        .semi_join(some, ends)
        .group_by(ends)
        .agg(
            asked_bytes=_.asked_bytes.sum(),
            answered_bytes=_.answered_bytes.sum(),
            answered_packets=_.answered_packets.sum(),
            first=_.first.min(),
            last=_.last.max(),
        )
    )


def _summed(pairs: Table, subject: str, role: str) -> Table:
    return (
        pairs.group_by(subject=pairs[subject], port=pairs.port)
        .agg(
            peers=_.count(),
            asked_bytes=_.asked_bytes.sum(),
            answered_bytes=_.answered_bytes.sum(),
            answered_packets=_.answered_packets.sum(),
            first=_.first.min(),
            last=_.last.max(),
        )
        .mutate(role=ibis.literal(role))
        .select(*_COLUMNS)
    )
