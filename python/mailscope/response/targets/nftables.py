"""Blocks in nftables: own table, own sets; elements carry their expiry, so a block ends even when nobody undoes it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mailscope.errors import DeliveryError
from mailscope.response.plan import MAIL_PORTS, Plan

TABLE = "mailscope"
TIMEOUT_S = 20

_PORTS = ", ".join(map(str, MAIL_PORTS))
_SETUP = f"""
add table inet {TABLE}
add set inet {TABLE} all4 {{ type ipv4_addr; flags interval, timeout; }}
add set inet {TABLE} all6 {{ type ipv6_addr; flags interval, timeout; }}
add set inet {TABLE} mail4 {{ type ipv4_addr; flags interval, timeout; }}
add set inet {TABLE} mail6 {{ type ipv6_addr; flags interval, timeout; }}
add chain inet {TABLE} forward {{ type filter hook forward priority -10; policy accept; }}
flush chain inet {TABLE} forward
add rule inet {TABLE} forward ip saddr @all4 counter drop
add rule inet {TABLE} forward ip6 saddr @all6 counter drop
add rule inet {TABLE} forward ip saddr @mail4 tcp dport {{ {_PORTS} }} counter drop
add rule inet {TABLE} forward ip6 saddr @mail6 tcp dport {{ {_PORTS} }} counter drop
"""


class Nftables:
    """The packet filter of the machine that forwards the network's traffic.

    `nft` is the command: `["ssh", "gateway", "nft"]`, or in a namespace `["ip", "netns", "exec", "gw", "nft"]`.
    """

    name = "nftables"
    scopes = ("mail", "all")

    def __init__(self, nft: Sequence[str] = ("nft",)) -> None:
        self.nft = list(nft)

    def commands(self, plan: Plan) -> list[str]:
        """The element that is added; the table is made when it is not there."""
        return [f"add element inet {TABLE} {_set(plan)} {{ {plan.prefix} timeout {_seconds(plan)}s }}"]

    def apply(self, plan: Plan) -> str:
        """Adds the element; an older one of the same prefix is replaced."""
        if not self._is_set_up():
            self._run(_SETUP)
        if self.is_applied(plan):
            self._run(f"delete element inet {TABLE} {_set(plan)} {{ {plan.prefix} }}\n" + self.commands(plan)[0] + "\n")
        else:
            self._run(self.commands(plan)[0] + "\n")
        return f"{plan.prefix} is in the set {_set(plan)}"

    def undo(self, plan: Plan) -> str:
        """Deletes the element."""
        if not self.is_applied(plan):
            return f"{plan.prefix} was not in the set {_set(plan)}"
        self._run(f"delete element inet {TABLE} {_set(plan)} {{ {plan.prefix} }}\n")
        return f"{plan.prefix} is out of the set {_set(plan)}"

    def is_applied(self, plan: Plan) -> bool:
        """Whether the set holds exactly this prefix."""
        if not self._is_set_up():
            return False
        for item in self._listed("set", "inet", TABLE, _set(plan)):
            for element in item.get("set", {}).get("elem", []):
                if _prefix(element) == str(plan.prefix):
                    return True
        return False

    def _is_set_up(self) -> bool:
        found = self._listed("tables")
        return any(item.get("table", {}).get("name") == TABLE for item in found)

    def _listed(self, *what: str) -> list[dict[str, Any]]:
        text = self._call(["-j", "list", *what], None)
        result: list[dict[str, Any]] = json.loads(text or "{}").get("nftables", [])
        return result

    def _run(self, script: str) -> None:
        self._call(["-f", "-"], script)

    def _call(self, arguments: Sequence[str], script: str | None) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the words are ours, the prefix was parsed as one
                [*self.nft, *arguments], input=script, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeliveryError(
                f"nft did not run: {error}", hint="is nftables installed, and may this user?"
            ) from error
        if done.returncode != 0:
            raise DeliveryError(f"nft refused: {done.stderr.strip()[:500]}")
        return done.stdout


def _set(plan: Plan) -> str:
    return f"{plan.scope}{plan.prefix.version}"


def _seconds(plan: Plan) -> int:
    return max(1, round((plan.expires - datetime.now(UTC)).total_seconds()))


def _prefix(element: Any) -> str:
    """An element of a set as nft's JSON gives it, as a prefix."""
    if isinstance(element, dict) and "elem" in element:
        return _prefix(element["elem"]["val"])
    if isinstance(element, dict) and "prefix" in element:
        return f"{element['prefix']['addr']}/{element['prefix']['len']}"
    text = str(element)
    return text + ("/128" if ":" in text else "/32")
