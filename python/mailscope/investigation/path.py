"""From an outgoing SMTP connection back to the request that commanded it.

Every pair of request and leg that shares anything (target, source port, payload, envelope, message) is a
candidate; facts for it are weighed (`ties`), and pairs are taken from the surest down, each request and each leg
once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mailscope.detect.finding import Fact, combined, doubt
from mailscope.investigation import ties
from mailscope.investigation.conversation import Conversation, Mail, Request
from mailscope.investigation.targets import Names, decoded_host

TIED_FROM = 0.5
"""Combined weight from which on a request and a leg are said to belong together."""

CANDIDATES_LIMIT = 200
"""Legs looked at for one request, nearest in time first."""


@dataclass(slots=True)
class Chain:
    """Commander -> proxy -> victim: a request, a leg, or both, and what ties them."""

    request: Request | None
    leg: Conversation | None
    facts: list[Fact] = field(default_factory=list)
    undecoded: dict[str, object] | None = None
    same_request: list[Request] = field(default_factory=list)
    same_leg: list[Conversation] = field(default_factory=list)
    is_ambiguous: bool = False

    @property
    def confidence(self) -> float:
        """How sure it is that this request made this leg."""
        return combined(self.facts)

    @property
    def is_tied(self) -> bool:
        """True when both ends of the chain are known."""
        return self.request is not None and self.leg is not None

    @property
    def mails(self) -> list[Mail]:
        """The mails, from the view that shows most of them: a capture point may have missed the answers."""
        legs = ([self.leg] if self.leg else []) + self.same_leg
        views = [leg.mails for leg in legs] + [request.mails for request in self._requests]
        return max(views, key=_completeness, default=[])

    @property
    def conversations(self) -> list[Conversation]:
        """All decoded sessions of the chain, at every capture point."""
        carried = [c for r in self._requests for c in r.carried]
        return carried + ([self.leg] if self.leg else []) + self.same_leg

    @property
    def _requests(self) -> list[Request]:
        return ([self.request] if self.request else []) + self.same_request


def _completeness(mails: Sequence[Mail]) -> tuple[int, int, int]:
    """More mails, more reply codes, more messages."""
    codes = sum(code is not None for mail in mails for _address, code, _text in mail.recipients)
    return len(mails), codes + sum(m.final_code is not None for m in mails), sum(m.subject is not None for m in mails)


def tied(
    requests: Sequence[Request], legs: Sequence[Conversation], names: Names, offsets: dict[tuple[str, str], timedelta]
) -> list[Chain]:
    """Chains in order of time: requests with their legs, then requests and legs left alone.

    `offsets` says how far the clock of the second capture is ahead of the first one's.
    """
    pairs = []
    index = _Index(legs, names)
    for number, request in enumerate(requests):
        for leg_number in index.near(request):
            leg = legs[leg_number]
            offset = offsets.get((request.capture, leg.capture), timedelta(0))
            facts = facts_for(request, leg, names, offset)
            confidence = combined(facts)
            if confidence >= TIED_FROM:
                delay = abs((leg.start - offset - request.start).total_seconds())
                pairs.append((doubt(facts), delay, number, leg_number, facts))
    pairs.sort(key=lambda pair: pair[:4])
    return _assigned(requests, legs, pairs)


def facts_for(request: Request, leg: Conversation, names: Names, offset: timedelta) -> list[Fact]:
    """Everything that ties the two; empty when something contradicts it."""
    if ties.is_out_of_order(request, leg, offset) or ties.is_contradicted(request, leg) or _is_silent(request, leg):
        return []
    own = [
        ties.target_fact(request, leg, names),
        ties.port_fact(request, leg),
        ties.helo_fact(request, leg),
        *ties.payload_facts(request, leg),
        *ties.mail_facts(request, leg),
    ]
    strong = [fact for fact in own if fact is not None]
    if not strong:
        return []
    circumstances = [ties.time_fact(request, leg, offset), ties.host_fact(request, leg)]
    found = strong + [fact for fact in circumstances if fact is not None]
    if _is_only_chance(found, request):
        return []
    if not _is_answer_alone(request):
        return found
    together = ties.end_fact(request, leg, offset)
    return [*found, together] if together is not None else []


def _is_answer_alone(request: Request) -> bool:
    """True when nothing of the commander's side was captured: neither the target nor a byte of what was sent."""
    has_sent = request.client_hashes or any(c.client_hashes for c in request.carried)
    return not request.is_unseen and not request.row.get("target_host") and not has_sent


