"""The page of the command line, from its own parsers."""

import os

from mailscope.cli.main import VERBS, help_text, verb_module
from mailscope.cli.parser import Parser, actions_of


def cli_page() -> str:
    """docs/reference/cli.md."""
    os.environ["COLUMNS"] = "100"
    parts = ["# Command line", "", "Made from the parsers by `make docs`.", "", "```text", help_text().rstrip(), "```"]
    for verb, summary in VERBS.items():
        module = verb_module(verb)
        parser = Parser(f"mailscope {verb}", (module.__doc__ or "").strip(), module.EXAMPLES)
        module.arguments(parser)
        parts += ["", f"## mailscope {verb}", "", f"To {summary}.", "", "```text", parser.format_help().rstrip(), "```"]
        for action in actions_of(parser):
            parts += ["", f"### {action.prog}", "", "```text", action.format_help().rstrip(), "```"]
    return "\n".join([*parts, ""])
