"""What became of a campaign at each person: delivered, fetched, opened, password given; with the packets of each.

A person is a mailbox. Who sat at an address when the lure was opened is told by the login seen there shortly before
(POP3, IMAP, SMTP, a web form) and, surest, by the user name typed into the lure's own form. No password is ever read:
the core says only that a field of that kind was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ibis import _

from mailscope.detect.network import parsed
from mailscope.investigation.campaigns import Campaign
from mailscope.investigation.conversation import rows
from mailscope.investigation.scene import Scene

LOGIN_AGE = timedelta(hours=8)
"""A login this long ago at an address still says who sits there; the latest counts."""

EVENTS = 5_000
"""Visits to the lures of one campaign that are looked at."""

ONE_SITTING = timedelta(minutes=15)
"""Visits from one address within this time are one person's."""

CANDIDATES = 5
"""People named for one visit when nothing tells which of them it was."""

LOGINS = 200_000
"""Logins that are looked at to tell who sat where, the earliest first."""

SUBJECT = 6
"""Letters of a subject from which on it is looked for in pages of the webmail."""

COMMON_HOSTS = 25
"""A campaign that links to more hosts than this is followed at the commonest only."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at a person's: `fetched`, `looked-up`, `opened`, `submitted` or `account-used`."""

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


@dataclass(slots=True)
class Person:
    """One mailbox; or an address, or `one_of` several people, where nothing tells more."""

    name: str
    delivered: str = "unknown"
    delivered_at: datetime | None = None
    events: list[Event] = field(default_factory=list)
    one_of: list[str] = field(default_factory=list)

    def first(self, kind: str) -> Event | None:
        """The earliest event of a kind."""
        return min((event for event in self.events if event.kind == kind), key=lambda event: event.time, default=None)


def persons(scene: Scene, campaign: Campaign) -> list[Person]:
    """Everybody the campaign reached or was meant for, by name."""
    found: dict[str, Person] = {}
    for outcome, times in (
        ("accepted", campaign.accepted), ("rejected", campaign.rejected), ("unknown", campaign.unknown)
    ):  # fmt: skip
        for address, time in times.items():
            found[address] = Person(address, outcome, time)
    mailboxes = _mailboxes(found)
    logins = _logins(scene)
    fetched = _fetched(scene, campaign, logins, mailboxes)
    visits = _visits(scene, campaign)
    for event in [*fetched, *_attributed(visits, logins, fetched, mailboxes)]:
        name = " / ".join(event.one_of) if event.one_of else event.person or event.client
        found.setdefault(name, Person(name, one_of=list(event.one_of))).events.append(event)
    given = {name for name, person in found.items() if person.first("submitted") is not None}
    for event in _misused(logins, campaign, given, found, mailboxes):
        found[event.person or event.client].events.append(event)
    for person in found.values():
        person.events.sort(key=lambda event: event.time)
    return [found[name] for name in sorted(found)]


def _mailboxes(people: Iterable[str]) -> dict[str, str]:
    """Mailbox by login name: the whole address, or its local part where that is unique."""
    names: dict[str, str] = {}
    ambiguous = set()
    for address in people:
        local = address.partition("@")[0]
        if names.get(local, address) != address:
            ambiguous.add(local)
        names[local] = address
        names[address] = address
    return {name: address for name, address in names.items() if name not in ambiguous}


def _logins(scene: Scene) -> list[dict[str, Any]]:
    """Logins with a name at the owner's servers, by time."""
    table = scene.tables["logins"]
    return rows(table.filter(_.user.notnull()).order_by("start").limit(LOGINS))


