"""Scans and floods of any port: one detector, and a profile for each pattern.

What it flags
    A host that tries one port at many addresses without an answer (scan), one address again and again without one
    (SYN flood), sends echo requests faster than any ping does (ping flood), opens connections to one web server
    faster than a browser (web flood), or answers far more than it was asked (DNS, NTP and other amplification).
Why it matters
    The field case's complaints were about worms on 445 and 17300 and about floods as often as about spam (F28, F42).
What it can get wrong
    A monitoring or inventory host scans as well; a load test is a flood; a host whose answers take another way looks
    unanswered. Shares of failures follow Jung et al., "Fast Portscan Detection Using Sequential Hypothesis Testing"
    (2004): ordinary hosts reach most of the addresses that they try, scanners a fifth.
Evidence
    Rows of `flow_records` whose source is the subject.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, Table

from mailscope.detect.network import Prefix
from mailscope.detect.senders.ownership import is_in

SYN, ACK = 2, 16
ECHO_REQUEST = {"icmp": 8, "icmp6": 128}
REFUSED_WORDS = ("S0", "REJ", "RSTOS0", "SH")
BARE_PACKET = 64
"""Bytes of a SYN with options and headers; for records that tell no flags."""

AMPLIFIERS = {
    17: "qotd",
    19: "chargen",
    53: "dns",
    123: "ntp",
    161: "snmp",
    389: "ldap",
    1900: "ssdp",
    11211: "memcached",
}
"""UDP services that answer more than they are asked (US-CERT alert TA14-017A)."""

_FEED = ("format", "exporter", "observation_domain", "folder")


@dataclass(frozen=True, slots=True)
class Profile:
    """A pattern over flows from one subject to one port; thresholds hold for the whole window.

    `unanswered` is the least share of targets that never answered; `per_second` a rate to the busiest target.
    """

    kind: str
    keep: Callable[[Table], BooleanValue]
    ports: Sequence[int] = ()
    targets: int = 1
    unanswered: float = 0.0
    flows_on_one: int = 0
    packets_on_one: int = 0
    flows_per_second: float = 0.0
    packets_per_second: float = 0.0


def _is_tcp(records: Table) -> BooleanValue:
    return records.proto == "tcp"


def _is_echo_request(records: Table) -> BooleanValue:
    wanted = [(records.proto == proto) & (records.icmp_type == kind) for proto, kind in ECHO_REQUEST.items()]
    return reduce(lambda one, other: one | other, wanted)


SCAN = Profile("scan", _is_tcp, targets=30, unanswered=0.8)
SYN_FLOOD = Profile("syn-flood", _is_tcp, unanswered=0.8, flows_on_one=200, flows_per_second=1.0)
PING_SWEEP = Profile("ping-sweep", _is_echo_request, targets=100)
PING_FLOOD = Profile("ping-flood", _is_echo_request, packets_on_one=500, packets_per_second=5.0)
WEB_FLOOD = Profile("web-flood", _is_tcp, ports=(80, 443, 8080, 8443), flows_on_one=1000, flows_per_second=20.0)

PROFILES = (SCAN, SYN_FLOOD, PING_SWEEP, PING_FLOOD, WEB_FLOOD)
"""Looked for by default. A ping goes out once a second; a browser opens some six connections to a server at once."""


def matches(flow_records: Table, own: Sequence[Prefix], profiles: Sequence[Profile] = PROFILES) -> Table:
    """One row a subject and pattern.

    Columns: subject, kind, port, targets, failed_targets, flows, failed, packets, bytes, most_flows, most_packets
    (to the busiest target), seconds (between its first and last flow), first, last.
    """
    found = [_matching(flow_records, own, profile) for profile in profiles]
    return ibis.union(*found) if len(found) > 1 else found[0]


def _matching(flow_records: Table, own: Sequence[Prefix], profile: Profile) -> Table:
    kept = flow_records.filter(profile.keep(flow_records), is_in(flow_records.src_addr, own))
    if profile.ports:
        kept = kept.filter(kept.dst_port.isin(profile.ports))
    asked = _asked(kept)
    by_port = _by_port(_by_target(asked.semi_join(_candidates(asked, profile), "src_addr")))
    seconds = ibis.greatest(_.seconds, 1)
    # Where answers must be missing, the busiest target is one that never answered.
    most = _.most_failed if profile.unanswered else _.most_flows
    return by_port.filter(
        _.targets >= profile.targets,
        _.failed_targets >= profile.unanswered * _.targets,
        most >= profile.flows_on_one,
        _.most_packets >= profile.packets_on_one,
        most >= profile.flows_per_second * seconds,
        _.most_packets >= profile.packets_per_second * seconds,
    ).mutate(kind=ibis.literal(profile.kind))


def _asked(kept: Table) -> Table:
    """The records of those who ask, with `failed` 1 for an attempt that was not answered."""
    flags = kept.tcp_flags
    has_flags = (flags > 0).fill_null(False)
    is_attempt = ibis.cases(
        (kept.ended.isin(REFUSED_WORDS) | (kept.event == "denied"), True),
        (has_flags & ((flags & ACK) == 0) & ((flags & SYN) > 0), True),
        (has_flags, False),
        (kept.reverse_packets > 0, False),
        (kept.reverse_packets == 0, True),
        else_=(kept.proto == "tcp") & (kept.packets <= 3) & (kept.bytes <= BARE_PACKET * kept.packets),
    ).fill_null(False)
    # Who asks: a bare SYN tells; otherwise the end with the higher port.
    is_asking = is_attempt | (kept.src_port > kept.dst_port) | (kept.proto != "tcp")
    folder = kept.input.re_replace("[^/]*$", "")
    return kept.mutate(failed=is_attempt.cast("int64"), folder=folder).filter(is_asking)


def _candidates(asked: Table, profile: Profile) -> Table:
    """Sources with enough records to match at all: most have none, and are not looked at target by target."""
    counted = asked.filter(asked.failed == 1) if profile.unanswered else asked
    least = max(ceil(profile.unanswered * profile.targets) if profile.unanswered else 1, profile.flows_on_one)
    return counted.group_by("src_addr").agg(rows=_.count()).filter(_.rows >= least)


def _by_target(asked: Table) -> Table:
    """One row a subject, port and target; of several feeds that saw it, the largest count."""
    by_feed = asked.group_by([*_FEED, "src_addr", "dst_addr", "dst_port"]).agg(
        flows=_.count(),
        failed=_.failed.sum(),
        packets=(_.packets * _.sampling).cast("int64").sum(),
        bytes=(_.bytes * _.sampling).cast("int64").sum(),
        first=_.start.min(),
        last=_.end.max(),
    )
    return by_feed.group_by(subject=_.src_addr, target=_.dst_addr, port=_.dst_port).agg(
        flows=_.flows.max(),
        failed=_.failed.max(),
        packets=_.packets.max(),
        bytes=_.bytes.max(),
        first=_.first.min(),
        last=_.last.max(),
    )


def _by_port(targets: Table) -> Table:
    """One row a subject and port; rates are those of the busiest target."""
    timed = targets.mutate(
        seconds=(_.last.epoch_seconds() - _.first.epoch_seconds()).cast("float64"),
        is_failed=(_.failed >= _.flows).cast("int64"),
    )
    return timed.group_by(["subject", "port"]).agg(
        targets=_.count(),
        failed_targets=_.is_failed.sum(),
        flows=_.flows.sum(),
        failed=_.failed.sum(),
        packets=_.packets.sum(),
        bytes=_.bytes.sum(),
        most_flows=_.flows.max(),
        most_failed=(_.is_failed * _.flows).max(),
        most_packets=_.packets.max(),
        seconds=_.seconds.max(),
        first=_.first.min(),
        last=_.last.max(),
    )
