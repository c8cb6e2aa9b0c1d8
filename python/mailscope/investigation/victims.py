"""What became of a campaign at each person: delivered, fetched, opened, password given; with the packets of each.

A person is a mailbox. Who sat at an address when the lure was opened is told by the login seen there shortly before
(POP3, IMAP, SMTP, a web form) and, surest, by the user name typed into the lure's own form. No password is ever read:
the core says only that a field of that kind was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from ibis import _
from ibis.expr.types import Table

from mailscope.detect.domains import domain_of
from mailscope.detect.endpoints import parsed
from mailscope.detect.listed import among, but_not
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

SUBJECTS = 50
"""Subjects that are looked for in pages of the webmail."""

SUBJECT = 6
"""Letters of a subject from which on it is looked for in pages of the webmail."""

COMMON_HOSTS = 25
"""A campaign that links to more hosts than this is followed at the commonest only."""


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


@dataclass(slots=True)
class Seen:
    """What was seen of all campaigns' lures, asked of the tables once for all of them."""

    logins: list[dict[str, Any]]
    by_session: dict[str, dict[str, Any]]
    visits: dict[str, list[Event]]
    pages: dict[str, list[dict[str, Any]]]


def seen_of(scene: Scene, campaigns: Sequence[Campaign]) -> Seen:
    """Logins, visits by host and webmail pages by subject."""
    logins = _logins(scene)
    hosts = sorted({host for campaign in campaigns for host in campaign.lure_hosts[:COMMON_HOSTS]})
    return Seen(
        logins=logins,
        by_session={row["session_id"]: row for row in logins if row["session_id"] and row["success"] != "no"},
        visits=_visits(scene, hosts) if hosts else {},
        pages=_pages(scene, campaigns),
    )


def persons(scene: Scene, campaign: Campaign, seen: Seen | None = None) -> list[Person]:
    """Everybody the campaign reached or was meant for, by name; `seen` is asked for when it is not given."""
    seen = seen or seen_of(scene, [campaign])
    found: dict[str, Person] = {}
    outcomes = (("accepted", campaign.accepted), ("rejected", campaign.rejected), ("unknown", campaign.unknown))
    for outcome, times in outcomes:
        for address, time in times.items():
            found[address] = Person(address, outcome, time)
    mailboxes = _mailboxes(found, _domain_of_all(found, scene))
    fetched = _fetched(campaign, seen, mailboxes)
    for event in fetched:
        _settle_delivery(event, campaign, found)
    visits = _visits_of(campaign, seen)
    for event in [*fetched, *_attributed(visits, seen.logins, fetched, mailboxes)]:
        name = " / ".join(event.one_of) if event.one_of else event.person or event.client
        found.setdefault(name, Person(name, one_of=list(event.one_of))).events.append(event)
    given = {name for name, person in found.items() if person.first("submitted") is not None}
    for event in _misused(seen.logins, campaign, given, found, mailboxes):
        found[event.person or event.client].events.append(event)
    for person in found.values():
        person.events.sort(key=lambda event: event.time)
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """Mailbox by name; `domain` is the one that all recipients are of, when it is an own one, else empty."""

    by_name: Mapping[str, str]
    domain: str = ""

    def of_login(self, user: str) -> str:
        """The mailbox that a login opens; the name itself where that is not known."""
        name = user.strip().lower()
        return self.by_name.get(name) or (f"{name}@{self.domain}" if self.domain and "@" not in name else name)

    def of_typed(self, user: str) -> str:
        """The mailbox of a name typed into a page; a name that no recipient bears stays as it was typed."""
        return self.by_name.get(user, user)


def _domain_of_all(people: Iterable[str], scene: Scene) -> str:
    domains = {domain_of(address) for address in people}
    domain = domains.pop() if len(domains) == 1 else ""
    return domain if scene.domains.is_own(f"x@{domain}") else ""


def _settle_delivery(event: Event, campaign: Campaign, found: dict[str, Person]) -> None:
    """A mail that somebody fetched had been delivered to them, whatever was seen of its envelope."""
    name = event.person
    if not name or "@" not in name or event.table != "messages":
        return
    person = found.setdefault(name, Person(name))
    if person.delivered == "accepted":
        return
    # One who reads what was sent to an alias is no recipient of the envelope, but has the mail.
    row = event.row
    if name in (*campaign.unknown, *campaign.rejected, *(row["to_addrs"] or ()), *(row["cc_addrs"] or ())):
        campaign.rejected.pop(name, None)
        campaign.unknown.pop(name, None)
        campaign.accepted[name] = event.time
    person.delivered, person.delivered_at = "accepted", event.time


