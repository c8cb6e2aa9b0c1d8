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

from mailscope.detect.domains import domain_of
from mailscope.investigation.campaigns import Campaign
from mailscope.investigation.conversation import rows
from mailscope.investigation.lure_visits import EVENTS, ONE_SITTING, Event, visits
from mailscope.investigation.scene import Scene
from mailscope.investigation.unlinked_pages import unlinked

LOGIN_AGE = timedelta(hours=8)
"""A login this long ago at an address still says who sits there; the latest counts."""

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
        visits=visits(scene, hosts) if hosts else {},
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
    visited = _visits_of(campaign, seen) or unlinked(scene, campaign, fetched)
    for event in [*fetched, *_attributed(visited, seen.logins, fetched, mailboxes)]:
        name = " / ".join(event.one_of) if event.one_of else event.person or event.client
        found.setdefault(name, Person(name, one_of=list(event.one_of))).events.append(event)
    given = {name for name, person in found.items() if person.first("submitted") is not None}
    for event in _misused(seen.logins, campaign, given, found, mailboxes, scene):
        found[event.person or event.client].events.append(event)
    for person in found.values():
        _without_thieves(person)
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
    scene: Scene,
) -> list[Event]:
    """Logins with an account whose password was given away, after it was given, by strangers.

    Strangers are the hosts of the campaign and those that took the password; less sure, any address outside from
    which nobody had opened this account before.
    """
    events = []
    collectors = {event.server for person in found.values() for event in person.events if event.kind == "submitted"}
    hosts = {*campaign.sender_ips, *(server for server in collectors if not scene.network.is_own(server))}
    before: set[tuple[str, str]] = set()
    for row in logins:
        client, person = row["client_addr"], mailboxes.of_login(str(row["user"]))
        since = found[person].first("submitted") if person in given else None
        if since is None or row["success"] == "no":
            continue
        if row["start"] < since.time:
            before.add((client, person))
            continue
        is_outside = scene.network.is_outside(client) and scene.network.is_own(row["server_addr"])
        is_new = is_outside and row["success"] == "yes" and (client, person) not in before
        if client in hosts or is_new:
            sure = 0.95 if client in hosts else 0.7
            how, server = row["service"], row["server_addr"]
            events.append(Event("account-used", row["start"], client, server, how, "logins", row, person, sure))
    return events


def _without_thieves(person: Person) -> None:
    """What a stranger reads with somebody's account was not fetched by that person."""
    strangers = {event.client: event.time for event in reversed(person.events) if event.kind == "account-used"}
    person.events = [
        event
        for event in person.events
        if event.kind != "fetched" or event.client not in strangers or event.time < strangers[event.client]
    ]
