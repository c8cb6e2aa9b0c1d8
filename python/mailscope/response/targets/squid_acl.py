"""Blocks at a squid proxy: a file of addresses for `acl mailscope src "FILE"` and `http_access deny mailscope`."""

from __future__ import annotations

from pathlib import Path

from mailscope.response.plan import Plan
from mailscope.response.state_file import change, lines_of

_HEAD = "# addresses that may not use the proxy; changed by `mailscope block` only\n"


class SquidAcl:
    """Nothing of the address passes the proxy once squid has read its configuration again."""

    name = "squid-acl"
    scopes = ("all",)

    def __init__(self, file: Path) -> None:
        self.file = file

    def commands(self, plan: Plan) -> list[str]:
        """The line, and what makes squid read it."""
        return [f"{self.file}: + {plan.prefix}", "squid -k reconfigure"]

    def apply(self, plan: Plan) -> str:
        """Adds the line."""
        line = str(plan.prefix)
        new = change(self.file, lambda lines: lines if line in lines else [*lines, line], _HEAD)
        return f"{line} is in the file; run `squid -k reconfigure`" if new else f"{line} was in the file"

    def undo(self, plan: Plan) -> str:
        """Removes the line."""
        line = str(plan.prefix)
        gone = change(self.file, lambda lines: [kept for kept in lines if kept != line], _HEAD)
        return f"{line} is out of the file; run `squid -k reconfigure`" if gone else f"{line} was not in the file"

    def is_applied(self, plan: Plan) -> bool:
        """Whether the file names the prefix."""
        return str(plan.prefix) in lines_of(self.file)