def _mailboxes(people: Iterable[str], domain: str) -> Mailboxes:
    """Mailbox by login name: the whole address, or its local part where that is unique."""
    names: dict[str, str] = {}
    ambiguous = set()
    for address in people:
        local = address.partition("@")[0]
        if names.get(local, address) != address:
            ambiguous.add(local)
        names[local] = address
        names[address] = address
    return Mailboxes({name: address for name, address in names.items() if name not in ambiguous}, domain)


def _logins(scene: Scene) -> list[dict[str, Any]]:
    """Logins with a name at the owner's servers, by time."""
    table = scene.tables["logins"]
    return rows(table.filter(_.user.notnull()).order_by("start").limit(LOGINS))


def _fetched(campaign: Campaign, seen: Seen, mailboxes: Mailboxes) -> list[Event]:
    """Who fetched a message of the campaign, by POP3 or IMAP, or saw it in the webmail."""
    events = []
    for letter in campaign.fetched:
        row = letter.row
        login = seen.by_session.get(row["session_id"])
        how = str(row["transfer"]).partition("-")[0]
        person = mailboxes.of_login(str(login["user"])) if login else next(iter(letter.recipients), None)
        events.append(
            Event("fetched", row["start"], row["client_addr"], row["server_addr"], how, "messages", row, person, 0.95)
        )
    attackers = set(campaign.sender_ips)
    events += _in_webmail(campaign, seen, mailboxes)
    return [event for event in events if event.client not in attackers]


def _subjects(campaign: Campaign) -> list[str]:
    subjects = {str(member.letter.row["subject"] or "") for member in campaign.members}
    return sorted(text for text in subjects if len(text) >= SUBJECT)[:SUBJECTS]


def _pages(scene: Scene, campaigns: Sequence[Campaign]) -> dict[str, list[dict[str, Any]]]:
    """Pages of own servers that show a campaign's subject."""
    subjects = sorted({subject for campaign in campaigns for subject in _subjects(campaign)})[:SUBJECTS]
    if not subjects:
        return {}
    http = scene.tables["http_requests"]
    shows = reduce(or_, [http.response_body_prefix.contains(text) | (http.response_title == text) for text in subjects])
    columns = "flow_id capture last_capture first_packet last_packet start exchange client_addr server_addr host uri"
    more = ["response_body_prefix", "response_title"]
    table = http.filter(shows).select(*columns.split(), *more).order_by("start").limit(EVENTS)
    found: dict[str, list[dict[str, Any]]] = {subject: [] for subject in subjects}
    for row in rows(table):
        if scene.network.is_own(row["server_addr"]):
            text = f"{row.pop('response_title')} {row.pop('response_body_prefix')}"
            for subject in subjects:
                if subject in text:
                    found[subject].append(row)
    return found


def _in_webmail(campaign: Campaign, seen: Seen, mailboxes: Mailboxes) -> list[Event]:
    """Webmail pages that list or show the campaign's mail, by whom who logged in there."""
    events = []
    for row in (page for subject in _subjects(campaign) for page in seen.pages.get(subject, ())):
        if row["start"] < campaign.first:
            continue
        entered = [
            login
            for login in seen.logins
            if login["client_addr"] == row["client_addr"]
            and login["server_addr"] == row["server_addr"]
            and str(login["service"]).startswith("http")
            and login["start"] <= row["start"]
        ]
        person = mailboxes.of_login(str(entered[-1]["user"])) if entered else None
        client, server = row["client_addr"], row["server_addr"]
        events.append(Event("fetched", row["start"], client, server, "webmail", "http_requests", row, person, 0.7))
    return events


def _visits(scene: Scene, hosts: Sequence[str]) -> dict[str, list[Event]]:
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
    requests = []
    for row in rows(_requests_at(tables["http_requests"], hosts, servers)):
        event = _of_request(row)
        requests.append(event)
    for event in _with_submissions(scene, requests):
        name = str(event.row["host"] or "").lower().partition(":")[0]
        name = name if name in found else event.server
        found.setdefault(name, []).append(event)
    return found


