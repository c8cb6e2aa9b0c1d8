"""Keeps what you know of your hosts, so that a mail server of yours is never queued as an abnormal sender."""

import argparse
from pathlib import Path

from mailscope.cli.parser import actions
from mailscope.store.roles import ROLES, add_role, remove_role, roles, roles_file

EXAMPLES = """
mailscope role add 192.0.2.25 mail-server
mailscope role list
mailscope role remove 192.0.2.25
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    known = {
        "add": ("note the role of a host", _add_arguments),
        "list": ("print the hosts with a role", _file_argument),
        "remove": ("forget the role of a host", _remove_arguments),
    }
    actions(parser, known)


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--roles", type=Path, metavar="FILE", help="default: roles.json in your configuration folder")


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDR", help="the host")
    _file_argument(parser)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    _remove_arguments(parser)
    parser.add_argument("role", metavar="ROLE", choices=ROLES, help=", ".join(ROLES))


def execute(args: argparse.Namespace) -> int:
    """Adds, lists or removes."""
    file = roles_file(args.roles)
    if args.action == "add":
        add_role(file, args.address, args.role)
        print(f"{args.address} is a {args.role}")
    elif args.action == "remove":
        print(f"{args.address}: {'forgotten' if remove_role(file, args.address) else 'had no role'}")
    else:
        known = sorted(roles(file).items())
        print("\n".join(f"{address}  {role}" for address, role in known) or "none")
    return 0
