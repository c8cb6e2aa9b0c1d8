"""What a case's findings name as foreign and bad: addresses, hosts, URLs and files, each with its reason.

The owner's hosts, people and forged addresses are never among them: others would block the victims.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from mailscope.errors import StoreError
from mailscope.harmless import visible

ROLES = {"commander": "address", "attacker": "address", "sender_ip": "address", "collector": "host", "lure_url": "url"}
"""Roles of findings that name something foreign and bad."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One indicator: `kind` is address, host, url or sha256."""

    kind: str
    value: str
    finding: str
    confidence: float
    first: datetime | None
    last: datetime | None
    why: str
    techniques: tuple[str, ...]


def findings_of(path: Any) -> dict[str, Any]:
    """The answer of a case; StoreError when it has none yet."""
    import json
    from pathlib import Path

    file = Path(path) / "findings.json"
    try:
        answer: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise StoreError(
            f"`{path}` has no findings", hint="`mailscope investigate CAPTURE -o CASE` makes them"
        ) from None
    return answer


def observed(answer: Mapping[str, Any]) -> list[Observed]:
    """Every indicator once, with the surest finding that names it, in a fixed order."""
    own = [ipaddress.ip_network(text) for text in answer.get("network", {}).get("own", ())]
    best: dict[tuple[str, str], Observed] = {}
    for finding in answer.get("findings", ()):
        for item in _of(finding, own):
            known = best.get((item.kind, item.value))
            if known is None or item.confidence > known.confidence:
                best[item.kind, item.value] = item
    return [best[key] for key in sorted(best)]


def _of(finding: Mapping[str, Any], own: Iterable[Any]) -> Iterator[Observed]:
    named = [(ROLES[role], text) for role, texts in finding.get("roles", {}).items() if role in ROLES for text in texts]
    named += [("sha256", digest) for digest in _shells(finding)]
    for kind, value in named:
        for real_kind, text in _split(kind, value):
            if real_kind == "address" and _is_own(text, own):
                continue
            yield Observed(
                kind=real_kind,
                value=text,
                finding=finding["kind"],
                confidence=float(finding["confidence"]),
                first=_moment(finding.get("first")),
                last=_moment(finding.get("last")),
                why=visible(finding["summary"], 400),
                techniques=tuple(item["id"] for item in finding.get("attack_techniques", ())),
            )


def _shells(finding: Mapping[str, Any]) -> Iterator[str]:
    """Hashes of programs that an attacker uploaded."""
    for row in finding.get("phases", ()):
        for file in row.get("files", ()) or ():
            digest = file.get("sha256") if isinstance(file, Mapping) else None
            if digest:
                yield str(digest)


def _split(kind: str, value: str) -> Iterator[tuple[str, str]]:
    """A URL with its host; a host that is an address is one."""
    if kind == "sha256":
        yield kind, value
    elif kind == "url":
        yield "url", value
        host = urlsplit(value).hostname
        if host:
            yield ("address" if _is_address(host) else "host"), host
    else:
        yield ("address" if _is_address(value) else "host"), value


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_own(text: str, own: Iterable[Any]) -> bool:
    address = ipaddress.ip_address(text)
    return any(address.version == network.version and address in network for network in own)


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else None
