"""Reads complaint mails: who is accused of what, when, whose the address is, and which of them a person must see."""

import argparse
import json
import sys

from mailscope.cli.parser import actions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailscope.desk.complaints.complaint import Complaint

EXAMPLES = """
mailscope complaints read abuse.mbox --own 192.0.2.0/24 --registry registry.sqlite
mailscope complaints read Maildir --own 2001:db8::/32 --trusted-relay 2001:db8::25 --json > complaints.ndjson
mailscope complaints read - --json < one.eml
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(parser, {"read": ("read mails and print what each complains of", _read_arguments)})


def _read_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="an mbox, a Maildir, a mail, a folder of these, or `-`")
    parser.add_argument("--own", action="append", default=[], metavar="CIDR", help="a network of ours; may be repeated")
    parser.add_argument(
        "--trusted-relay",
        action="append",
        default=[],
        metavar="ADDR",
        help="a mail relay of ours: the customer behind it is responsible, not the relay",
    )
    parser.add_argument(
        "--registry",
        metavar="PATH",
        help="who is responsible: a registry, its URL, or a folder of sources for `mailscope registry import`",
    )
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the explanations (en)")
    parser.add_argument("--json", action="store_true", help="one JSON object a complaint, one a line")


def execute(args: argparse.Namespace) -> int:
    """Reads and prints; every mail gives exactly one complaint."""
    from mailscope.contacts.open import open_registry
    from mailscope.desk.complaints.mailboxes import mails
    from mailscope.desk.complaints.networks import Networks
    from mailscope.desk.complaints.reader import Reader

    networks = Networks.of_text(args.own, args.trusted_relay)
    registry = open_registry(args.registry) if args.registry else None
    found = Reader(networks, registry, args.language).read_all(mails(args.source))
    if args.json:
        for complaint in found:
            sys.stdout.write(json.dumps(complaint.to_json(), ensure_ascii=False) + "\n")
    else:
        _print_table(found)
    return 0


def _print_table(found: "Iterator[Complaint]") -> None:
    """What a person scans: when, what, who, and what stands in the way."""
    import shutil
    from datetime import datetime

    from mailscope.cli.layout import fitted

    rows = []
    for number, complaint in enumerate(found, start=1):
        accused = list(dict.fromkeys(party.responsible for party in complaint.parties))
        more = f" +{len(accused) - 1}" if len(accused) > 1 else ""
        contact = next((party.contact for party in complaint.parties if party.contact), None)
        todo = "person" if complaint.needs_person else ", ".join(complaint.reasons) or "case"
        time = datetime.fromisoformat(complaint.time) if complaint.time else None
        address = f"{accused[0]}{more}" if accused else None
        rows.append([number, time, complaint.category, address, todo, contact, complaint.reporter])
    columns = ["no", "time", "category", "responsible_addr", "next", "contact", "reporter"]
    width = shutil.get_terminal_size((100, 24)).columns
    lines = fitted(columns, rows, width) if rows else ["no mails"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
