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

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil
from operator import or_

import ibis
from ibis import _
from ibis.expr.types import Table, Value

from mailscope.detect.endpoints import Prefix
from mailscope.detect.senders.conversations import MAIL_PORTS
from mailscope.detect.senders.ownership import is_in
from mailscope.store.added_sums import Addable
from mailscope.store.engine import held
from mailscope.store.flow_hours import FlowHours, among, few

TCP, ECHO = "tcp", "echo"
SYN, ACK = 2, 16
ECHO_REQUEST = {"icmp": 8, "icmp6": 128}
REFUSED_WORDS = ("S0", "REJ", "RSTOS0", "SH")
BARE_PACKET = 64
"""Bytes of a SYN with options and headers; for records that tell no flags."""

SYNS_OF_AN_ATTEMPT = 7
"""A connection's first SYN and its repetitions at most (RFC 6298, Linux' `tcp_syn_retries`)."""

LEAST_SEEN = 10
"""Targets of a scan that a sample must at least hold."""

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

_COUNTS = ("flows", "failed", "packets", "bytes")
_FEED = ("format", "exporter", "observation_domain", "folder")


@dataclass(frozen=True, slots=True)
class Profile:
    """A pattern over flows from one subject to one port; thresholds hold for the whole window, in whole hours.

    `unanswered` is the least share of targets that never answered; `per_second` a rate to the busiest target.
    """

    kind: str
    proto: str
    ports: Sequence[int] = ()
    targets: int = 1
    unanswered: float = 0.0
    flows_on_one: int = 0
    packets_on_one: int = 0
    flows_per_second: float = 0.0
    packets_per_second: float = 0.0


WEB_PORTS = (80, 443, 8080, 8443)

SCAN = Profile("scan", TCP, targets=30, unanswered=0.8)
SYN_FLOOD = Profile("syn-flood", TCP, unanswered=0.8, flows_on_one=200, flows_per_second=1.0)
PING_SWEEP = Profile("ping-sweep", ECHO, targets=100)
PING_FLOOD = Profile("ping-flood", ECHO, packets_on_one=500, packets_per_second=5.0)
WEB_FLOOD = Profile("web-flood", TCP, ports=WEB_PORTS, flows_on_one=1000, flows_per_second=20.0)

PROFILES = (SCAN, SYN_FLOOD, PING_SWEEP, PING_FLOOD, WEB_FLOOD)
"""Looked for by default. A ping goes out once a second; a browser opens some six connections to a server at once."""


def matches(
    flow_records: Table | FlowHours,
    own: Sequence[Prefix],
    profiles: Sequence[Profile] = PROFILES,
    since_hour: int = 0,
    known: Callable[[], Collection[str]] = tuple,
    failed: Table | None = None,
) -> Table:
    """One row a subject and pattern; `since_hour` counts from 1970: what is older is left out.

    `known` are senders of whom more is told elsewhere than that nobody answers on mail ports; asked for late.
    `failed` is what `failed_ports` tells, where that was asked already.

    Columns: subject, kind, port, targets, failed_targets, flows, failed, packets, bytes, most_flows, most_packets
    (to the busiest target), seconds (between its first and last flow), first, last.
    """
    hours = FlowHours.of(flow_records)
    asking = held(_asking(hours, own, since_hour), "asking_sources")
    ports = held(
        _busy_ports(asking, failed_ports(hours, own, since_hour) if failed is None else failed, profiles), "asked_ports"
    )
    ports = _without(ports, known())
    pinging = _pinging(asking, profiles)
    of_ports, of_pings = (
        hours.sums("asked", asked_hours, kept).filter(_.hour >= since_hour) for kept in _looked_at(ports, pinging)
    )
    of_ports = of_ports.filter(_.proto == TCP).semi_join(ports, ["src_addr", "dst_port"])
    is_one_feed = hours.only_feed("asked", _feeds, _FEED) is not None
    asked_targets = by_target(of_ports.union(of_pings.filter(_.proto == ECHO)), is_one_feed=is_one_feed)
    by_port = held(_by_port(asked_targets), "asked_by_port")
    found = [_matching(by_port, profile) for profile in profiles]
    return ibis.union(*found) if len(found) > 1 else found[0]


