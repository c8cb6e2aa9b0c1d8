"""What was seen of lures' hosts: look-ups, connections, requests, passwords sent; also behind a redirect.

A link often leads through another host to the page that asks for the password, or the page sends its form elsewhere.
Where a lure passes somebody on, what that address sends there in the same sitting belongs to the lure; the real page
to which victims are sent after they typed does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.endpoints import parsed
from mailscope.detect.listed import among, but_not
from mailscope.investigation.conversation import rows
from mailscope.investigation.scene import Scene

EVENTS = 5_000
"""Visits to the lures of one campaign that are looked at."""

ONE_SITTING = timedelta(minutes=15)
"""Visits from one address within this time are one person's."""

HOPS = 4
"""Redirects one behind the other that are followed."""

HANDED_ON = timedelta(minutes=1)
"""A proxy asks for what it was asked within this time."""

TARGETS = 50
"""Hosts behind one lure that are looked at."""

TYPED = ("password", "pin", "card")
"""Secrets that a person types; tokens stand in links, too."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at a person's: `fetched`, `looked-up`, `opened`, `submitted` or `account-used`.

    `told_by` is what names the person, or those it may have been: `typed`, `fetched`, `login`, or nothing.
    """

    kind: str
    time: datetime
    client: str
    server: str
    how: str
    table: str
    row: Mapping[str, Any]
    person: str | None = None
    sure: float = 0.0
    one_of: tuple[str, ...] = ()
    told_by: str = ""


def visits(scene: Scene, hosts: Sequence[str]) -> dict[str, list[Event]]:
    """Look-ups of, connections to and requests at the hosts, by host; servers' own look-ups are nobody's."""
    tables = scene.tables
    servers = [*scene.hosts.with_role("mail-server"), *scene.hosts.with_role("resolver")]
    found: dict[str, list[Event]] = {host: [] for host in hosts}
    looked_up = but_not(among(tables["dns_answers"], "query", hosts), "client_addr", servers)
    for row in rows(looked_up.order_by("start").limit(EVENTS)):
        event = Event("looked-up", row["start"], row["client_addr"], row["server_addr"], "dns", "dns_answers", row)
        found[row["query"]].append(event)
    hellos = but_not(tables["tls_handshakes"].filter(_.sni.lower().isin(hosts)), "client_addr", servers)
    for row in rows(hellos.order_by("start").limit(EVENTS)):
        event = Event("opened", row["start"], row["client_addr"], row["server_addr"], "tls", "tls_handshakes", row)
        found[row["sni"].lower()].append(event)
    asked = _as_one([_of_request(row) for row in rows(_requests_at(tables["http_requests"], hosts, servers))])
    by_host: dict[str, list[Event]] = defaultdict(list)
    for event in asked:
        name = host_of(event.row)
        by_host[name if name in found else event.server].append(event)
    for name, events in by_host.items():
        told = _with_submissions(scene, events)
        found.setdefault(name, []).extend([*told, *_passed_on(scene, name, told, hosts)])
    return found


def host_of(row: Mapping[str, Any]) -> str:
    """Name of the host that a request asks, lower case, without its port."""
    return str(row["host"] or "").lower().partition(":")[0]


def _as_one(asked: Sequence[Event]) -> list[Event]:
    """A request to a proxy, and the proxy's own for it, as one: of whom asked the proxy, at whom the proxy asked."""
    onward: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in asked:
        onward[(event.client, *_what(event))].append(event)
    found, merged = [], set[int]()
    for event in asked:
        later = [
            other
            for other in onward.get((event.server, *_what(event)), ())
            if id(other) not in merged and timedelta(0) <= other.time - event.time <= HANDED_ON
        ]
        if later:
            merged.add(id(later[0]))
        found.append((event, later[0].server if later else event.server))
    return [replace(event, server=server) for event, server in found if id(event) not in merged]


def _what(event: Event) -> tuple[Any, ...]:
    uri = str(event.row["uri"] or "")
    if asks_proxy(event.row):
        parts = urlsplit(uri)
        uri = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return event.row["method"], host_of(event.row), uri


def asks_proxy(row: Mapping[str, Any]) -> bool:
    """The request names the whole address, as a proxy is asked (RFC 9112, section 3.2.2)."""
    return str(row["uri"] or "").lower().startswith(("http://", "https://"))


def submissions(scene: Scene, flows: Sequence[str]) -> list[Event]:
    """Requests of these flows that carry a typed secret."""
    if not flows:
        return []
    asked = [_of_request(row) for row in rows(_shaped(among(scene.tables["http_requests"], "flow_id", flows)))]
    return [event for event in _with_submissions(scene, asked) if event.kind == "submitted"]


def _requests_at(http: Table, hosts: Sequence[str], servers: Sequence[str]) -> Table:
    host = http.host.lower().re_replace(r":\d+$", "")
    addresses = [name for name in hosts if parsed(name) is not None]
    asked = but_not(http.filter(host.isin(hosts) | http.server_addr.isin(addresses)), "client_addr", servers)
    return _shaped(asked)


def _shaped(asked: Table) -> Table:
    columns = (
        "flow_id capture last_capture first_packet last_packet start exchange client_addr server_addr host uri method "
        "location referrer"
    )
    return asked.filter(_.method.notnull()).select(*columns.split()).order_by("start").limit(EVENTS)


