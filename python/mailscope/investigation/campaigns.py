"""Phishing campaigns: suspect messages put together by text, link, sender and sending host, with every envelope tried.

A message is judged by itself first (`detect.phishing`). Messages that are suspect are joined where they share a key
that ordinary mail of the same capture does not share; then the group is judged by all its signals together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ibis import _

from mailscope.detect.domains import domain_of
from mailscope.detect.endpoints import asked_host
from mailscope.detect.finding import Fact
from mailscope.detect.phishing import STRONG, THRESHOLD, Judgement, judged, total
from mailscope.detect.phishing_brands import BRANDS
from mailscope.detect.phishing_hosts import FREE_HOSTS, FREE_PAGES, SHORTENERS
from mailscope.detect.phishing_letter import Ground, Letter, letters
from mailscope.detect.phishing_links import targets_inside
from mailscope.detect.phishing_lookalike import is_of_brand
from mailscope.detect.phishing_signs import sign
from mailscope.detect.registrable import registrable
from mailscope.investigation.campaign_groups import groups
from mailscope.investigation.conversation import rows
from mailscope.investigation.scene import Scene, Tables

MANY = 5
"""Recipients of one text from which on it was sent to many."""

GUESSED = 2
"""Unknown recipients from which on addresses were guessed."""

TIMES_OTHERS = 5
"""A sender with so many times the mails of any other outside sender stands out."""

INSIDERS = 50_000
"""Pairs of address and account looked at to tell who sits inside."""

PASSED_THROUGH = ("direct", "proxy-protocol")
"""How a session came that is mail for the server it reached, not traffic carried through a proxy."""


@dataclass(slots=True)
class Sender:
    """How many messages name one From address, and how it compares with the other senders."""

    address: str
    messages: int
    times_next: float | None


@dataclass(slots=True)
class Campaign:
    """One wave of messages of one origin, and what became of each recipient."""

    members: list[Judgement]
    facts: list[Fact]
    confidence: float
    sender_ips: list[str]
    senders: list[str]
    lure_urls: list[str]
    lure_hosts: list[str]
    attempts: list[Mapping[str, Any]] = field(default_factory=list)
    accepted: dict[str, datetime] = field(default_factory=dict)
    rejected: dict[str, datetime] = field(default_factory=dict)
    unknown: dict[str, datetime] = field(default_factory=dict)
    relay_attempts: list[str] = field(default_factory=list)
    fetched: list[Letter] = field(default_factory=list)
    top_sender: Sender | None = None

    @property
    def recipients(self) -> list[str]:
        """Everybody it was meant for."""
        return sorted({**self.accepted, **self.rejected, **self.unknown})

    @property
    def first(self) -> datetime:
        """When the first of its messages or attempts began."""
        times: list[datetime] = [row["start"] for row in self._rows]
        return min(times)

    @property
    def last(self) -> datetime:
        """When the last of them ended."""
        times: list[datetime] = [row["end"] for row in self._rows]
        return max(times)

    @property
    def _rows(self) -> list[Mapping[str, Any]]:
        return [*self.attempts, *(member.letter.row for member in self.members)]


@dataclass(slots=True)
class Judged:
    """All messages with their judgement, copies seen when they were fetched, and the campaigns among them."""

    every: list[Judgement]
    incoming: list[Judgement]
    copies: dict[str, list[Letter]]
    campaigns: list[Campaign]
    senders: Counter[str]
    doubtful: list[Campaign] = field(default_factory=list)
    """Below the threshold, with files and no link: the page that took a password may tell."""


def judged_messages(scene: Scene) -> Judged:
    """The campaigns of a scene, the surest first."""
    ground = Ground(scene.network, scene.domains, insiders=_insiders(scene))
    originals, copies = _originals(letters(scene.tables), scene)
    every = [judged(letter, ground) for letter in originals]
    senders = Counter(j.letter.from_addr for j in every if j.letter.from_addr)
    outside = Counter(j.letter.from_addr for j in every if (j.letter.from_addr and j.cleared is None) or j.facts)
    incoming = [j for j in every if _is_for_us(j.letter, scene)]
    attempts = _attempts(scene.tables)
    found, doubtful = [], []
    for members in groups(incoming, scene):
        campaign = _campaign(members, scene, attempts, copies)
        campaign.top_sender = _compared(campaign, outside)
        _judge(campaign)
        if campaign.confidence >= THRESHOLD:
            found.append(campaign)
        elif not campaign.lure_urls and any(member.letter.files for member in members):
            doubtful.append(campaign)
    found.sort(key=lambda campaign: (-campaign.confidence, campaign.first))
    return Judged(every, incoming, copies, found, senders, doubtful)


def _insiders(scene: Scene) -> frozenset[str]:
    """Names of accounts that were opened from inside, without their domains."""
    logins = scene.tables["logins"].filter(_.user.notnull(), _.success != "no")
    seen = rows(logins.select("client_addr", "user").distinct().limit(INSIDERS))
    own = (row["user"] for row in seen if scene.network.is_own(row["client_addr"]))
    return frozenset(user.lower().partition("@")[0] for user in own)


def _originals(found: Sequence[Letter], scene: Scene) -> tuple[list[Letter], dict[str, list[Letter]]]:
    """Each message once, as it was handed in where that was seen; and all views of it by name, in order of time."""
    views: dict[str, list[Letter]] = defaultdict(list)
    for letter in found:
        views[name_of(letter)].append(letter)
    originals = []
    for several in views.values():
        handed_in = _first_hops([letter for letter in several if letter.is_handed_in], scene)
        # Handed in twice under one name it may be two messages; fetched twice it is one.
        originals += handed_in or several[:1]
    return sorted(originals, key=lambda letter: (letter.row["start"], letter.key)), views


def _first_hops(several: Sequence[Letter], scene: Scene) -> list[Letter]:
    """Views of one message without those in which a server that had taken it in passes it on, or one behind it."""
    kept: list[Letter] = []
    took: set[str] = set()
    came_in = False
    for letter in several:
        client = letter.row["client_addr"]
        is_passed_on = client in took or (came_in and scene.network.is_own(client))
        if is_passed_on and not scene.network.is_outside(client):
            took.add(letter.row["server_addr"])
            continue
        kept.append(letter)
        if _is_for_us(letter, scene):
            took.add(letter.row["server_addr"])
            came_in = came_in or scene.network.is_outside(client)
    return kept


def name_of(letter: Letter) -> str:
    """What a message is known by wherever it is seen: its Message-ID, else sender, subject and text."""
    row = letter.row
    if row["message_id"]:
        return f"id {row['message_id']} {letter.from_addr}"
    return f"as {letter.from_addr} {row['subject']} {row['text_simhash']} {row['structure_hash']}"


def _is_for_us(letter: Letter, scene: Scene) -> bool:
    """Mail that came for the owner's people, not mail that leaves or is carried through a proxy to others."""
    if _came_through_own_proxy(letter, scene):
        return True
    if letter.row.get("via") not in (None, *PASSED_THROUGH):
        return False
    if letter.is_handed_in and scene.network.is_outside(letter.row["server_addr"]):
        return False
    if scene.is_proxy_end(letter.row["server_addr"], letter.row["server_port"]):
        return False
    return not scene.domains.is_foreign(letter.recipients) if letter.is_handed_in else True


