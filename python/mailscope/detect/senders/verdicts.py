"""Signals to verdicts: `abnormal`, `watch`, `cleared` with a reason, or `ordinary`.

What it flags
    A host that hands mail to many distinct servers, or to servers that do not answer, though nothing about it
    explains that; and a mail server that a few outside sources use to reach many servers (open relay).
Why it matters
    The field case found most hosts later complained about in such a queue, days before the complaint (F30).
What it can get wrong
    A new mail server that only sends, or whose incoming mail takes another way, looks the same until it is confirmed
    (`mailscope role add ADDR mail-server`); spam through the customers' relay shows only at the relay.
Evidence
    Rows of `flow_records` whose client is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, Table

from mailscope.detect.senders.baseline import CASE_HIGH, CASE_LOW, RECEIVING_SOURCES, with_baseline
from mailscope.detect.senders.figures import Window
from mailscope.detect.senders.history import FEWEST_DAYS, KNOWN_SHARE, TIMES_USUAL
from mailscope.detect.senders.signals import SMALL_PACKET, with_signals
from mailscope.detect.senders.sizes import NO_MESSAGE_BYTES, ORDINARY_MESSAGE, ORDINARY_PACKET

ABNORMAL, WATCH = 0.8, 0.5
"""Scores. At 0.8 a host has passed the fence of its peers and its contacts neither repeat nor write to it."""

MAIL_SERVER_RATIO = 10
"""A mail server's sources and destinations are of one order of magnitude."""

BURST_SHARE = 0.1
"""A newsletter goes out within this share of the window."""

HALF = 0.5
FEW_FAILURES = 0.2
MANY_FAILURES = 0.3
"""Shares of unanswered servers: stale addresses explain the first, nothing ordinary the second."""

SOME_REPEATED = 0.2
"""Share of flows to servers contacted again that a list of strangers does not reach: large providers take about a
tenth of the flows of such a list when it is as long as a day's newsletter."""

STEADY_SHARE = 1 / 3
"""What is sent steadily takes at least this share of the window: eight hours of a day."""

STALE_SHARE = 0.05
"""Servers of ordinary correspondents that do not answer at a given moment."""

CLEARED_AS = (
    "confirmed",
    "mail-server",
    "inside-relay",
    "monitor",
    "few-servers",
    "newsletter",
    "known-sender",
    "steady-sender",
)
"""Reasons why a busy host is cleared, most certain first."""


def verdicts(
    figures: Table,
    line: Table,
    window: Window,
    confirmed: Mapping[str, str] | None = None,
    sweeps: Sequence[str] = (),
) -> Table:
    """One row a sending host with `verdict`, `cleared_as`, `score`, its signals and the case's fixed thresholds.

    `confirmed` are roles that the user gave: ADDR to `mail-server`, `relay`, `newsletter` or `monitor`. `sweeps` are
    hosts that try address by address and are told of as scans.
    """
    known: Sequence[str] = tuple(confirmed or ())
    judged = with_signals(with_baseline(figures, line)).mutate(
        over_30=_.flows > CASE_LOW,
        over_100=_.flows > CASE_HIGH,
        cleared_as=_cleared_as(window, known),
    )
    is_busy = (_.flows > CASE_LOW) | (_.destinations >= _.fence) | (_.score >= WATCH)
    many_unanswered = (_.unanswered_low > MANY_FAILURES) & (_.cleared_as != "monitor")
    is_doubtful = ((many_unanswered | _.is_beyond) & (_.destinations >= _.fence)) | _could_be_one_text(window)
    return judged.mutate(
        verdict=ibis.cases(
            (_.subject.isin(sweeps) if sweeps else ibis.literal(False), "ordinary"),
            (_.cleared_as.notnull() & is_doubtful, "watch"),
            (_.cleared_as.notnull() & is_busy, "cleared"),
            (_.cleared_as.notnull(), "ordinary"),
            ((_.score >= ABNORMAL) & _looks_ordinary(), "watch"),
            (_.score >= ABNORMAL, "abnormal"),
            (_.score >= WATCH, "watch"),
            else_="ordinary",
        )
    )


def _looks_ordinary() -> BooleanValue:
    """Whole messages, answered, and few or partly to servers contacted again: a question, not an accusation."""
    is_small_or_repeated = (_.flows <= CASE_LOW) | (_.repeat_share >= SOME_REPEATED)
    are_answered = _.unanswered_destinations <= STALE_SHARE * _.destinations
    return is_small_or_repeated & are_answered & _are_large()


def _are_large() -> BooleanValue:
    """By bytes a packet; by bytes a conversation where records tell no packets of one direction (Argus)."""
    return ibis.coalesce(_.bytes_per_packet >= ORDINARY_PACKET, _.bytes_per_flow >= ORDINARY_MESSAGE).fill_null(False)


def _could_be_one_text(window: Window) -> BooleanValue:
    """One text to many on stolen accounts, or to the large providers: going to the same servers does not explain it."""
    span = _.last.epoch_seconds() - _.first.epoch_seconds()
    is_unsteady = (_.signal_small_transfers > 0) | (span < STEADY_SHARE * window.seconds)
    is_submission = 2 * (_.flows_587 + _.flows_465) >= _.flows
    return _.are_alike & (
        ((_.cleared_as == "few-servers") & is_submission) | ((_.cleared_as == "steady-sender") & is_unsteady)
    )


def _is_sampled_monitor() -> BooleanValue:
    """Of equally many checks a sample holds some more or fewer (three times the root of their mean), none with mail."""
    mean = _.flows / _.destinations
    return (
        (_.sampling > 1)
        & (_.destinations > 1)
        & (mean >= 3)
        & ((_.most_flows - mean) <= 3 * mean.sqrt())
        & (_.failed_share <= FEW_FAILURES)
        & (_.bytes_per_packet < SMALL_PACKET)
    )


def _cleared_as(window: Window, confirmed: Sequence[str]) -> ibis.Value:
    are_answered = _.failed_share <= FEW_FAILURES
    is_burst = (_.last.epoch_seconds() - _.first.epoch_seconds()) <= BURST_SHARE * window.seconds
    return ibis.cases(
        (_.subject.isin(confirmed) if confirmed else ibis.literal(False), "confirmed"),
        ((_.in_sources >= RECEIVING_SOURCES) & (_.in_sources * MAIL_SERVER_RATIO >= _.destinations), "mail-server"),
        (_.in_own_sources >= RECEIVING_SOURCES, "inside-relay"),
        (
            (_.destinations > 1)
            & (_.least_flows >= 3)
            & (_.most_flows <= 2 * _.least_flows)
            & (_.bytes_per_flow < NO_MESSAGE_BYTES),
            "monitor",
        ),
        (_is_sampled_monitor(), "monitor"),
        ((_.flows > CASE_LOW) & (_.destinations < _.fence) & (_.failed_share <= HALF), "few-servers"),
        (is_burst & are_answered & _are_large(), "newsletter"),
        (
            (_.days_seen >= FEWEST_DAYS)
            & (_.known_share >= KNOWN_SHARE)
            & (_.destinations <= TIMES_USUAL * _.peak_destinations)
            & are_answered,
            "known-sender",
        ),
        (
            (_.flows > CASE_LOW)
            & (_.repeat_share >= 0.5)
            & are_answered
            & ibis.cases(
                (_are_large(), True),
                (_.flows >= 2 * _.destinations, _.bytes_per_packet.isnull() | (_.bytes_per_packet >= SMALL_PACKET)),
                else_=False,
            ),
            "steady-sender",
        ),
        else_=ibis.null("string"),
    )
