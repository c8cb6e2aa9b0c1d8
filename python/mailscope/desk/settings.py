"""The desk's settings: one TOML file, every key known, every wrong value named with its place.

[desk]      database, name, address, secret_file, language, registry
            mailbox (an mbox or Maildir that `desk run` takes mail from)
            cases (case folders), flows (stores of flow records), maillogs, zone (of the logs): where evidence is
[network]   own, protected (prefixes), domains
[rules]     what goes out without a person: see mailscope.desk.rules
[mta]       host, port, per_recipient, per_recipient_hours
[block]     most, longest_hours, two_persons, scopes
[block.nftables]         command
[block.blackhole-route]  file, next_hop_v4, next_hop_v6
[block.flowspec]         file
[block.squid-acl]        file
[block.dnsbl]            file, origin, name_server
[block.router-acl]       acl, device_type, host, username, key_file
"""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Any

from mailscope.desk.imap_mailbox import ImapAccount
from mailscope.desk.notices.compose import Sender
from mailscope.desk.notices.outbox import Mta
from mailscope.desk.rules import Rules, rules_of
from mailscope.errors import UsageError
from mailscope.ingest.maillogs.zones import zone_of
from mailscope.response.plan import SCOPES, Guards, Target, network

NAME = "mailscope.toml"
"""Looked for in the current folder when none is named."""

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "desk": (
        "database",
        "name",
        "address",
        "secret_file",
        "mailbox",
        "cases",
        "flows",
        "maillogs",
        "zone",
        "language",
        "registry",
    ),
    "network": ("own", "protected", "domains", "relays"),
    "imap": ("host", "port", "user", "password_file", "folder", "tls"),
    "mta": ("host", "port", "per_recipient", "per_recipient_hours"),
    "block": ("most", "longest_hours", "two_persons", "scopes"),
}
_TARGETS: Mapping[str, tuple[str, ...]] = {
    "nftables": ("command",),
    "blackhole-route": ("file", "next_hop_v4", "next_hop_v6"),
    "flowspec": ("file",),
    "squid-acl": ("file",),
    "dnsbl": ("file", "origin", "name_server"),
    "router-acl": ("acl", "device_type", "host", "username", "key_file"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner has set; paths are relative to the file's folder."""

    folder: Path
    database: str
    sender: Sender
    language: str
    cases: tuple[Path, ...]
    flows: tuple[str, ...]
    maillogs: tuple[Path, ...]
    zone: str | None
    mailbox: str | None
    rules: Rules
    own: tuple[str, ...]
    domains: tuple[str, ...]
    relays: tuple[str, ...]
    registry: str | None
    guards: Guards
    mta: Mta
    imap: ImapAccount | None = None
    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def log_zone(self) -> tzinfo | None:
        """The zone of the mail logs; None when it is not set."""
        return zone_of(self.zone) if self.zone else None

    def target(self, name: str) -> Target:
        """The device of that name, as it is set; UsageError when it is not."""
        if name not in self.targets:
            known = ", ".join(self.targets) or "none"
            raise UsageError(f"the target `{name}` is not set", hint=f"set are: {known}; see [block.{name}]")
        return _made(name, self.targets[name], self.folder)

    def all_targets(self) -> dict[str, Target]:
        """Every device that is set."""
        return {name: self.target(name) for name in self.targets}


def load(path: Path | None = None) -> Settings:
    """The settings of that file, or of `mailscope.toml` here; without a file, a desk that can block nothing."""
    if path is None and not Path(NAME).exists():
        return of_values({}, Path.cwd())
    path = path or Path(NAME)
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there are no settings in `{path}`", hint="`--settings FILE` names them") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"`{path}`: {error}") from None
    return of_values(values, path.resolve().parent)


def of_values(values: Mapping[str, Any], folder: Path) -> Settings:
    """Settings from parsed TOML; UsageError names a key that is unknown or of the wrong kind."""
    _check(values)
    desk, net, mta, block = (values.get(part, {}) for part in ("desk", "network", "mta", "block"))
    address = _typed(desk, "address", str, "abuse@localhost.localdomain")
    secret = _secret(folder / _typed(desk, "secret_file", str, ".mailscope-secret"))
    database = _typed(desk, "database", str, "mailscope-desk.db")
    return Settings(
        folder=folder,
        database=_place(folder, database) or database,
        sender=Sender(_typed(desk, "name", str, "Abuse desk"), address, secret),
        language=_typed(desk, "language", str, "en"),
        cases=tuple(folder / name for name in _typed(desk, "cases", list, [])),
        flows=tuple(_place(folder, name) or "" for name in _typed(desk, "flows", list, [])),
        maillogs=tuple(folder / name for name in _typed(desk, "maillogs", list, [])),
        zone=_typed(desk, "zone", str, "") or None,
        mailbox=_place(folder, _typed(desk, "mailbox", str, "")),
        rules=rules_of(values.get("rules", {})),
        own=tuple(_typed(net, "own", list, [])),
        domains=tuple(_typed(net, "domains", list, [])),
        relays=tuple(_typed(net, "relays", list, [])),
        registry=_place(folder, _typed(desk, "registry", str, "")),
        guards=_guards(net, block),
        mta=Mta(
            _typed(mta, "host", str, "localhost"),
            _typed(mta, "port", int, 25),
            per_recipient=_typed(mta, "per_recipient", int, 5),
            per_recipient_in=timedelta(hours=_typed(mta, "per_recipient_hours", int, 24)),
        ),
        imap=_imap(values["imap"], folder) if "imap" in values else None,
        targets={name: block[name] for name in _TARGETS if name in block},
    )


def _place(folder: Path, name: str) -> str | None:
    """A URL as it is, a path seen from the settings' folder."""
    return name if "://" in name else str(folder / name) if name else None


def _guards(net: Mapping[str, Any], block: Mapping[str, Any]) -> Guards:
    return Guards(
        own=[network(text) for text in _typed(net, "own", list, [])],
        protected=[network(text) for text in _typed(net, "protected", list, [])],
        most=_typed(block, "most", int, 20),
        longest=timedelta(hours=_typed(block, "longest_hours", int, 24 * 7)),
        two_persons=_typed(block, "two_persons", bool, False),
        scopes=tuple(_typed(block, "scopes", list, list(SCOPES))),
    )


def _imap(members: Mapping[str, Any], folder: Path) -> ImapAccount:
    file = folder / _typed(members, "password_file", str, ".imap-password")
    try:
        password = file.read_text("utf-8").strip()
    except OSError as error:
        raise UsageError(f"[imap] password_file `{file}`: {error.strerror}") from None
    has_tls = _typed(members, "tls", bool, True)
    return ImapAccount(
        host=_typed(members, "host", str, "localhost"),
        port=_typed(members, "port", int, 993 if has_tls else 143),
        user=_typed(members, "user", str, ""),
        password=password,
        folder=_typed(members, "folder", str, "INBOX"),
        has_tls=has_tls,
    )


def _check(values: Mapping[str, Any]) -> None:
    for part, members in values.items():
        if part == "rules" and isinstance(members, Mapping):
            continue  # read by rules_of
        if part not in _KNOWN or not isinstance(members, Mapping):
            raise UsageError(f"[{part}] is not known", hint="known are " + ", ".join(f"[{name}]" for name in _KNOWN))
        targets = _TARGETS if part == "block" else {}
        for key, value in members.items():
            if key in targets and isinstance(value, Mapping):
                _check_keys(f"block.{key}", value, targets[key])
            elif key not in _KNOWN[part]:
                raise UsageError(f"[{part}] has no `{key}`", hint="it has " + ", ".join([*_KNOWN[part], *targets]))


def _check_keys(part: str, members: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in members:
        if key not in known:
            raise UsageError(f"[{part}] has no `{key}`", hint="it has " + ", ".join(known))


def _typed(members: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = members.get(key, default)
    if type(value) is not kind:
        raise UsageError(f"`{key}` must be a {kind.__name__}, not {value!r}")
    return value


def _secret(path: Path) -> bytes:
    """What case numbers are sealed with; made at the first use, readable by the owner alone."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.touch(mode=0o600, exist_ok=True)
    path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def _made(name: str, values: Mapping[str, Any], folder: Path) -> Target:
    from mailscope.response.targets.bgp import BlackholeRoute, FlowSpec
    from mailscope.response.targets.dnsbl import DnsblZone
    from mailscope.response.targets.nftables import Nftables
    from mailscope.response.targets.router_acl import RouterAcl, netmiko_connection
    from mailscope.response.targets.squid_acl import SquidAcl

    rest = {key: value for key, value in values.items() if key != "file"}
    file = folder / values["file"] if "file" in values else None
    if name == "nftables":
        return Nftables(values.get("command", ["nft"]))
    if name == "router-acl":
        device = {key: value for key, value in rest.items() if key != "acl"}
        return RouterAcl(lambda: netmiko_connection(**device, use_keys=True), values.get("acl", "MAILSCOPE"))
    if file is None:
        raise UsageError(f"[block.{name}] needs `file`")
    makers: Mapping[str, Any] = {
        "blackhole-route": BlackholeRoute,
        "flowspec": FlowSpec,
        "squid-acl": SquidAcl,
        "dnsbl": DnsblZone,
    }
    made: Target = makers[name](file, **rest)
    return made
