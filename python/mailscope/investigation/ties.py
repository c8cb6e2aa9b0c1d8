"""What ties an outgoing connection to the request that commanded it: one function a kind of fact.

Each fact has a weight, the chance that the two belong together given this fact alone. The weights are set by
how often the fact holds by chance in ordinary traffic: many clients talk to the same big mail server (target),
but no two conversations share long pieces of payload unless one is a copy of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from mailscope.detect.finding import Fact
from mailscope.investigation.conversation import Conversation, Mail, Request
from mailscope.investigation.targets import Names
from mailscope.wording import Phrase, amount, phrase

SKETCH_FULL = 32
"""Hashes in a full sketch (`SKETCH_LEN` of the core): a full one shows only the smallest hashes of its stream."""

CONNECT_WINDOW = timedelta(seconds=30)
"""A proxy connects within this time of the request; name resolution and retries need most of it."""

CLOCK_SLACK = timedelta(milliseconds=100)
"""Packets of one capture may be stamped out of order by this much."""

ENDS_WITHIN = timedelta(seconds=2)
"""A tunnel and its connection end within this time; the slower one waits for the other's last answer."""

SHARED_FEW = 2
"""Shared chunks from which on chance is ruled out: each is at least 16 bytes long."""


@dataclass(frozen=True, slots=True)
class Containment:
    """How much of the smaller stream is in the larger one: `shared` of `smaller` chunks that can be compared."""

    shared: int
    smaller: int

    @property
    def share(self) -> float:
        """0..1; 0 when there is nothing to compare."""
        return self.shared / self.smaller if self.smaller else 0.0


def containment(one: frozenset[int], other: frozenset[int]) -> Containment:
    """Compares two sketches below the largest hash that both would have kept."""
    limits = [max(hashes) for hashes in (one, other) if len(hashes) >= SKETCH_FULL]
    if limits:
        limit = min(limits)
        one = frozenset(value for value in one if value <= limit)
        other = frozenset(value for value in other if value <= limit)
    return Containment(len(one & other), min(len(one), len(other)))


def target_fact(request: Request, leg: Conversation, names: Names) -> Fact | None:
    """The request names the host and port that the leg reaches."""
    host, port = request.row.get("target_host"), request.row.get("target_port")
    if request.is_unseen or not host or port != leg.row["server_port"]:
        return None
    how = names.how_same(str(host), leg.server_addr)
    if how is None:
        return None
    weight = {"address": 0.6, "encoded-address": 0.6, "dns": 0.55, "name": 0.4}[how]
    return Fact(f"target-{how}", weight, phrase(f"tie.target-{how}", target=request.target, server=leg.server))


def time_fact(request: Request, leg: Conversation, offset: timedelta) -> Fact | None:
    """The leg begins just after the request; `offset` is how far the leg's clock is ahead."""
    if request.is_unseen or not leg.row["from_start"]:
        overlaps = request.start <= leg.end - offset and leg.start - offset <= request.end
        return Fact("time-overlap", 0.2, phrase("tie.time-overlap")) if overlaps else None
    delay = leg.start - offset - request.start
    if not -CLOCK_SLACK <= delay <= CONNECT_WINDOW:
        return None
    weight = 0.4 if delay <= timedelta(seconds=2) else 0.25
    return Fact("time-order", weight, phrase("tie.time-order", delay=max(delay, timedelta(0))))


def end_fact(request: Request, leg: Conversation, offset: timedelta) -> Fact | None:
    """Both end together: the proxy carries the one into the other."""
    if abs(leg.end - offset - request.end) > ENDS_WITHIN:
        return None
    return Fact("time-end", 0.5, phrase("tie.time-end"))


def is_out_of_order(request: Request, leg: Conversation, offset: timedelta) -> bool:
    """True when the leg began before the request, which no command can cause."""
    if request.is_unseen or not leg.row["from_start"]:
        return False
    return leg.start - offset < request.start - timedelta(seconds=1)


