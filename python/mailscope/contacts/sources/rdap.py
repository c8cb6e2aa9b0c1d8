"""Who is responsible for a foreign address, asked by RDAP (RFC 9082, 9083) at the registry that holds it.

The registry is found in IANA's bootstrap file (RFC 9224). Contacts that are placeholders (privacy services,
unallocated blocks, mailboxes that nobody reads) are refused: a notice to them would tell nobody.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network, summarize_address_range
from pathlib import Path
from typing import Any

from mailscope.errors import InputError

MAX_ANSWER = 2 * 1024 * 1024
TIMEOUT = 20.0
KEPT = timedelta(days=7)
"""How long an answer in the cache is used again."""
MAX_REDIRECTS = 5
_PLACEHOLDER = re.compile(
    r"redacted|privacy|not[ -]?disclosed|data protected|whoisguard|no-?reply@|noemail|nobody@|@example\.|@invalid|unallocated|not (?:allocated|managed)|non-ripe|iana-blk|eu-zz"
    r"|abuse@(?:apnic|ripe|arin|lacnic|afrinic|iana)\.(?:net|org)|search-apnic-not-arin|hostmaster@nic\.",
    re.I,
)
_ROLES = ("abuse", "technical", "administrative", "noc", "registrant")


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a registry says of an address that is not ours."""

    prefix: str
    organization: str | None
    email: str | None
    tel: str | None
    country: str | None
    updated: date | None
    source: str
    refused: tuple[str, ...] = ()


class RdapClient:
    """Asks registries; keeps their answers in a folder for a while."""

    def __init__(self, bootstrap: list[Path], cache: Path | None = None, *, timeout: float = TIMEOUT) -> None:
        self._services = [service for path in bootstrap for service in _services(path)]
        self._cache = cache
        self._timeout = timeout

    def find(self, address: str) -> Foreign | None:
        """What the registry says; None where no registry is named for the address, or it knows nothing.

        Raises:
            InputError: the registry cannot be asked.

        """
        base = self.base_of(address)
        if base is None:
            return None
        answer = self._get(f"{base.rstrip('/')}/ip/{address}")
        return read_answer(answer, base) if answer else None

    def base_of(self, address: str) -> str | None:
        """The URL of the registry that holds an address: the longest prefix of the bootstrap files; https first."""
        wanted = ip_address(address)
        found = [
            (network.prefixlen, urls)
            for network, urls in self._services
            if network.version == wanted.version and wanted in network
        ]
        if not found:
            return None
        urls = max(found, key=lambda item: item[0])[1]
        return next((url for url in urls if url.startswith("https:")), urls[0] if urls else None)

    def _get(self, url: str) -> dict[str, Any] | None:
        kept = self._cache / f"{sha256(url.encode()).hexdigest()}.json" if self._cache else None
        if kept and kept.is_file() and datetime.now(UTC).timestamp() - kept.stat().st_mtime < KEPT.total_seconds():
            return _object(kept.read_bytes())
        data = self._fetch(url)
        if data is not None and kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(data)
        return _object(data) if data is not None else None

    def _fetch(self, url: str) -> bytes | None:
        request = urllib.request.Request(url, headers={"Accept": "application/rdap+json", "User-Agent": "mailscope"})  # noqa: S310
        opener = urllib.request.build_opener(_Redirects())
        try:
            with opener.open(request, timeout=self._timeout) as answer:
                data: bytes = answer.read(MAX_ANSWER + 1)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise InputError(f"`{url}` answers {error.code}") from error
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise InputError(f"`{url}` cannot be asked: {getattr(error, 'reason', error)}") from error
        if len(data) > MAX_ANSWER:
            raise InputError(f"`{url}` answers more than {MAX_ANSWER} bytes")
        return data


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a registry to another, by HTTP only and a few times only."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Refuses other schemes."""
        if not newurl.startswith(("http://", "https://")):
            raise urllib.error.URLError(f"a redirect to `{newurl[:100]}`")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _services(path: Path) -> Iterator[tuple[Any, list[str]]]:
    """Prefixes and URLs of a bootstrap file (RFC 9224, section 3)."""
    found = _object(path.read_bytes()) or {}
    for service in found.get("services", []):
        if isinstance(service, list) and len(service) >= 2:
            urls = [url for url in service[-1] if isinstance(url, str) and url.startswith(("https://", "http://"))]
            for prefix in service[-2]:
                try:
                    yield ip_network(prefix), urls
                except ValueError:
                    continue


def read_answer(answer: dict[str, Any], source: str) -> Foreign | None:
    """The contact in an `ip network` object, with what was refused in it."""
    prefix = _prefix(answer)
    if prefix is None:
        return None
    people = sorted(_entities(answer.get("entities"), 0), key=lambda person: person[0])
    told = [email for _, card in people for email in card["email"]]
    emails = [email for email in told if not _PLACEHOLDER.search(email)]
    named = [name for _, card in people for name in card["org"] + card["fn"]]
    names = [name for name in [*named, str(answer.get("name") or "")] if name and not _PLACEHOLDER.search(name)]
    phones = [phone for _, card in people for phone in card["tel"]]
    is_unallocated = bool(_PLACEHOLDER.search(f"{answer.get('name')} {answer.get('handle')}")) or prefix.endswith("/0")
    refused = tuple(dict.fromkeys(email for email in told if is_unallocated or email not in emails))
    return Foreign(
        prefix,
        None if is_unallocated else next(iter(names), None),
        None if is_unallocated else next(iter(emails), None),
        next(iter(phones), None),
        str(answer["country"]) if answer.get("country") else None,
        _updated(answer),
        source,
        refused,
    )


def _entities(entities: Any, depth: int) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Entities with the rank of their role, those inside others too."""
    for entity in entities[:100] if isinstance(entities, list) else []:
        if not isinstance(entity, dict):
            continue
        given = entity.get("roles")
        roles = given if isinstance(given, list) else []
        yield (
            min((_ROLES.index(role) for role in roles if role in _ROLES), default=len(_ROLES)),
            _card(entity.get("vcardArray")),
        )
        if depth < 4:
            yield from _entities(entity.get("entities"), depth + 1)


def _card(card: Any) -> dict[str, list[str]]:
    """Names, addresses and numbers of a jCard (RFC 7095); what is not shaped as one is empty."""
    found: dict[str, list[str]] = {"fn": [], "org": [], "email": [], "tel": []}
    rows = card[1] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else []
    for row in rows[:200]:
        if isinstance(row, list) and len(row) >= 4 and row[0] in found:
            value = row[3][0] if isinstance(row[3], list) and row[3] else row[3]
            if isinstance(value, str) and value.strip():
                found[row[0]].append(value.strip().removeprefix("tel:")[:300])
    return found


def _prefix(answer: dict[str, Any]) -> str | None:
    try:
        first, last = ip_address(str(answer.get("startAddress"))), ip_address(str(answer.get("endAddress")))
        blocks = list(summarize_address_range(first, last))
    except (ValueError, TypeError):
        return None
    return str(blocks[0]) if len(blocks) == 1 else f"{first} - {last}"


def _updated(answer: dict[str, Any]) -> date | None:
    days = []
    events = answer.get("events")
    for event in events if isinstance(events, list) else []:
        if isinstance(event, dict) and event.get("eventAction") in ("last changed", "registration"):
            try:
                days.append(date.fromisoformat(str(event.get("eventDate"))[:10]))
            except ValueError:
                continue
    return max(days, default=None)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
