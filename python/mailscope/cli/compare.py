"""Lists where Zeek's or Suricata's logs of the same capture disagree with a case, with the packets that decide."""

import argparse
import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from mailscope.harmless import visible
from mailscope.ingest.second_opinion import Statement
from mailscope.store.case import Case

EXAMPLES = """
mailscope compare case --zeek zeek-logs
mailscope compare case --eve eve.json --json
"""
_SHOWN = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--zeek", type=Path, metavar="DIR", help="folder with smtp.log and conn.log")
    group.add_argument("--eve", type=Path, metavar="FILE", help="Suricata's eve.json")
    parser.add_argument("--json", action="store_true", help="one JSON object a difference")


def execute(args: argparse.Namespace) -> int:
    """Reads both, and prints the differences."""
    from mailscope.investigation.comparison import differences

    case = Case.open(args.case)
    count = 0
    for found in differences(case.to_ibis, _statements(args)):
        count += 1
        if args.json:
            print(json.dumps(dataclasses.asdict(found), default=str))
            continue
        print(f"{visible(found.field)}: {visible(found.connection, _SHOWN)}")
        print(f"  ours    {visible(_shown(found.ours), _SHOWN)}")
        print(f"  theirs  {visible(_shown(found.theirs), _SHOWN)}  {visible(found.where, _SHOWN)}")
        if found.flow_id:
            place = f"packets {found.first_packet} to {found.last_packet} of {found.capture}, flow {found.flow_id}"
            print(f"  decides {visible(place, 2 * _SHOWN)}")
        print(f"  reason  {visible(found.reason, _SHOWN)}")
    if not args.json:
        print(f"{count:,} differences" if count else "no differences")
    return 0


def _statements(args: argparse.Namespace) -> Iterable[Statement]:
    from mailscope.ingest import eve_events, zeek_logs

    return zeek_logs.statements(args.zeek) if args.zeek else eve_events.statements(args.eve)


def _shown(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