def _is_only_chance(facts: list[Fact], request: Request) -> bool:
    """Without equal payload, a named target or a kept port proves nothing unless time and host fit.

    An own mail server may talk to the very server that a stranger asks a proxy for, and in the same second.
    """
    names = {fact.name for fact in facts}
    if names & {"payload-equal", "message-equal", "envelope-equal"}:
        return False
    fits = names & {"same-host", "source-port-kept"} or {"answers-equal", "helo-equal"} <= names
    if request.is_unseen or request.row.get("granted") == "no" or not fits:
        return True
    return not names & {"time-order", "time-overlap"}


def _is_silent(request: Request, leg: Conversation) -> bool:
    """True when nothing went through the tunnel although the connection carried data."""
    return not request.is_unseen and request.row.get("inner_app") == "none" and leg.row["client_bytes"] > 0


def _assigned(
    requests: Sequence[Request],
    legs: Sequence[Conversation],
    pairs: list[tuple[float, float, int, int, list[Fact]]],
) -> list[Chain]:
    taken_requests: set[int] = set()
    taken_legs: set[int] = set()
    chains = []
    rivals: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for uncertain, _delay, number, leg_number, _facts in pairs:
        rivals[leg_number].append((uncertain, number))
    for uncertain, _delay, number, leg_number, facts in pairs:
        if number in taken_requests or leg_number in taken_legs:
            continue
        taken_requests.add(number)
        taken_legs.add(leg_number)
        chain = Chain(requests[number], legs[leg_number], facts)
        chain.is_ambiguous = any(
            other != number and other not in taken_requests and doubted <= uncertain
            for doubted, other in rivals[leg_number]
        )
        chains.append(chain)
    chains += [Chain(request, None) for n, request in enumerate(requests) if n not in taken_requests]
    chains += [Chain(None, leg) for n, leg in enumerate(legs) if n not in taken_legs]
    return sorted(chains, key=lambda chain: _first_time(chain))


def _first_time(chain: Chain) -> float:
    part = chain.request or chain.leg
    return part.start.timestamp() if part is not None else 0.0


class _Index:
    """Legs by everything that a request may share with them."""

    def __init__(self, legs: Sequence[Conversation], names: Names) -> None:
        self.legs = legs
        self.by_mark: dict[Hashable, list[int]] = defaultdict(list)
        for number, leg in enumerate(legs):
            for mark in _leg_marks(leg, names):
                self.by_mark[mark].append(number)

    def near(self, request: Request) -> list[int]:
        """Numbers of the legs that share anything with the request, nearest in time first."""
        found = {number for mark in _request_marks(request) for number in self.by_mark.get(mark, ())}
        if len(found) <= CANDIDATES_LIMIT:
            return sorted(found)
        distance = {n: abs((self.legs[n].start - request.start).total_seconds()) for n in found}
        return sorted(found, key=lambda n: distance[n])[:CANDIDATES_LIMIT]


def _leg_marks(leg: Conversation, names: Names) -> set[Hashable]:
    address, port = leg.server_addr, leg.row["server_port"]
    marks: set[Hashable] = {("target", host, port) for host in {address, *names.of_address(address)}}
    marks.add(("port", leg.row["client_port"]))
    marks |= {("answer", value) for value in leg.server_hashes}
    return marks | _content_marks(leg.client_hashes, leg.mails)


def _request_marks(request: Request) -> set[Hashable]:
    marks: set[Hashable] = {("port", request.row["client_port"])}
    host = request.row.get("target_host")
    if host and not request.is_unseen:
        literal, _is_plain = decoded_host(str(host))
        marks.add(("target", literal or str(host).rstrip(".").lower(), request.row["target_port"]))
    marks |= _content_marks(request.client_hashes, request.mails)
    for conversation in request.carried:
        marks |= _content_marks(conversation.client_hashes, ())
    if _is_answer_alone(request):
        answers = request.server_hashes.union(*(c.server_hashes for c in request.carried))
        marks |= {("answer", value) for value in answers}
    return marks


def _content_marks(hashes: frozenset[int], mails: Iterable[Mail]) -> set[Hashable]:
    marks: set[Hashable] = {("chunk", value) for value in hashes}
    for mail in mails:
        marks |= {("message", mark) for mark in (mail.body_sha256, mail.message_id) if mark}
        if mail.mail_from and mail.recipients:
            marks.add(("envelope", mail.envelope))
    return marks