def _came_through_own_proxy(letter: Letter, scene: Scene) -> bool:
    """Somebody outside had a host of the owner's hand it to the owner's own people."""
    is_inwards = scene.network.is_outside(letter.row["client_addr"]) and scene.network.is_own(letter.row["server_addr"])
    to = letter.recipients
    return letter.is_handed_in and is_inwards and bool(to) and all(scene.domains.is_own(address) for address in to)


# --- what became of it


@dataclass(slots=True)
class Attempts:
    """All mail transactions, found by their key, and those that came to no message by who made them."""

    by_key: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)
    without_message: dict[tuple[str, Any], list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def of(self, found: Sequence[Letter]) -> list[Mapping[str, Any]]:
        """Envelopes of the messages, and those of the same sender from the same host, or under the same HELO."""
        rows_found = {key: self.by_key[key] for letter in found if (key := _envelope_key(letter)) in self.by_key}
        for letter in found:
            if not letter.is_handed_in:
                continue
            helo = letter.row.get("helo")
            for origin in (letter.row["client_addr"], f"helo {helo}" if helo else ""):
                for row in self.without_message.get((origin, letter.envelope_from), ()):
                    rows_found.setdefault((row["session_id"], row["transaction"]), row)
        return sorted(rows_found.values(), key=lambda row: (row["start"], row["session_id"], row["transaction"]))


def _envelope_key(letter: Letter) -> tuple[str, Any]:
    return letter.row["session_id"], letter.row["transaction"]


def _attempts(tables: Tables) -> Attempts:
    """All mail transactions by time."""
    found = Attempts()
    for row in rows(tables["mail_transactions"].order_by(["start", "session_id", "transaction"])):
        found.by_key[(row["session_id"], row["transaction"])] = row
        if not row["data_command"] and row["mail_from"]:
            sender = str(row["mail_from"]).lower()
            found.without_message[(row["client_addr"], sender)].append(row)
            if row["helo"]:
                found.without_message[(f"helo {row['helo']}", sender)].append(row)
    return found


def _campaign(
    members: list[Judgement],
    scene: Scene,
    attempts: Attempts,
    copies: Mapping[str, Sequence[Letter]],
) -> Campaign:
    found = [member.letter for member in members]
    hosts = Counter(ip for letter in found if (ip := letter.sender_ip(scene.network)))
    senders = Counter(letter.from_addr for letter in found if letter.from_addr)
    urls = lures(found, scene)
    campaign = Campaign(
        members=members,
        facts=[],
        confidence=0.0,
        sender_ips=[ip for ip, _count in hosts.most_common()],
        senders=[address for address, _count in senders.most_common()],
        lure_urls=[url for url, _host in urls],
        lure_hosts=list(dict.fromkeys(host for _url, host in urls)),
        fetched=[
            view
            for name in dict.fromkeys(map(name_of, found))
            for view in copies.get(name, ())
            if not view.is_handed_in and not view.row["from_client"]
        ],
    )
    _add_attempts(campaign, found, scene, attempts)
    return campaign


def lures(found: Sequence[Letter], scene: Scene) -> list[tuple[str, str]]:
    """URLs that lead out of the owner's domains with their hosts, the commonest first.

    Lures link to well-known names besides, for pictures or for looks; those count only when nothing else is linked.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for letter in found:
        written = {(link.url, link.host) for link in letter.links}
        inside = {(url, _host_of(url)) for link in letter.links for url in targets_inside(link.url)}
        counts.update({pair for pair in written | inside if pair[1] and not scene.domains.is_own(f"x@{pair[1]}")})
    pairs = [pair for pair, _count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return [pair for pair in pairs if not _is_well_known(*pair)] or pairs


def _host_of(url: str) -> str:
    try:
        return asked_host(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _is_well_known(url: str, host: str) -> bool:
    """A host of a known name where not anybody can put a page."""
    if host.endswith(FREE_HOSTS) or url.partition("://")[2].startswith(FREE_PAGES):
        return False
    domain = registrable(host)
    return domain not in SHORTENERS and any(is_of_brand(domain, brand) for brand in BRANDS)


def _add_attempts(campaign: Campaign, found: list[Letter], scene: Scene, attempts: Attempts) -> None:
    """What became of each recipient, of messages and of envelopes that never came to one."""
    meant = {domain_of(address) for letter in found for address in letter.recipients}
    campaign.attempts = attempts.of(found)
    for row in campaign.attempts:
        for address, code in zip(row["rcpt_to"] or (), row["rcpt_codes"] or (), strict=False):
            _add_recipient(campaign, str(address).lower(), code, row, meant, scene)
    for letter in found:
        if not letter.is_handed_in:  # fetched only: whoever fetched it had it
            for address in letter.recipients:
                campaign.accepted.setdefault(address, letter.row["start"])
    for address in campaign.accepted:
        campaign.rejected.pop(address, None)
        campaign.unknown.pop(address, None)
    for address in campaign.rejected:
        campaign.unknown.pop(address, None)


def _add_recipient(
    campaign: Campaign, address: str, code: int | None, row: Mapping[str, Any], meant: set[str], scene: Scene
) -> None:
    is_refused = (code is not None and code >= 400) or row["delivered"] == "no"
    domain = domain_of(address)
    if is_refused and domain not in meant and not scene.domains.is_own(address):
        campaign.relay_attempts.append(address)
    elif is_refused:
        campaign.rejected.setdefault(address, row["start"])
    elif row["delivered"] == "yes":
        campaign.accepted.setdefault(address, row["start"])
    else:
        campaign.unknown.setdefault(address, row["start"])


# --- how sure it is


def _compared(campaign: Campaign, counts: Counter[str]) -> Sender | None:
    """The campaign's sender beside all other senders from outside."""
    if not campaign.senders:
        return None
    mine = campaign.senders[0]
    messages = len([m for m in campaign.members if m.letter.from_addr == mine])
    others = [count for address, count in counts.items() if address not in campaign.senders]
    return Sender(mine, messages, round(messages / max(others), 1) if others else None)


def _judge(campaign: Campaign) -> None:
    """Signals of most members each once, then those that only the whole shows."""
    facts: dict[str, Fact] = {}
    counts: Counter[str] = Counter()
    for member in campaign.members:
        for fact in member.facts:
            facts.setdefault(fact.name, fact)
            counts[fact.name] += 1
    kept = [fact for name, fact in facts.items() if 2 * counts[name] >= len(campaign.members)]
    against = [fact for fact in kept if fact.weight > 0]
    if len(campaign.recipients) >= MANY and any(fact.weight >= STRONG for fact in against):
        against.append(sign("many-recipients", count=len(campaign.recipients)))
    if len(campaign.rejected) >= GUESSED:
        against.append(sign("guessed-recipients", count=len(campaign.rejected)))
    top = campaign.top_sender
    if top is not None and top.times_next is not None and top.times_next >= TIMES_OTHERS and top.messages >= MANY:
        against.append(sign("dominant-sender", sender=top.address, times=f"{top.times_next:g}"))
    campaign.facts = sorted(against, key=lambda fact: -fact.weight)
    best = max(member.score for member in campaign.members)
    campaign.confidence = max(best, total(against, [fact for fact in kept if fact.weight < 0]))