def _requests_at(http: Table, hosts: Sequence[str], servers: Sequence[str]) -> Table:
    host = http.host.lower().re_replace(r":\d+$", "")
    addresses = [name for name in hosts if parsed(name) is not None]
    asked = but_not(http.filter(host.isin(hosts) | http.server_addr.isin(addresses)), "client_addr", servers)
    columns = (
        "flow_id capture last_capture first_packet last_packet start exchange client_addr server_addr host uri method"
    )
    return asked.filter(_.method.notnull()).select(*columns.split()).order_by("start").limit(EVENTS)


def _visits_of(campaign: Campaign, seen: Seen) -> list[Event]:
    """Visits to the campaign's hosts since its first mail.

    Hosts that people opened before are no lures while others are left: the mail links to them for looks.
    """
    hosts = campaign.lure_hosts[:COMMON_HOSTS]
    events = {host: seen.visits.get(host, []) for host in hosts}
    new = [h for h in hosts if all(e.kind == "looked-up" or e.time >= campaign.first for e in events[h])] or hosts
    attackers = set(campaign.sender_ips)
    found = [e for host in new for e in events[host] if e.time >= campaign.first and e.client not in attackers]
    return sorted(found, key=lambda event: event.time)


def _of_request(row: Mapping[str, Any]) -> Event:
    return Event("opened", row["start"], row["client_addr"], row["server_addr"], "http", "http_requests", row)


def _with_submissions(scene: Scene, events: list[Event]) -> list[Event]:
    """Requests that carry a secret are submissions; the user's name beside it says whose."""
    requests = {(e.row["flow_id"], e.row["exchange"]): e for e in events if e.table == "http_requests"}
    if not requests:
        return events
    flows = sorted({flow for flow, _exchange in requests})
    table = scene.tables["http_parameters"]
    fields = table.filter(_.place != "header", _.place != "cookie", _.is_secret | _.is_user)
    sent = among(fields, "flow_id", flows)
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
    visits: Sequence[Event], logins: Sequence[Mapping[str, Any]], fetched: Sequence[Event], mailboxes: Mailboxes
) -> list[Event]:
    """Visits with the person who most likely sat there."""
    typed = [event for event in visits if event.kind == "submitted" and event.person]
    result = []
    for event in visits:
        near = [other for other in typed if other.client == event.client and abs(other.time - event.time) < ONE_SITTING]
        if event.person or near:  # the name typed into the lure
            name = event.person or near[0].person or ""
            sure = 0.95 if event.person else 0.9
            result.append(replace(event, person=mailboxes.of_typed(name), sure=sure, told_by="typed"))
        else:
            people, sure, told_by = _who(event, logins, fetched, mailboxes)
            named = replace(event, sure=sure, told_by=told_by)
            result.append(
                replace(named, person=people[0]) if len(people) == 1 else replace(named, one_of=tuple(people))
            )
    return result


def _who(
    event: Event, logins: Sequence[Mapping[str, Any]], fetched: Sequence[Event], mailboxes: Mailboxes
) -> tuple[list[str], float, str]:
    """Those who fetched the lure at the address before; else those who logged in there, the latest; by name."""
    readers = [f for f in fetched if f.client == event.client and f.person and f.time <= event.time]
    if readers:
        people = sorted({str(reader.person) for reader in readers})
        return people, 0.85 if len(people) == 1 else round(0.85 / len(people), 2), "fetched"
    users = [
        mailboxes.of_login(str(row["user"]))
        for row in logins
        if row["client_addr"] == event.client
        and row["success"] != "no"
        and timedelta(0) <= event.time - row["start"] <= LOGIN_AGE
    ]
    people = list(dict.fromkeys(reversed(users)))
    return sorted(people[:CANDIDATES]), round(0.6 / max(len(people), 1), 2), "login" if people else ""


def _misused(
    logins: Sequence[Mapping[str, Any]],
    campaign: Campaign,
    given: set[str],
    found: Mapping[str, Person],
    mailboxes: Mailboxes,
) -> list[Event]:
    """Logins with an account whose password was given away, from the hosts of the campaign, after it was given."""
    events = []
    hosts = set(campaign.sender_ips)
    for row in logins:
        person = mailboxes.of_login(str(row["user"]))
        if row["client_addr"] not in hosts or person not in given or row["success"] == "no":
            continue
        since = found[person].first("submitted")
        if since is not None and row["start"] >= since.time:
            client, server = row["client_addr"], row["server_addr"]
            events.append(
                Event("account-used", row["start"], client, server, row["service"], "logins", row, person, 0.95)
            )
    return events
