"""Access lists on routers over SSH through netmiko: the owner prepares a named list, Mailscope adds and removes lines.

The list must exist and be bound to an interface; Mailscope never binds one. Cisco IOS and what speaks its language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from mailscope.errors import DeliveryError
from mailscope.response.plan import MAIL_PORTS, Plan


class Connection(Protocol):
    """What is used of a netmiko connection."""

    def send_config_set(self, config_commands: Sequence[str]) -> str:
        """Enters configuration mode and gives the commands."""

    def send_command(self, command_string: str) -> Any:
        """Runs one command and returns what it printed."""

    def disconnect(self) -> None:
        """Ends the connection."""


class RouterAcl:
    """One named list on one router; `connect` opens a connection (see `netmiko_connection`)."""

    name = "router-acl"
    scopes = ("mail", "all")

    def __init__(self, connect: Callable[[], Connection], acl: str = "MAILSCOPE") -> None:
        self.connect, self.acl = connect, acl

    def commands(self, plan: Plan) -> list[str]:
        """The lines in the router's words."""
        return [f"{self._kind(plan)} {self.acl}", *self._entries(plan)]

    def apply(self, plan: Plan) -> str:
        """Adds the lines at the head of the list, so that they come before what permits."""
        entries = self._entries(plan)
        numbered = entries if plan.prefix.version == 6 else [f"{n} {entry}" for n, entry in enumerate(entries, 1)]
        renumber = [f"ip access-list resequence {self.acl} 100 10"] if plan.prefix.version == 4 else []
        return self._configured([*renumber, f"{self._kind(plan)} {self.acl}", *numbered, "exit", *renumber], plan, True)

    def undo(self, plan: Plan) -> str:
        """Removes the lines."""
        lines = [f"no {entry}" for entry in self._entries(plan)]
        return self._configured([f"{self._kind(plan)} {self.acl}", *lines], plan, False)

    def is_applied(self, plan: Plan) -> bool:
        """Whether the list shows the lines."""
        connection = self._open()
        try:
            return self._shows(connection, plan)
        finally:
            connection.disconnect()

    def _configured(self, lines: list[str], plan: Plan, wanted: bool) -> str:
        connection = self._open()
        try:
            if self._shows(connection, plan) == wanted:
                return "was so already"
            said = connection.send_config_set(lines)
            if "% " in said or self._shows(connection, plan) != wanted:
                raise DeliveryError(f"the router did not take it: {said.strip()[-300:]}")
            return said.strip()[-300:]
        finally:
            connection.disconnect()

    def _open(self) -> Connection:
        try:
            return self.connect()
        except Exception as error:  # netmiko and paramiko raise dozens of kinds
            raise DeliveryError(f"the router cannot be reached: {type(error).__name__}: {error}"[:400]) from error

    def _shows(self, connection: Connection, plan: Plan) -> bool:
        family = "ip" if plan.prefix.version == 4 else "ipv6"
        shown = " ".join(str(connection.send_command(f"show {family} access-lists {self.acl}")).split())
        return all(entry in shown for entry in self._entries(plan))

    @staticmethod
    def _kind(plan: Plan) -> str:
        return "ip access-list extended" if plan.prefix.version == 4 else "ipv6 access-list"

    @staticmethod
    def _entries(plan: Plan) -> list[str]:
        if plan.prefix.version == 6:
            source = str(plan.prefix)
        elif plan.prefix.prefixlen == 32:
            source = f"host {plan.prefix.network_address}"
        else:
            source = f"{plan.prefix.network_address} {plan.prefix.hostmask}"
        if plan.scope == "mail":
            return [f"deny tcp {source} any eq {port}" for port in MAIL_PORTS]
        return [f"deny {'ip' if plan.prefix.version == 4 else 'ipv6'} {source} any"]


def netmiko_connection(**device: Any) -> Connection:
    """A connection as netmiko's ConnectHandler makes it (`device_type="cisco_ios", host=..., use_keys=True`)."""
    from netmiko import ConnectHandler

    opened: Connection = ConnectHandler(**device)
    return opened
