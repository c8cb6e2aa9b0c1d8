"""Keeps who is responsible for which prefix: imports routes and contacts, shows conflicts, serves them to others."""

import argparse
import sys
from pathlib import Path

from mailscope.cli.parser import actions

EXAMPLES = """
mailscope registry import snmpwalk.txt contacts.csv --to registry.sqlite
mailscope registry conflicts registry.sqlite
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "import": ("read sources into a registry", _import_arguments),
            "conflicts": ("list what sources contradict each other about", _registry_argument),
        },
    )


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="SOURCE",
        help="SNMP walks as text, contacts or prefixes as CSV, or a folder of these",
    )
    parser.add_argument("--to", required=True, metavar="PATH", help="the registry: an SQLite file or a database URL")


def _registry_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("registry", metavar="REGISTRY", help="an SQLite file, a database URL, or a folder of sources")


def execute(args: argparse.Namespace) -> int:
    """Does what the action says."""
    if args.action == "import":
        return _import(args)
    return _conflicts(args)


def _import(args: argparse.Namespace) -> int:
    from mailscope.contacts.gather import gather
    from mailscope.contacts.lookup import Registry
    from mailscope.contacts.open import url_of
    from mailscope.contacts.registry_store import save

    gathered = gather(args.sources)
    save(url_of(args.to), gathered)
    registry = Registry(gathered)
    sys.stdout.write(
        f"{len(registry.routes)} prefixes, {len(registry.contacts)} contacts, {len(registry.conflicts)} conflicts\n"
    )
    for name in gathered.unread[:20]:
        print(f"warning: `{name}` could not be read", file=sys.stderr)
    if registry.conflicts:
        print(f"hint: `mailscope registry conflicts {args.to}` lists the conflicts", file=sys.stderr)
    return 0


def _conflicts(args: argparse.Namespace) -> int:
    import shutil

    from mailscope.cli.layout import fitted
    from mailscope.contacts.open import open_registry

    rows = [[item.kind, item.subject, item.one, item.other] for item in open_registry(args.registry).conflicts]
    width = shutil.get_terminal_size((100, 24)).columns
    lines = fitted(["conflict", "prefix_addr", "one", "other"], rows, width) if rows else ["no conflicts"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
