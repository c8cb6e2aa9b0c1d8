"""Passwords tried at a login service again and again, from flow records.

What it flags
    A host that opens connection after connection to the login port of one other (SSH, RDP, FTP, telnet, VNC), each
    answered and each of the size of a login that fails.
Why it matters
    It is how accounts are broken into; complaints about it come next to those about spam.
What it can get wrong
    A program that logs in for every command (a monitor, a job that copies small files) looks the same.
Evidence
    Rows of `flow_records` whose source is the subject.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import Prefix
from mailscope.detect.port_profile import TCP, asked_hours, by_target, over_targets
from mailscope.detect.senders.ownership import is_in
from mailscope.store.flow_hours import FlowHours

KIND = "password-guessing"
LOGIN_PORTS = (21, 22, 23, 3389, 5900)

LEAST_TRIES = 100
PER_SECOND = 0.05
"""Three a minute for as long as it goes on: a person tries less, and a program that polls does it once a minute."""

LARGEST_TRY = 6000
"""Bytes of the client in an SSH connection in which six passwords fail (OpenSSH's MaxAuthTries) are some 2 to 4 KB."""


def login_tries(flow_records: Table | FlowHours, own: Sequence[Prefix], since_hour: int = 0) -> Table:
    """One row a subject and port, with the columns of `port_profile.matches`."""
    asked = FlowHours.of(flow_records).sums("asked", asked_hours, _of_logins).filter(_.hour >= since_hour)
    pairs = by_target(asked.filter(is_in(asked.src_addr, own)), is_one_feed=False)
    timed = pairs.mutate(seconds=(_.last.epoch_seconds() - _.first.epoch_seconds()).cast("float64"))
    tried = timed.mutate(answered=timed.flows - timed.failed).filter(
        _.answered >= LEAST_TRIES, _.answered >= PER_SECOND * _.seconds, _.bytes <= LARGEST_TRY * _.flows
    )
    found = tried.group_by(["subject", "port"]).agg(
        **over_targets(tried), most_flows=_.flows.max(), seconds=_.seconds.max()
    )
    return found.mutate(kind=ibis.literal(KIND), failed_targets=0)


def _of_logins(rows: Table) -> Table:
    return rows.filter(rows.proto == TCP, rows.dst_port.isin(LOGIN_PORTS))