def _of_request(row: Mapping[str, Any]) -> Event:
    return Event("opened", row["start"], row["client_addr"], row["server_addr"], "http", "http_requests", row)


def _passed_on(scene: Scene, lure: str, told: Sequence[Event], hosts: Sequence[str]) -> list[Event]:
    """Passwords sent to other hosts by those whom the lure, or its form, passed on to them."""
    http = scene.tables["http_requests"]
    sat: dict[str, list[datetime]] = defaultdict(list)
    for event in told:
        sat[event.client].append(event.time)
    if not sat:
        return []
    known, found = {*hosts, lure}, list[Event]()
    step = list(told)
    for _hop in range(HOPS):
        targets = sorted(_targets(scene, step) - known)[:TARGETS]
        known.update(targets)
        host = http.host.lower().re_replace(r":\d+$", "")
        sent_from = http.referrer.lower().re_extract(r"^https?://([^/:?#]+)", 1)
        asked = http.filter(host.isin(targets) | (sent_from.isin([lure, *targets]) & (http.method == "POST")))
        requests = [_of_request(row) for row in rows(_shaped(among(asked, "client_addr", sorted(sat))))]
        step = _with_submissions(scene, [e for e in requests if _is_foreign(scene, e) and _is_near(e, sat)])
        found += [event for event in step if event.kind == "submitted" and host_of(event.row) not in {*hosts, lure}]
        if not step:
            break
    return list({(event.row["flow_id"], event.row["exchange"]): event for event in found}.values())


def _targets(scene: Scene, events: Sequence[Event]) -> set[str]:
    """Hosts that answers pass the reader on to, but for answers to a password: these lead to the real page."""
    typed = {(e.row["flow_id"], e.row["exchange"]) for e in events if e.kind == "submitted"}
    names = {
        (urlsplit(str(event.row["location"])).hostname or "").lower()
        for event in events
        if event.row.get("location") and (event.row["flow_id"], event.row["exchange"]) not in typed
    }
    return {name for name in names if name and not scene.domains.is_own(f"x@{name}")}


def _is_foreign(scene: Scene, event: Event) -> bool:
    is_own = scene.network.is_own(event.server) and not asks_proxy(event.row)
    return not is_own and not scene.domains.is_own(f"x@{host_of(event.row)}")


def _is_near(event: Event, sat: Mapping[str, Sequence[datetime]]) -> bool:
    return any(timedelta(0) <= event.time - time <= ONE_SITTING for time in sat.get(event.client, ()))


def _with_submissions(scene: Scene, events: list[Event]) -> list[Event]:
    """Requests that carry a secret are submissions; the user's name beside it says whose."""
    requests = {(e.row["flow_id"], e.row["exchange"]): e for e in events}
    if not requests:
        return events
    flows = sorted({flow for flow, _exchange in requests})
    table = scene.tables["http_parameters"]
    fields = table.filter(_.place != "header", _.place != "cookie", _.value_bytes > 0)
    fields = fields.filter(_.secret_kind.isin(TYPED) | _.is_user)
    users: dict[tuple[str, int], str] = {}
    secrets: dict[tuple[str, int], list[str]] = {}
    for row in rows(among(fields, "flow_id", flows)):
        key = (row["flow_id"], row["exchange"])
        if row["is_secret"]:
            secrets.setdefault(key, []).append(str(row["name"]))
        elif row["value"]:
            users.setdefault(key, str(row["value"]).strip().lower())
    _add_users_of_logins(scene, requests, flows, users)
    for key, name in _typed_into_dialogues(scene, requests, flows).items():
        secrets.setdefault(key, []).append("Authorization")
        users.setdefault(key, name)
    made = []
    for key, names in secrets.items():
        event = requests.get(key)
        if event is not None:
            row = {**event.row, "fields": names}
            user = users.get(key)
            made.append(
                Event("submitted", event.time, event.client, event.server, "http", "http_requests", row, user, 0.9)
            )
    return [*events, *made]


def _add_users_of_logins(
    scene: Scene,
    requests: Mapping[tuple[str, int], Event],
    flows: Sequence[str],
    users: dict[tuple[str, int], str],
) -> None:
    """Names in fields that say little by themselves (`id`, `name`), told by the password beside them."""
    forms = scene.tables["logins"].filter(_.service == "http-form", _.user.notnull())
    by_packet = {(event.row["flow_id"], event.row["first_packet"]): key for key, event in requests.items()}
    for row in rows(among(forms, "flow_id", flows)):
        key = by_packet.get((row["flow_id"], row["first_packet"]))
        if key is not None:
            users.setdefault(key, str(row["user"]).strip().lower())


def _typed_into_dialogues(
    scene: Scene, requests: Mapping[tuple[str, int], Event], flows: Sequence[str]
) -> dict[tuple[str, int], str]:
    """Requests that carry a password as the browser's own dialogue sends it (RFC 7617), each with its user."""
    sent = scene.tables["logins"].filter(_.service == "http", _.mechanism == "BASIC", _.user.notnull())
    by_packet = {(event.row["flow_id"], event.row["first_packet"]): key for key, event in requests.items()}
    found = {}
    for row in rows(among(sent, "flow_id", flows)):
        key = by_packet.get((row["flow_id"], row["first_packet"]))
        if key is not None:
            found[key] = str(row["user"]).strip().lower()
    return found