def _matching(by_port: Table, profile: Profile) -> Table:
    kept = by_port.filter(by_port.proto == profile.proto)
    if profile.ports:
        kept = kept.filter(kept.port.isin(profile.ports))
    seconds = ibis.greatest(_.seconds, 1)
    # Where answers must be missing, the busiest target is one that never answered.
    # Where none need be, what never opened is an attempt and counts for the other kind of flood.
    most = _.most_attempts if profile.unanswered else _.most_flows - _.most_failed
    return (
        kept.filter(
            _.tried_targets >= profile.targets if profile.unanswered else _.targets >= profile.targets,
            _.failed_targets >= profile.unanswered * _.targets,
            most >= profile.flows_on_one,
            _.most_packets >= profile.packets_on_one,
            most >= profile.flows_per_second * seconds,
            _.most_packets >= profile.packets_per_second * seconds,
        )
        .drop("proto", "most_attempts", "tried_targets")
        .mutate(kind=ibis.literal(profile.kind))
    )


def asked_hours(flow_records: Table) -> Table:
    """What each address asked of each other one and port, by feed: sums of an hour; `proto` is tcp or echo."""
    # The key's order is that in which sums lie: a question for some ports of some sources reads little of them.
    keys = ["proto", "dst_port", "src_addr", "dst_addr", "hour", *_FEED]
    return (
        _asked(flow_records)
        .group_by(keys)
        .agg(
            flows=_.count(),
            failed=_.failed.sum().cast("int64"),
            packets=(_.packets * _.sampling).cast("int64").sum().cast("int64"),
            bytes=(_.bytes * _.sampling).cast("int64").sum().cast("int64"),
            first=_.start.min(),
            last=_.end.max(),
        )
    )


def failed_hours(flow_records: Table) -> Table:
    """How often each address asked for each TCP port and was not answered: sums of an hour."""
    asked = _asked(flow_records).filter(_.failed == 1, _.proto == TCP)
    return asked.group_by(["src_addr", "dst_port", "hour"]).agg(failed=_.failed.sum().cast("int64"))


def asking_hours(flow_records: Table) -> Table:
    """How much each address asked at all: sums of an hour."""
    is_web, is_echo = (_.proto == TCP) & _.dst_port.isin(WEB_PORTS), _.proto == ECHO
    return (
        _asked(flow_records)
        .group_by(["src_addr", "hour"])
        .agg(
            failed=_.failed.sum().cast("int64"),
            web=is_web.cast("int64").sum().cast("int64"),
            echoes=is_echo.cast("int64").sum().cast("int64"),
            echo_packets=(is_echo.cast("int64") * _.packets.fill_null(0).cast("int64") * _.sampling)
            .sum()
            .cast("int64"),
        )
    )


ASKED = Addable(asked_hours, ("proto", "dst_port", "src_addr", "dst_addr", "hour", *_FEED), dealt_by="src_addr")
FAILED = Addable(failed_hours, ("src_addr", "dst_port", "hour"))
ASKING = Addable(asking_hours, ("src_addr", "hour"))


def _asked(flow_records: Table) -> Table:
    """TCP and echo requests of those who ask, with `failed` 1 for an attempt that was not answered."""
    echoes = [
        (flow_records.proto == proto) & (flow_records.icmp_type == kind).fill_null(False)
        for proto, kind in ECHO_REQUEST.items()
    ]
    kept = flow_records.filter(reduce(or_, echoes, flow_records.proto == TCP))
    flags = kept.tcp_flags
    has_flags = (flags > 0).fill_null(False)
    is_tcp = kept.proto == TCP
    is_attempt = ibis.cases(
        ((kept.ended.isin(REFUSED_WORDS) | (kept.event == "denied")).fill_null(False), True),
        (has_flags & ((flags & ACK) == 0) & ((flags & SYN) > 0), True),
        (has_flags, False),
        ((kept.reverse_packets > 0).fill_null(False), False),
        ((kept.reverse_packets == 0).fill_null(False), True),
        else_=is_tcp & (kept.packets <= 3) & (kept.bytes <= BARE_PACKET * kept.packets),
    ).fill_null(False)
    # Who asks: a bare SYN tells; otherwise the end with the higher port.
    is_asking = is_attempt | (kept.src_port > kept.dst_port) | ~is_tcp
    return kept.filter(is_asking).mutate(
        failed=is_attempt.cast("int64"),
        folder=kept.input.re_replace("[^/]*$", ""),
        hour=(kept.start.epoch_seconds() / 3600).floor().cast("int64"),
        proto=is_tcp.ifelse(TCP, ECHO),
    )


