"""Says who commands the mail that leaves the network, with the packets that prove it."""

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mailscope.cli.progress import Progress
from mailscope.cli.reading import add_reading_arguments, options_of, warn_of_inputs
from mailscope.errors import UsageError
from mailscope.harmless import visible

if TYPE_CHECKING:
    from typing import Any

    from mailscope.investigation.investigate import Investigation
    from mailscope.store.case import Case

EXAMPLES = """
mailscope investigate link.pcap inside.pcap --own 10.0.0.0/8 --own-domain example.org -o case
mailscope investigate *.pcap --own 203.0.113.0/24 --role 203.0.113.5=mail-server --lang zh
mailscope investigate *.pcap --rules starter --rules ./rules --ioc misp-event.json -o case
mailscope investigate link.pcap --json | jq .findings
"""

FOUND = 10
"""Exit code with `--exit-code` when there are findings."""

WHATEVER_THE_SIZE = 1 << 40
"""Evidence is hashed: `Options.hash_mb` for an investigation."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add_reading_arguments(parser)
    group = parser.add_argument_group("your network (what you leave out is inferred from the traffic)")
    group.add_argument("--own", action="append", default=[], metavar="CIDR", help="a network of yours; repeatable")
    group.add_argument("--own-domain", action="append", default=[], metavar="DOMAIN", help="a mail domain of yours")
    roles = "proxy, mail-server, client, resolver or gateway"
    group.add_argument("--role", action="append", default=[], metavar="A=ROLE", help=roles)
    group.add_argument("--look-for", action="append", default=[], metavar="HOST", help="search for it besides")
    group = parser.add_argument_group("what you look for")
    group.add_argument(
        "--rules", action="append", default=[], metavar="DIR", help="Sigma rules; `starter` names those that come along"
    )
    group.add_argument(
        "--ioc", action="append", default=[], type=Path, metavar="FILE", help="indicators: STIX, MISP, or one a line"
    )
    group = parser.add_argument_group("answer")
    group.add_argument("-o", "--output", type=Path, metavar="CASE", help="keep everything in this folder")
    group.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report; default: en")
    group.add_argument("--json", action="store_true", help="print the answer as JSON")
    group.add_argument("--exit-code", action="store_true", help=f"exit with {FOUND} when something was found")


def roles_of(arguments_: list[str]) -> dict[str, str]:
    """`ADDR=ROLE` arguments as a mapping."""
    roles = dict(text.partition("=")[::2] for text in arguments_)
    if "" in roles.values():
        raise UsageError("a role is missing", hint="write --role 192.0.2.9=mail-server")
    return roles


def execute(args: argparse.Namespace) -> int:
    """Reads, asks, keeps and prints the answer; without a folder to keep it in, tables are temporary."""
    if args.output is not None:
        return answer(args, args.output)
    import tempfile

    with tempfile.TemporaryDirectory(prefix="mailscope-") as folder:
        return answer(args, Path(folder))


def answer(args: argparse.Namespace, folder: Path) -> int:
    """Tables, then findings, then the report in every form; `folder` becomes the case."""
    from datetime import UTC, datetime

    from mailscope.ingest.captures import spooled, write_case
    from mailscope.investigation.investigate import check_owner, investigate

    started = datetime.now(UTC)
    options = options_of(args, hash_mb=WHATEVER_THE_SIZE)
    roles = roles_of(args.role)
    check_owner(args.own, roles, args.own_domain)
    asked = _asked(args)
    captures = spooled(args.captures, folder)
    with Progress() as progress:
        case = write_case(captures, folder, options, progress)
    warn_of_inputs(case.inputs)
    with Progress() as progress:
        found = investigate(
            case,
            own=args.own,
            own_domains=args.own_domain,
            roles=roles,
            look_for=args.look_for,
            **asked,
            options=options,
            progress=progress,
            started=started,
        )
    _keep_and_print(args, case, found)
    return FOUND if args.exit_code and found.findings else 0


def _asked(args: argparse.Namespace) -> "dict[str, Any]":
    """The owner's rules and indicators, read before the captures: a mistake in them shows at once."""
    asked: dict[str, Any] = {}
    if args.rules:
        from mailscope.detect.sigma import STARTER, rules

        asked["rules"] = rules(STARTER if name == "starter" else Path(name) for name in args.rules)
    if args.ioc:
        from mailscope.detect.indicators import load

        asked["indicators"] = load(args.ioc)
    return asked


def _keep_and_print(args: argparse.Namespace, case: "Case", found: "Investigation") -> None:
    from mailscope.report.html import html
    from mailscope.report.jsonl import json_text
    from mailscope.report.text import text

    as_json = json_text(found)
    name = "CASE" if args.output is None else visible(str(args.output))
    if args.output is not None:
        case.write("findings.json", as_json)
        case.write("report.html", html(found, args.lang, name))
    if args.json:
        sys.stdout.write(as_json)
        return
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
    sys.stdout.write(text(found, args.lang, min(width, 120), name))
    if args.output is not None:
        print(f"\n{name}/report.html  {name}/findings.json  {name}/tables/")
