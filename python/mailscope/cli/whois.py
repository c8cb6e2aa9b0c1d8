"""Says who is responsible for an address: by the registry, with source, date and contradictions."""

import argparse
import json
import sys

EXAMPLES = """
mailscope whois 192.0.2.7 --registry registry.sqlite
mailscope whois 2001:db8::7 --registry registry.sqlite --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("address", metavar="ADDRESS", help="an IPv4 or IPv6 address")
    parser.add_argument("--registry", required=True, metavar="PATH", help="a registry, its URL, or a folder of sources")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def execute(args: argparse.Namespace) -> int:
    """Looks the address up and prints what is known."""
    from dataclasses import asdict
    from ipaddress import ip_address

    from mailscope.contacts.open import open_registry
    from mailscope.errors import UsageError

    try:
        address = str(ip_address(args.address))
    except ValueError as error:
        raise UsageError(f"`{args.address[:60]}` is no address") from error
    entry = open_registry(args.registry).find(address)
    found = {"query": address, "found": entry is not None, **(asdict(entry) if entry else {})}
    if args.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
    else:
        _print(found)
    return 0


def _print(found: dict[str, object]) -> None:
    from mailscope.harmless import visible

    for name, value in found.items():
        if value not in (None, (), False):
            text = (
                "; ".join(f"{item['kind']}: {item['one']} / {item['other']}" for item in value)
                if isinstance(value, tuple)
                else value
            )
            sys.stdout.write(f"{name.replace('_', ' '):<14} {visible(str(text), 2000)}\n")