def _fetched(
    scene: Scene, campaign: Campaign, logins: Sequence[Mapping[str, Any]], mailboxes: Mapping[str, str]
) -> list[Event]:
    """Who fetched a message of the campaign, by POP3 or IMAP, or read it in the webmail."""
    by_session = {row["session_id"]: row for row in logins if row["session_id"] and row["success"] != "no"}
    events = []
    for letter in campaign.fetched:
        row = letter.row
        login = by_session.get(row["session_id"])
        user = str(login["user"]).lower() if login else None
        how = str(row["transfer"]).partition("-")[0]
        person = mailboxes.get(user, user) if user else next(iter(letter.recipients), None)
        events.append(
            Event("fetched", row["start"], row["client_addr"], row["server_addr"], how, "messages", row, person, 0.95)
        )
    attackers = set(campaign.sender_ips)
    events += _in_webmail(scene, campaign, logins, mailboxes)
    return [event for event in events if event.client not in attackers]


def _in_webmail(
    scene: Scene, campaign: Campaign, logins: Sequence[Mapping[str, Any]], mailboxes: Mapping[str, str]
) -> list[Event]:
    """Pages of an own server that show the campaign's subject: listed or read in the webmail, by whom who logged in."""
    subjects = {member.letter.row["subject"] for member in campaign.members}
    http = scene.tables["http_requests"]
    events = []
    for subject in sorted(text for text in subjects if text and len(text) >= SUBJECT)[:COMMON_HOSTS]:
        shows = http.response_body_prefix.contains(subject) | (http.response_title == subject)
        for row in rows(http.filter(shows, http.start >= campaign.first).order_by("start").limit(EVENTS)):
            if not scene.network.is_own(row["server_addr"]):
                continue
            entered = [
                login
                for login in logins
                if login["client_addr"] == row["client_addr"]
                and login["server_addr"] == row["server_addr"]
                and str(login["service"]).startswith("http")
                and login["start"] <= row["start"]
            ]
            user = str(entered[-1]["user"]).lower() if entered else None
            person = mailboxes.get(user, user) if user else None
            client, server = row["client_addr"], row["server_addr"]
            events.append(Event("fetched", row["start"], client, server, "webmail", "http_requests", row, person, 0.7))
    return events


def _visits(scene: Scene, campaign: Campaign) -> list[Event]:
    """Look-ups of, connections to and requests at the lure's hosts."""
    hosts = _new_hosts(scene, campaign)
    if not hosts:
        return []
    tables = scene.tables
    servers = [*scene.hosts.with_role("mail-server"), *scene.hosts.with_role("resolver"), *campaign.sender_ips]
    addresses = [host for host in hosts if parsed(host) is not None]
    events = []
    looked_up = tables["dns_answers"].filter(_.query.isin(hosts), ~_.client_addr.isin(servers)).order_by("start")
    for row in rows(looked_up.limit(EVENTS)):
        events.append(
            Event("looked-up", row["start"], row["client_addr"], row["server_addr"], "dns", "dns_answers", row)
        )
    hellos = tables["tls_handshakes"].filter(_.sni.lower().isin(hosts), ~_.client_addr.isin(servers)).order_by("start")
    for row in rows(hellos.limit(EVENTS)):
        events.append(
            Event("opened", row["start"], row["client_addr"], row["server_addr"], "tls", "tls_handshakes", row)
        )
    http = tables["http_requests"]
    host = http.host.lower().re_replace(r":\d+$", "")
    asked = http.filter(host.isin(hosts) | http.server_addr.isin(addresses), ~http.client_addr.isin(servers))
    for row in rows(asked.filter(_.method.notnull()).order_by("start").limit(EVENTS)):
        events.append(_of_request(row))
    return _with_submissions(scene, events)


def _new_hosts(scene: Scene, campaign: Campaign) -> list[str]:
    """The lure's hosts, without those that people visited before the first mail came while others are left."""
    hosts = campaign.lure_hosts[:COMMON_HOSTS]
    if len(hosts) < 2:
        return hosts
    http, hellos = scene.tables["http_requests"], scene.tables["tls_handshakes"]
    asked = http.filter(http.host.isin(hosts), http.start < campaign.first).select(name=http.host)
    greeted = hellos.filter(hellos.sni.isin(hosts), hellos.start < campaign.first).select(name=hellos.sni)
    known = {row["name"] for table in (asked, greeted) for row in rows(table.distinct())}
    return [host for host in hosts if host not in known] or hosts


