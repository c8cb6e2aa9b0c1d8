"""What the desk's verbs share: settings, who acts, and rows as a table or JSON."""

import argparse
import getpass
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.cli.layout import fitted
from mailscope.harmless import visible

if TYPE_CHECKING:
    from mailscope.desk.database import Desk
    from mailscope.desk.settings import Settings


def add_desk_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that every action of the desk's verbs takes."""
    group = parser.add_argument_group("the desk")
    group.add_argument("--settings", type=Path, metavar="FILE", help="the desk's settings; default: mailscope.toml")
    group.add_argument("--as", dest="actor", metavar="NAME", help="who acts, for the history; default: your login")
    group.add_argument("--json", action="store_true", help="print JSON")


def opened(args: argparse.Namespace) -> "tuple[Settings, Desk]":
    """The settings and the desk's database."""
    from mailscope.desk.database import open_desk
    from mailscope.desk.settings import load

    settings = load(args.settings)
    is_new = "://" not in settings.database and not Path(settings.database).exists()
    desk = open_desk(settings.database)
    if is_new:
        # Asked in the wrong folder, an empty desk would look like a quiet one.
        print(f"a new desk begins: `{visible(settings.database)}`", file=sys.stderr)
    return settings, desk


def actor(args: argparse.Namespace) -> str:
    """Who acts."""
    return args.actor or getpass.getuser()


def say(args: argparse.Namespace, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows as a table that fits the terminal, or one JSON object a line."""
    if args.json:
        for row in rows:
            print(json.dumps(row, default=_plain, ensure_ascii=False))
        return
    if not rows:
        print("none")
        return
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
    for line in fitted(columns, [[row.get(name) for name in columns] for row in rows], width):
        print(line)


def say_one(args: argparse.Namespace, values: Mapping[str, Any]) -> None:
    """Prints one object: JSON, or `name value` lines."""
    from mailscope.cli.layout import cell

    if args.json:
        print(json.dumps(dict(values), default=_plain, ensure_ascii=False))
        return
    size = max(map(len, values), default=0)
    for name, value in values.items():
        print(f"{name:<{size}}  {cell(value)}")


def fields(record: Any, *names: str) -> dict[str, Any]:
    """These attributes of a record."""
    return {name: getattr(record, name) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
