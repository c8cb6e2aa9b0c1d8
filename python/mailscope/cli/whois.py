"""Says who is responsible for an address: by our registry; for a foreign one by RDAP or RWhois."""

import argparse
import json
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailscope.contacts.lookup import Entry
    from mailscope.contacts.sources.rdap import Foreign

EXAMPLES = """
mailscope whois 192.0.2.7 --registry registry.sqlite
mailscope whois 2001:db8::7 --registry registry.sqlite --json
mailscope whois 203.0.113.9 --rdap ipv4.json --cache answers
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("address", metavar="ADDRESS", help="an IPv4 or IPv6 address")
    parser.add_argument("--registry", metavar="PATH", help="a registry, its URL, or a folder of sources")
    foreign = parser.add_argument_group("foreign addresses (nothing is asked unless one of these is given)")
    foreign.add_argument(
        "--rdap", action="append", default=[], type=Path, metavar="FILE", help="IANA's bootstrap file (RFC 9224)"
    )
    foreign.add_argument("--rwhois", metavar="HOST:PORT", help="an RWhois server to begin with")
    foreign.add_argument("--cache", type=Path, metavar="FOLDER", help="keep RDAP answers here for a week")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def execute(args: argparse.Namespace) -> int:
    """Looks the address up and prints what is known."""
    from dataclasses import asdict
    from ipaddress import ip_address

    from mailscope.errors import UsageError

    try:
        address = str(ip_address(args.address))
    except ValueError as error:
        raise UsageError(f"`{args.address[:60]}` is no address") from error
    if not (args.registry or args.rdap or args.rwhois):
        raise UsageError("nobody to ask", hint="give `--registry`, `--rdap` or `--rwhois`")
    entry = _entry(address, args)
    found = {"query": address, "found": entry is not None, **(asdict(entry) if entry else {})}
    if args.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
    else:
        _print(found)
    return 0


def _entry(address: str, args: argparse.Namespace) -> "Entry | Foreign | None":
    """Ours first; then the registry of the world's, then RWhois."""
    if args.registry:
        from mailscope.contacts.open import open_registry

        entry = open_registry(args.registry).find(address)
        if entry:
            return entry
    if args.rdap:
        from mailscope.contacts.sources.rdap import RdapClient

        foreign = RdapClient(args.rdap, args.cache).find(address)
        if foreign:
            return foreign
    if args.rwhois:
        from mailscope.contacts.sources.rwhois_client import find

        return find(address, args.rwhois)
    return None


def _print(found: dict[str, object]) -> None:
    from mailscope.harmless import visible

    for name, value in found.items():
        if value not in (None, (), False):
            text = (
                "; ".join(f"{item['kind']}: {item['one']} / {item['other']}" for item in value)
                if isinstance(value, tuple)
                else ("yes" if value is True else value)
            )
            sys.stdout.write(f"{name.replace('_', ' '):<14} {visible(str(text), 2000)}\n")
