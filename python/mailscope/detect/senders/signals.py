"""Signals that a host sends abnormally: each a weight from 0 to 1, the chance of abuse given this signal alone.

Weights combine as independent facts do: score = 1 - product(1 - weight).
"""

from __future__ import annotations

from functools import reduce
from operator import mul

import ibis
from ibis import _
from ibis.expr.types import FloatingValue, Table

from mailscope.detect.senders.baseline import CASE_LOW
from mailscope.detect.senders.history import FEWEST_DAYS, TIMES_USUAL
from mailscope.detect.senders.sizes import MANY_MESSAGES

SMALL_PACKET = 100
"""Mean bytes a packet below which the field case calls mail spam (F37)."""

SMALL_SHARE = 0.25
"""Bytes a flow below this share of the network's median: mostly sessions that ended before the message."""

FEW_SOURCES_RATIO = 8
"""An open relay sends to so many times more servers than it has sources; a mail server's are of one order."""

ALIKE_SPREAD = 0.5
"""Standard deviation by mean of the bytes of one text sent to many; what people write spreads over more than its mean
(Gomes et al., "Workload models of spam and legitimate e-mails", 2007: sizes of legitimate mail have the heavier tail).
"""

Z = 1.96
"""Two-sided 95 % of the normal distribution, for Wilson's interval."""

SIGNALS = (
    "many_servers",
    "one_contact",
    "unanswered",
    "small_transfers",
    "receives_nothing",
    "few_sources",
    "beyond_history",
    "alike_messages",
)


def wilson_low(hits: FloatingValue, of: FloatingValue) -> FloatingValue:
    """Lower end of Wilson's 95 % interval of a share (Wilson 1927); 0 where nothing was counted."""
    total = ibis.greatest(of, 1).cast("float64")
    share = hits / total
    middle = share + Z * Z / (2 * total)
    spread = Z * ((share * (1 - share) + Z * Z / (4 * total)) / total).sqrt()
    return ibis.greatest((middle - spread) / (1 + Z * Z / total), 0.0)


def with_signals(figures: Table) -> Table:
    """The figures with `fan_out`, `repeat_share`, `bytes_per_packet`, ..., `signal_NAME` and `score`."""
    shares = _with_shares(figures)
    near = ibis.least(_.destinations / _.fence, 1.0)
    weighted = shares.mutate(
        # 0.5 at the fence, towards 1 beyond it, in proportion below it.
        signal_many_servers=ibis.ifelse(
            _.destinations >= _.fence, 1 - 0.5 * _.fence / _.destinations, 0.5 * _.destinations / _.fence
        ),
        # Correspondents write again and many addresses share one provider; a list of strangers does neither.
        signal_one_contact=0.4 * near * ibis.greatest(1 - 2 * _.repeat_share, 0.0),
        # Servers that never answered; counted by server, so that one dead smarthost is one.
        signal_unanswered=0.8 * wilson_low(_.unanswered_destinations, _.destinations),
        signal_small_transfers=near * _small(),
        signal_receives_nothing=ibis.ifelse((_.in_sources + _.in_own_sources == 0) & (_.base_servers > 0), 0.3, 0.0)
        * near,
        signal_few_sources=ibis.ifelse(_.is_open_relay, 0.6, 0.0),
        # Its own busiest day is the measure; 0.5 as for peers.
        signal_beyond_history=ibis.ifelse(
            _.is_beyond, 1 - 0.5 * TIMES_USUAL * _.peak_destinations.fill_null(0) / _.destinations, 0.0
        ),
        signal_alike_messages=ibis.ifelse(_.are_alike, 0.3, 0.0),
    )
    doubts = [1 - weighted[f"signal_{name}"] for name in SIGNALS]
    return weighted.mutate(score=1 - reduce(mul, doubts))


def _with_shares(figures: Table) -> Table:
    answered = ibis.greatest(_.flows - _.failed, 1)
    return figures.mutate(
        fan_out=_.destinations / _.flows,
        repeat_share=_.repeat_flows / _.flows,
        failed_share=_.failed / _.flows,
        unanswered_low=wilson_low(_.unanswered_destinations, _.destinations),
        bytes_per_packet=_.bytes / _.packets,
        bytes_per_flow=_.bytes / answered,
        # 196 % times the root of 1/n of the sampled packets (sFlow.org, "Packet Sampling Basics").
        sampling_error_percent=ibis.ifelse(
            _.sampling > 1, 196 * (1 / ibis.greatest(_.sampled_packets, 1).cast("float64")).sqrt(), 0.0
        ),
        is_open_relay=(
            (_.in_sources >= 1)
            & (_.in_sources * FEW_SOURCES_RATIO <= _.destinations)
            & (_.in_sources < 3)
            & (_.in_flows > _.in_sources)
        ),
        is_beyond=(
            (_.days_seen >= FEWEST_DAYS)
            & (_.destinations > TIMES_USUAL * _.peak_destinations)
            & (_.destinations >= _.fence)
        ).fill_null(False),
        # One text to many.
        are_alike=((_.messages >= MANY_MESSAGES) & (_.size_spread <= ALIKE_SPREAD)).fill_null(False),
    )


def _small() -> FloatingValue:
    """Small packets as in the field case; else small against the network's own median."""
    is_answered = _.flows > _.failed
    return ibis.cases(
        (_.bytes_per_packet.isnull() | ~is_answered, 0.0),
        (_.bytes_per_packet < SMALL_PACKET, 0.4),
        ((_.bytes_per_flow < SMALL_SHARE * _.base_bytes_per_flow) & (_.base_hosts >= CASE_LOW), 0.3),
        else_=0.0,
    )
