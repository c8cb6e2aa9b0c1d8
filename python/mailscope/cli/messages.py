"""The mails of a case: as .eml files (needs `--keep-messages` when read), or each with its score of phishing."""

import argparse
import json
import sys
from pathlib import Path

from mailscope.errors import UsageError
from mailscope.store.case import Case
from mailscope.store.mails import write_mails

EXAMPLES = """
mailscope investigate link.pcap --keep-messages -o case
mailscope messages case --eml mails
mailscope messages case --scores --own 10.0.0.0/8 --own-domain example.org | jq 'select(.is_phishing)'
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("case", metavar="CASE", help="a case folder; for --eml made with --keep-messages")
    parser.add_argument("--eml", type=Path, metavar="DIR", help="the folder to write the mails to")
    parser.add_argument("--scores", action="store_true", help="print each mail's score and signals, one JSON a line")
    parser.add_argument("--own", action="append", default=[], metavar="CIDR", help="with --scores: a network of yours")
    parser.add_argument("--own-domain", action="append", default=[], metavar="DOMAIN", help="a mail domain of yours")


def execute(args: argparse.Namespace) -> int:
    """Writes and lists the files, or prints the scores."""
    case = Case.open(args.case)
    if not args.scores and args.eml is None:
        raise UsageError("nothing to do", hint="give --eml DIR or --scores")
    if args.eml is not None:
        for path in write_mails(case, args.eml):
            print(path)
    if args.scores:
        _print_scores(case, args.own, args.own_domain)
    return 0


def _print_scores(case: Case, own: list[str], own_domains: list[str]) -> None:
    from mailscope.investigation.answer import plain
    from mailscope.investigation.campaign_story import message_row
    from mailscope.investigation.campaigns import judged_messages
    from mailscope.investigation.scene import scene_of

    scene = scene_of({name: case.to_ibis(name) for name in case}, own, own_domains)
    for judgement in judged_messages(scene).every:
        # Escaped as ASCII: nothing from a mail reaches the terminal as it was.
        sys.stdout.write(json.dumps(plain(message_row(judgement))) + "\n")
