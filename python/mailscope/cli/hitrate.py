"""Compares complaints with the queue of abnormal senders: which hosts it held before, and by how much earlier."""

import argparse
import json
import sys
from pathlib import Path

from mailscope.cli.senders import add_source_arguments, records_of
from mailscope.store.roles import roles, roles_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from mailscope.investigation.hit_rate import Match, Rate

EXAMPLES = """
mailscope hitrate complaints.csv /var/cache/nfdump/2026 --own 192.0.2.0/24
mailscope complaints read abuse.mbox --own 192.0.2.0/24 --json > complaints.ndjson
mailscope hitrate complaints.ndjson case --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("complaints", type=Path, metavar="COMPLAINTS", help="CSV (address,time) or NDJSON")
    add_source_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print hits and misses as JSON, instead of text")


def execute(args: argparse.Namespace) -> int:
    """Reads both, matches them by address and time, and prints a rate a month."""
    from mailscope.ingest.complaint_list import complaints
    from mailscope.investigation.hit_rate import Complaint, matches, rates
    from mailscope.investigation.sender_queue import queued_moments

    told = [Complaint(address, time) for address, time in complaints(args.complaints)]
    with records_of(args) as records:
        found = matches(told, queued_moments(records, args.own, roles(roles_file(args.roles))))
    months = rates(found)
    sys.stdout.write(_json(found, months) if args.json else _text(found, months))
    return 0


def _json(found: "Sequence[Match]", months: "Sequence[Rate]") -> str:
    hosts = [
        {
            "subject": match.address,
            "month": match.month,
            "complained": match.complained.isoformat(),
            "queued": match.queued.isoformat() if match.queued else None,
            "lead_seconds": _seconds(match.lead),
        }
        for match in found
    ]
    rated = [
        {
            "period": rate.period,
            "hits": rate.hits,
            "of": rate.of,
            "percent": rate.percent,
            "low": rate.interval[0],
            "high": rate.interval[1],
            "median_lead_seconds": _seconds(rate.median_lead),
        }
        for rate in months
    ]
    return json.dumps({"rates": rated, "hosts": hosts}, indent=2) + "\n"


def _seconds(lead: "timedelta | None") -> float | None:
    return None if lead is None else lead.total_seconds()


def _text(found: "Sequence[Match]", months: "Sequence[Rate]") -> str:
    if not months:
        return "no complaint names an address and a time\n"
    lines = ["month     hits    of  percent  95 % interval  median lead"]
    for rate in months:
        low, high = rate.interval
        lead = "-" if rate.median_lead is None else f"{rate.median_lead.total_seconds() / 3600:.1f} h"
        lines.append(
            f"{rate.period:<8}  {rate.hits:>4}  {rate.of:>4}  {rate.percent:>7}  {low:>5} - {high:>5}  {lead:>11}"
        )
    missed = [match for match in found if match.queued is None]
    lines += [f"missed: {match.address}, complained about {match.complained:%Y-%m-%d %H:%M} UTC" for match in missed]
    return "".join(f"{line}\n" for line in lines)
