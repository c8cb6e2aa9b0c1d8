"""Keeps who is responsible for which prefix: imports routes and contacts, shows conflicts, serves them to others."""

import argparse
import sys
from pathlib import Path

from mailscope.cli.parser import actions, positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailscope.contacts.sources.snmp_walk import Access

EXAMPLES = """
mailscope registry import snmpwalk.txt contacts.csv --to registry.sqlite
MAILSCOPE_SNMP_COMMUNITY=... mailscope registry import contacts.csv --snmp 192.0.2.1 --hops 2 --to registry.sqlite
mailscope registry conflicts registry.sqlite
mailscope registry serve registry.sqlite --rwhois 127.0.0.1:4321 --rdap 127.0.0.1:8080
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "import": ("read sources into a registry", _import_arguments),
            "serve": ("answer RWhois and RDAP queries of other tools", _serve_arguments),
            "conflicts": ("list what sources contradict each other about", _registry_argument),
        },
    )


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="*",
        type=Path,
        metavar="SOURCE",
        help="SNMP walks as text, MRT dumps, routers' tables, NetBox JSON, delegation statistics, CSV of contacts or"
        " prefixes, an rwhoisd tree, or a folder of these",
    )
    snmp = parser.add_argument_group(
        "live routers",
        "Secrets come from the environment: MAILSCOPE_SNMP_COMMUNITY (v2c), or MAILSCOPE_SNMP_AUTH and"
        " MAILSCOPE_SNMP_PRIV (v3, with --snmp-user).",
    )
    snmp.add_argument("--snmp", action="append", default=[], metavar="ADDR", help="a router to walk; may be repeated")
    snmp.add_argument("--snmp-port", type=positive, default=161, metavar="PORT", help="its UDP port (161)")
    snmp.add_argument("--snmp-user", default="", metavar="NAME", help="user of SNMP v3; without one, v2c")
    snmp.add_argument("--snmp-auth", default="sha1", metavar="ALGORITHM", help="md5, sha1, sha224 to sha512 (sha1)")
    snmp.add_argument("--snmp-priv", default="aes128", metavar="ALGORITHM", help="des, aes128, aes192, aes256 (aes128)")
    snmp.add_argument(
        "--hops", type=int, default=0, metavar="N", help="also walk routers that are next hops, N of them far (0)"
    )
    parser.add_argument("--netbox", action="append", default=[], metavar="URL",
                        help="a NetBox to ask over its API; its token comes from MAILSCOPE_NETBOX_TOKEN")  # fmt: skip
    parser.add_argument("--to", required=True, metavar="PATH", help="the registry: an SQLite file or a database URL")


def _registry_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("registry", metavar="REGISTRY", help="an SQLite file, a database URL, or a folder of sources")


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    _registry_argument(parser)
    parser.add_argument("--rwhois", metavar="ADDR:PORT", help="where to listen for RWhois (RFC 2167)")
    parser.add_argument("--rdap", metavar="ADDR:PORT", help="where to listen for RDAP over HTTP (RFC 9082)")
    parser.add_argument(
        "--referral",
        action="append",
        default=[],
        metavar="CIDR=URL",
        help="whom RWhois names for other networks, such as 0.0.0.0/0=rwhois://root.rwhois.net:4321",
    )


def execute(args: argparse.Namespace) -> int:
    """Does what the action says."""
    if args.action == "import":
        return _import(args)
    return _serve(args) if args.action == "serve" else _conflicts(args)


def _import(args: argparse.Namespace) -> int:
    import os

    from mailscope.contacts.gather import gather
    from mailscope.contacts.lookup import Registry
    from mailscope.contacts.open import url_of
    from mailscope.contacts.registry_store import save
    from mailscope.contacts.route import Gathered
    from mailscope.contacts.sources import netbox_api, snmp_walk
    from mailscope.errors import UsageError

    gathered = gather(args.sources) if args.sources else Gathered()
    for address in args.snmp:
        gathered.add(snmp_walk.gather(address, _access(args), min(args.hops, 16)))
    for url in args.netbox:
        gathered.add(netbox_api.gather(url, os.environ.get("MAILSCOPE_NETBOX_TOKEN", "")))
    if not gathered.routes and not gathered.contacts:
        raise UsageError("nothing to import", hint="give files, folders, `--snmp ADDR` or `--netbox URL`")
    save(url_of(args.to), gathered)
    registry = Registry(gathered)
    sizes = {"prefixes": registry.routes, "contacts": registry.contacts, "conflicts": registry.conflicts}
    sys.stdout.write(", ".join(f"{len(found):,} {name}" for name, found in sizes.items()) + "\n")
    for name in gathered.unread[:20]:
        print(f"warning: `{name}` could not be read", file=sys.stderr)
    if registry.conflicts:
        print(f"hint: `mailscope registry conflicts {args.to}` lists the conflicts", file=sys.stderr)
    return 0


def _access(args: argparse.Namespace) -> "Access":
    """How routers are asked; secrets are not arguments, because every user of a machine sees those."""
    import os

    from mailscope.contacts.sources.snmp_walk import Access

    return Access(
        community=os.environ.get("MAILSCOPE_SNMP_COMMUNITY", "public"),
        user=args.snmp_user,
        authentication=args.snmp_auth,
        authentication_password=os.environ.get("MAILSCOPE_SNMP_AUTH", ""),
        privacy=args.snmp_priv,
        privacy_password=os.environ.get("MAILSCOPE_SNMP_PRIV", ""),
        port=args.snmp_port,
    )


def _conflicts(args: argparse.Namespace) -> int:
    import shutil

    from mailscope.cli.layout import fitted
    from mailscope.contacts.open import open_registry

    rows = [[item.kind, item.subject, item.one, item.other] for item in open_registry(args.registry).conflicts]
    width = shutil.get_terminal_size((100, 24)).columns
    lines = fitted(["conflict", "prefix_addr", "one", "other"], rows, width) if rows else ["no conflicts"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _serve(args: argparse.Namespace) -> int:
    """Serves until it is stopped; what it listens on is said first, so that a caller knows when it is ready."""
    import asyncio

    from mailscope.contacts.open import open_registry
    from mailscope.contacts.serving.listeners import Listeners
    from mailscope.errors import UsageError

    if not args.rwhois and not args.rdap:
        raise UsageError("nothing to listen on", hint="give `--rwhois ADDR:PORT` or `--rdap ADDR:PORT`")
    places = {name: _place(text) for name, text in (("rwhois", args.rwhois), ("rdap", args.rdap)) if text}
    referrals = dict(text.split("=", 1) for text in args.referral if "=" in text)
    listeners = Listeners(open_registry(args.registry), next(iter(places.values()))[0], referrals)

    async def run() -> None:
        try:
            for name, (address, port) in places.items():
                server = await getattr(listeners, name)(address, port)
                bound = server.sockets[0].getsockname()
                print(f"{name} on {bound[0]} port {bound[1]}", flush=True)
            await asyncio.Event().wait()
        finally:
            await listeners.close()

    asyncio.run(run())
    return 0


def _place(text: str) -> tuple[str, int]:
    from mailscope.errors import UsageError

    address, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"`{text}` is no ADDR:PORT")
    return address.strip("[]") or "127.0.0.1", int(port)