def failed_ports(hours: FlowHours, own: Sequence[Prefix], since_hour: int = 0) -> Table:
    """How often each own source asked for each TCP port and was not answered: src_addr, dst_port, failed."""
    if not hours.parts:
        return _attempts(hours.records, own, since_hour)
    failed = _failed(hours).filter(_.hour >= since_hour)
    return failed.filter(is_in(failed.src_addr, own)).group_by(["src_addr", "dst_port"]).agg(failed=_.failed.sum())


def _busy_ports(asking: Table, failed: Table, profiles: Sequence[Profile]) -> Table:
    """Sources and TCP ports that were asked for often enough to match: most were not, and no target is looked at.

    Counts of several feeds are more than what happened. What holds at a rate of whole seconds holds half in one of the
    hours: spread over three or more, it would have to be of thousands of flows in one of them.
    """
    of_tcp = [profile for profile in profiles if profile.proto == TCP]
    least = [max(ceil(p.unanswered * p.targets), p.flows_on_one) for p in of_tcp if p.unanswered]
    found = [failed.filter(_.failed >= min(least)).select("src_addr", dst_port=_.dst_port.cast("int32"))]
    for profile in of_tcp:
        if not profile.unanswered:
            many = asking.filter(_.web >= profile.flows_on_one // 2).select("src_addr")
            found += [many.mutate(dst_port=ibis.literal(port, "int32")) for port in profile.ports]
    return ibis.union(*found, distinct=True)


def _attempts(flow_records: Table, own: Sequence[Prefix], since_hour: int) -> Table:
    """As `failed_hours` tells, where no sums are stored: of samples and of floods from one port by their SYNs."""
    asked = _asked(flow_records).filter(_.failed == 1, _.proto == TCP, _.hour >= since_hour)
    sampled = (_.packets.fill_null(0) * _.sampling).cast("int64")
    by_port = (
        asked.filter(is_in(asked.src_addr, own))
        .group_by(["src_addr", "dst_port"])
        .agg(failed=_.failed.sum(), packets=sampled.sum())
    )
    return by_port.mutate(failed=ibis.greatest(_.failed.cast("float64"), _.packets / SYNS_OF_AN_ATTEMPT))


def _without(ports: Table, known: Collection[str]) -> Table:
    """Without the mail ports of those senders: most of what is unanswered on a network that spam is sent from."""
    on_mail = few("src_addr", ports.filter(_.dst_port.isin(MAIL_PORTS))) if known else ()
    left_out = [] if isinstance(on_mail, Table) else sorted({*known} & {*on_mail})
    if not left_out:
        return ports
    return held(ports.filter(~(_.dst_port.isin(MAIL_PORTS) & _.src_addr.isin(left_out))), "asked_other_ports")


def _failed(hours: FlowHours) -> Table:
    """Sums of attempts that failed; from what was asked where a store has not got them yet."""
    if "failed" in hours.parts or "asked" not in hours.parts:
        return hours.sums("failed", failed_hours)
    asked = hours.sums("asked", asked_hours).filter(_.failed > 0, _.proto == TCP)
    return asked.select("src_addr", "dst_port", "hour", "failed")


def _pinging(asking: Table, profiles: Sequence[Profile]) -> Table:
    """Sources of enough echo requests."""
    tests = [
        (asking.echoes >= profile.targets) & (asking.echo_packets >= profile.packets_on_one)
        for profile in profiles
        if profile.proto == ECHO
    ]
    return asking.filter(reduce(or_, tests)).select("src_addr")


def _looked_at(ports: Table, pinging: Table) -> tuple[Callable[[Table], Table], Callable[[Table], Table]]:
    """Two that narrow rows, of records or of sums: to what may be of these ports, and of these sources of pings.

    Web ports apart: half of all rows are of them, and few of the sources that are looked at ask there.
    """
    is_web = ports.dst_port.isin(WEB_PORTS)
    groups = [(few("dst_port", some), few("src_addr", some)) for some in (ports.filter(is_web), ports.filter(~is_web))]
    sources = few("src_addr", pinging)

    def of_ports(rows: Table) -> Table:
        is_web = rows.dst_port.isin(WEB_PORTS)
        # Nothing of the two in common: it would be worked out for itself, which is most of what is stored.
        halves = zip((rows.filter(rows.proto == TCP, test) for test in (is_web, ~is_web)), groups, strict=True)
        return ibis.union(*[among(among(half, "dst_port", of), "src_addr", by) for half, (of, by) in halves])

    return of_ports, lambda rows: among(rows.filter(rows.proto != TCP), "src_addr", sources)


def _asking(hours: FlowHours, own: Sequence[Prefix], since_hour: int) -> Table:
    """One row an own address: web requests of its busiest hour, echo requests and their packets of all hours.

    Not one row an hour: held, these were millions on a large network, and no question needs more of them.
    """
    by_hour = hours.added("asking", ASKING).filter(_.hour >= since_hour)
    return (
        by_hour.filter(is_in(by_hour.src_addr, own))
        .group_by("src_addr")
        .agg(web=_.web.max(), echoes=_.echoes.sum(), echo_packets=_.echo_packets.sum())
    )


def _feeds(flow_records: Table) -> Table:
    """The feeds that told of what was asked."""
    return _asked(flow_records).select(*_FEED)


def by_target(asked: Table, *, is_one_feed: bool) -> Table:
    """One row a subject, protocol, port and target of `asked_hours`; of several feeds that saw it, the largest count.

    Columns: subject, proto, target, port, flows, failed, packets, bytes, first, last.
    """
    by_feed = asked.group_by([*(() if is_one_feed else _FEED), "proto", "src_addr", "dst_addr", "dst_port"]).agg(
        **{name: asked[name].sum() for name in _COUNTS}, first=_.first.min(), last=_.last.max()
    )
    if is_one_feed:
        return by_feed.rename(subject="src_addr", target="dst_addr", port="dst_port")
    return by_feed.group_by(subject=_.src_addr, proto=_.proto, target=_.dst_addr, port=_.dst_port).agg(
        **{name: by_feed[name].max() for name in _COUNTS}, first=_.first.min(), last=_.last.max()
    )


def over_targets(targets: Table) -> dict[str, Value]:
    """Of rows that are one target each, the sums that every detector of this kind tells."""
    return {
        "targets": targets.count(),
        **{name: targets[name].sum() for name in _COUNTS},
        "most_packets": targets["packets"].max(),
        "first": targets["first"].min(),
        "last": targets["last"].max(),
    }


def _by_port(targets: Table) -> Table:
    """One row a subject, protocol and port; rates are those of the busiest target."""
    timed = targets.mutate(
        seconds=(_.last.epoch_seconds() - _.first.epoch_seconds()).cast("float64"),
        is_failed=(_.failed >= _.flows).cast("int64"),
    )
    sums = timed.group_by(["proto", "subject", "port"]).agg(
        **over_targets(timed),
        failed_targets=_.is_failed.sum(),
        most_flows=_.flows.max(),
        most_failed=(_.is_failed * _.flows).max(),
        failed_packets=(_.is_failed * _.packets).sum(),
        seconds=_.seconds.max(),
    )
    # More SYNs than an attempt has are of several: of a sample, or of a flood from one port.
    each = sums.failed_packets / (SYNS_OF_AN_ATTEMPT * sums.failed.nullif(0))
    is_more = (each > 1).fill_null(False)
    return sums.mutate(
        most_attempts=is_more.ifelse(sums.most_failed * each, sums.most_failed),
        tried_targets=(is_more & (sums.targets >= LEAST_SEEN)).ifelse(sums.targets * each, sums.targets),
    ).drop("failed_packets")
