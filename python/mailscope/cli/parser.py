"""How arguments are read: one small parser a verb, made only for the verb that was named.

argparse and not click or typer: starting `mailscope tables` may take 20 ms here, and importing click
alone takes 40, typer 65 (CPU, on the machine that has 0.3 s for a 260 MB capture).
"""

import argparse
import os

from mailscope.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, told without the modules that argparse would load to ask it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Sentences wrapped; examples and whatever else is indented as it is, to be copied."""
        import textwrap

        paragraphs = text.split("\n\n")
        return "\n\n".join(
            paragraph if "\n " in paragraph or paragraph[:1] == " " else textwrap.fill(paragraph, width)
            for paragraph in paragraphs
        )


def _columns() -> int:
    if (given := os.environ.get("COLUMNS", "")).isdecimal():
        return max(int(given), 40)
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 100


class Parser(argparse.ArgumentParser):
    """A parser that says errors the way all of Mailscope does."""

    def __init__(self, prog: str, description: str = "", examples: str = "") -> None:
        lines = "".join(f"  {line}\n" for line in examples.strip().splitlines())
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"examples:\n{lines}" if lines else None,
            formatter_class=_Help,
            allow_abbrev=False,
        )

    def error(self, message: str) -> "NoReturn":
        """A wrong argument, with the place where the right ones are listed."""
        raise UsageError(message, hint=f"`{self.prog} --help` lists arguments and examples")


def actions(parser: argparse.ArgumentParser, known: "Mapping[str, tuple[str, Callable[..., None] | None]]") -> None:
    """Gives a verb its actions: name -> (one line of help, what adds its arguments)."""
    group = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (summary, add) in known.items():
        sub = group.add_parser(name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.")
        if add is not None:
            add(sub)


def actions_of(parser: argparse.ArgumentParser) -> "list[argparse.ArgumentParser]":
    """The parsers of a verb's actions, in order; none for a verb without actions."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [sub for group in groups for sub in group.choices.values()]


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number above zero")
    return int(text)
