"""Blocks at a squid proxy: a file of addresses for `acl mailscope src "FILE"` and `http_access deny mailscope`."""

from __future__ import annotations

from pathlib import Path

from mailscope.response.plan import Network, Plan, network
from mailscope.response.state_file import change, lines_of

_HEAD = "# addresses that may not use the proxy; changed by `mailscope block` only\n"
_COVERS = " # covers "
"""Between a prefix and the narrower ones inside it, which squid must not see."""


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
        """Adds the prefix."""
        line = str(plan.prefix)
        new = change(self.file, lambda lines: _lines([*_prefixes(lines), line]), _HEAD)
        return f"{line} is in the file; run `squid -k reconfigure`" if new else f"{line} was in the file"

    def undo(self, plan: Plan) -> str:
        """Removes the prefix; what it covered and is still blocked stands for itself again."""
        line = str(plan.prefix)
        gone = change(self.file, lambda lines: _lines([kept for kept in _prefixes(lines) if kept != line]), _HEAD)
        return f"{line} is out of the file; run `squid -k reconfigure`" if gone else f"{line} was not in the file"

    def is_applied(self, plan: Plan) -> bool:
        """Whether the file names the prefix."""
        return str(plan.prefix) in _prefixes(lines_of(self.file))


def _prefixes(lines: list[str]) -> list[str]:
    """Every prefix that was put in: squid's own and those that stand behind them as covered."""
    return [prefix for line in lines for prefix in line.replace(_COVERS, " ").split()]


def _lines(prefixes: list[str]) -> list[str]:
    """One line for each prefix that no other covers: squid ignores the wider of two that overlap."""
    covered: dict[str, list[str]] = {}
    wide: list[Network] = []
    for prefix in sorted({network(text) for text in prefixes}, key=lambda found: (found.version, found.prefixlen)):
        over = next((other for other in wide if _is_in(prefix, other)), None)
        if over is None:
            wide.append(prefix)
        covered.setdefault(str(over or prefix), [])
        if over is not None:
            covered[str(over)].append(str(prefix))
    return [prefix + (_COVERS + " ".join(others) if others else "") for prefix, others in covered.items()]


def _is_in(one: Network, other: Network) -> bool:
    return one.version == other.version and one.network_address in other and one.prefixlen >= other.prefixlen
