"""Blocks by BGP through ExaBGP: remote-triggered black hole (RFC 5635, RFC 7999) and FlowSpec (RFC 8955).

The wanted routes stand in a file; ExaBGP runs `python -m mailscope.response.announcer FILE`, which announces and
withdraws what changed. After a restart of either, the file is what counts.
"""

from __future__ import annotations

from pathlib import Path

from mailscope.response.plan import MAIL_PORTS, Plan
from mailscope.response.state_file import change, lines_of

_HEAD = "# routes that ExaBGP announces for Mailscope; changed by `mailscope block` only\n"


class _Routes:
    """One route a block, one line a route."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def route(self, plan: Plan) -> str:
        """The route in ExaBGP's words, without `announce`."""
        raise NotImplementedError

    def commands(self, plan: Plan) -> list[str]:
        """What ExaBGP is told."""
        return [f"announce {self.route(plan)}"]

    def apply(self, plan: Plan) -> str:
        """Puts the route into the file."""
        route = self.route(plan)
        new = change(self.file, lambda lines: lines if route in lines else [*lines, route], _HEAD)
        return f"announced: {route}" if new else f"was announced: {route}"

    def undo(self, plan: Plan) -> str:
        """Takes the route out of the file."""
        route = self.route(plan)
        gone = change(self.file, lambda lines: [line for line in lines if line != route], _HEAD)
        return f"withdrawn: {route}" if gone else f"was not announced: {route}"

    def is_applied(self, plan: Plan) -> bool:
        """Whether the file names the route."""
        return self.route(plan) in lines_of(self.file)


class BlackholeRoute(_Routes):
    """Everything to and from the address is dropped at the border: for the whole address only."""

    name = "blackhole-route"
    scopes = ("all",)

    def __init__(self, file: Path, next_hop_v4: str = "192.0.2.1", next_hop_v6: str = "100::1") -> None:
        super().__init__(file)
        self.next_hops = {4: next_hop_v4, 6: next_hop_v6}

    def route(self, plan: Plan) -> str:
        """With the BLACKHOLE community 65535:666 and NO_EXPORT: it must not leave the network."""
        hop = self.next_hops[plan.prefix.version]
        return f"route {plan.prefix} next-hop {hop} community [ 65535:666 65535:65281 ]"


class FlowSpec(_Routes):
    """Routers drop what the address sends, or only its mail."""

    name = "flowspec"
    scopes = ("mail", "all")

    def route(self, plan: Plan) -> str:
        """Traffic-rate 0 for the source, for the mail ports when that is the scope."""
        ports = " ".join(f"={port}" for port in MAIL_PORTS)
        match = f"source {plan.prefix};"
        if plan.scope == "mail":
            match += f" protocol tcp; destination-port [ {ports} ];"
        return f"flow route {{ match {{ {match} }} then {{ discard; }} }}"