def host_fact(request: Request, leg: Conversation) -> Fact | None:
    """The host that was asked is the host that connects."""
    if request.proxy_addr != leg.client_addr:
        return None
    return Fact("same-host", 0.3, phrase("tie.same-host", host=leg.client_addr))


def port_fact(request: Request, leg: Conversation) -> Fact | None:
    """The leg keeps the commander's source port, as dante and other proxies do."""
    if request.row["client_port"] != leg.row["client_port"]:
        return None
    return Fact("source-port-kept", 0.9, phrase("tie.source-port-kept", port=str(leg.row["client_port"])))


def payload_facts(request: Request, leg: Conversation) -> list[Fact]:
    """The same bytes ran on both legs."""
    client = max(
        (containment(hashes, leg.client_hashes) for hashes in _client_hashes(request)),
        key=lambda found: (found.share, found.shared),
        default=Containment(0, 0),
    )
    server = max(
        (containment(hashes, leg.server_hashes) for hashes in _server_hashes(request)),
        key=lambda found: (found.share, found.shared),
        default=Containment(0, 0),
    )
    facts = []
    if client.shared >= SHARED_FEW and client.share >= 0.5:
        facts.append(Fact("payload-equal", 0.95, _payload_phrase(client)))
    elif client.shared and client.share >= 0.5:
        facts.append(Fact("payload-equal", 0.6, _payload_phrase(client)))
    if server.shared and server.share >= 0.5:
        # Servers repeat their greeting and capabilities in every session, so this weighs less.
        weight = 0.4 if server.shared >= SHARED_FEW else 0.25
        facts.append(
            Fact("answers-equal", weight, phrase("tie.answers-equal", shared=server.shared, of=server.smaller))
        )
    return facts


def helo_fact(request: Request, leg: Conversation) -> Fact | None:
    """Both sides greet with the same name."""
    inside = {helo.lower() for conversation in request.carried for helo in conversation.helos}
    same = sorted(inside & {helo.lower() for helo in leg.helos})
    return Fact("helo-equal", 0.35, phrase("tie.helo-equal", helo=same)) if same else None


def mail_facts(request: Request, leg: Conversation) -> list[Fact]:
    """The same mails were handed in on both legs."""
    inside, outside = request.mails, leg.mails
    facts = []
    if _message_ids(inside) & _message_ids(outside):
        facts.append(Fact("message-equal", 0.97, phrase("tie.message-equal")))
    elif _bodies(inside) & _bodies(outside):
        # A campaign sends one text many times, so the text alone says little.
        facts.append(Fact("body-equal", 0.5, phrase("tie.body-equal")))
    envelopes = {mail.envelope for mail in inside if mail.mail_from and mail.recipients}
    same = envelopes & {mail.envelope for mail in outside if mail.mail_from and mail.recipients}
    if same:
        facts.append(Fact("envelope-equal", 0.9, phrase("tie.envelope-equal", envelopes=amount(len(same), "envelope"))))
    return facts


def is_contradicted(request: Request, leg: Conversation) -> bool:
    """True when both legs show whole envelopes and not one of them is the same, whatever the texts share."""
    inside = {mail.envelope for mail in request.mails if mail.mail_from and mail.recipients}
    outside = {mail.envelope for mail in leg.mails if mail.mail_from and mail.recipients}
    if not inside or not outside or inside & outside:
        return False
    return not _message_ids(request.mails) & _message_ids(leg.mails)


def _payload_phrase(found: Containment) -> Phrase:
    return phrase("tie.payload-equal", shared=found.shared, of=found.smaller)


def _client_hashes(request: Request) -> Iterable[frozenset[int]]:
    return [request.client_hashes, *(conversation.client_hashes for conversation in request.carried)]


def _server_hashes(request: Request) -> Iterable[frozenset[int]]:
    return [request.server_hashes, *(conversation.server_hashes for conversation in request.carried)]


def _message_ids(mails: Iterable[Mail]) -> set[str]:
    return {mail.message_id for mail in mails if mail.message_id}


def _bodies(mails: Iterable[Mail]) -> set[str]:
    return {mail.body_sha256 for mail in mails if mail.body_sha256}