def _of_request(row: Mapping[str, Any]) -> Event:
    return Event("opened", row["start"], row["client_addr"], row["server_addr"], "http", "http_requests", row)


def _with_submissions(scene: Scene, events: list[Event]) -> list[Event]:
    """Requests that carry a secret are submissions; the user's name beside it says whose."""
    requests = {(e.row["flow_id"], e.row["exchange"]): e for e in events if e.table == "http_requests"}
    if not requests:
        return events
    flows = sorted({flow for flow, _exchange in requests})
    table = scene.tables["http_parameters"]
    sent = table.filter(_.flow_id.isin(flows), _.place != "header", _.place != "cookie", _.is_secret | _.is_user)
    users: dict[tuple[str, int], str] = {}
    secrets: dict[tuple[str, int], list[str]] = {}
    for row in rows(sent):
        key = (row["flow_id"], row["exchange"])
        if row["is_secret"]:
            secrets.setdefault(key, []).append(str(row["name"]))
        elif row["value"]:
            users.setdefault(key, str(row["value"]).strip().lower())
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


def _attributed(
    visits: Sequence[Event], logins: Sequence[Mapping[str, Any]], fetched: Sequence[Event], mailboxes: Mapping[str, str]
) -> list[Event]:
    """Visits with the person who most likely sat there."""
    typed = [event for event in visits if event.kind == "submitted" and event.person]
    result = []
    for event in visits:
        near = [other for other in typed if other.client == event.client and abs(other.time - event.time) < ONE_SITTING]
        if event.person or near:  # the name typed into the lure
            name = event.person or near[0].person or ""
            result.append(replace(event, person=mailboxes.get(name, name), sure=0.95 if event.person else 0.9))
        else:
            people, sure = _who(event, logins, fetched, mailboxes)
            result.append(
                replace(event, person=people[0], sure=sure)
                if len(people) == 1
                else replace(event, one_of=tuple(people), sure=sure)
            )
    return result


def _who(
    event: Event, logins: Sequence[Mapping[str, Any]], fetched: Sequence[Event], mailboxes: Mapping[str, str]
) -> tuple[list[str], float]:
    """Those who fetched the lure at the address before; else those who logged in there; in the order they came."""
    readers = [f for f in fetched if f.client == event.client and f.person and f.time <= event.time]
    if readers:
        people = list(dict.fromkeys(str(reader.person) for reader in readers))
        return people, 0.85 if len(people) == 1 else round(0.85 / len(people), 2)
    users = [
        str(row["user"]).lower()
        for row in logins
        if row["client_addr"] == event.client
        and row["success"] != "no"
        and timedelta(0) <= event.time - row["start"] <= LOGIN_AGE
    ]
    people = list(dict.fromkeys(mailboxes.get(user, user) for user in users))
    return people[:CANDIDATES], round(0.6 / max(len(people), 1), 2)


def _misused(
    logins: Sequence[Mapping[str, Any]],
    campaign: Campaign,
    given: set[str],
    found: Mapping[str, Person],
    mailboxes: Mapping[str, str],
) -> list[Event]:
    """Logins with an account whose password was given away, from the hosts of the campaign, after it was given."""
    events = []
    hosts = set(campaign.sender_ips)
    for row in logins:
        person = mailboxes.get(str(row["user"]).lower())
        if row["client_addr"] not in hosts or person not in given or row["success"] == "no":
            continue
        since = found[person].first("submitted")
        if since is not None and row["start"] >= since.time:
            client, server = row["client_addr"], row["server_addr"]
            events.append(
                Event("account-used", row["start"], client, server, row["service"], "logins", row, person, 0.95)
            )
    return events
