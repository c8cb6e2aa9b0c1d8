"""Requests that a proxy of the owner made to another one for a stranger: the same conversation, handed on inside.

Without this the first proxy would look like an insider who commands the second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from mailscope.investigation import ties
from mailscope.investigation.conversation import Request
from mailscope.investigation.path import Chain
from mailscope.investigation.vantage import CLOCKS_APART

CANDIDATES = 50
"""Strangers' requests with one mail in common that a request is compared with."""


def handed_on(inside: Iterable[Chain], relayed: Iterable[Chain]) -> list[tuple[Chain, Chain]]:
    """Chains commanded from inside that carry what a stranger's chain carries, each with that one."""
    by_mark: dict[Hashable, list[Chain]] = defaultdict(list)
    for chain in relayed:
        for mark in _marks(chain):
            by_mark[mark].append(chain)
    pairs = []
    for number, chain in enumerate(inside):
        for other in _candidates(chain, by_mark):
            if _is_same(chain, other):
                pairs.append((_unlike(chain, other), number, chain, other))
    pairs.sort(key=lambda pair: pair[:2])
    return _each_once([(chain, other) for _rank, _number, chain, other in pairs])


def _each_once(pairs: Sequence[tuple[Chain, Chain]]) -> list[tuple[Chain, Chain]]:
    """The best pair of each inner chain; an outer one is given twice only when no other is left for an inner one.

    Mails of one run have one envelope and often one text: without this, all would go to the first of them.
    """
    found: dict[int, tuple[Chain, Chain]] = {}
    given: set[int] = set()
    for chain, other in pairs:
        if id(chain) not in found and id(other) not in given:
            found[id(chain)] = (chain, other)
            given.add(id(other))
    for chain, other in pairs:
        found.setdefault(id(chain), (chain, other))
    return list(found.values())


def _unlike(chain: Chain, other: Chain) -> tuple[bool, float]:
    """How much speaks against the pair: no message in common, then the time between the two requests, in seconds."""
    inner, outer = chain.request, other.request
    if inner is None or outer is None:
        return True, 0.0
    shared = _messages(inner) & _messages(outer)
    return not shared, abs((inner.start - outer.start).total_seconds())


def _messages(request: Request) -> set[str]:
    return {mark for mail in request.mails for mark in (mail.message_id, mail.body_sha256) if mark}


def take_over(chain: Chain, origin: Chain) -> None:
    """The stranger's chain ends where the inner one does."""
    if origin.leg is None and chain.leg is not None:
        origin.leg, origin.facts = chain.leg, chain.facts
        origin.same_leg = chain.same_leg


def _marks(chain: Chain) -> set[Hashable]:
    marks: set[Hashable] = set()
    for mail in chain.request.mails if chain.request is not None else ():
        if mail.mail_from and mail.recipients:
            marks.add(mail.envelope)
    return marks


def _candidates(chain: Chain, by_mark: Mapping[Hashable, Sequence[Chain]]) -> Iterable[Chain]:
    for mark in _marks(chain):
        yield from by_mark.get(mark, ())[:CANDIDATES]


def _is_same(chain: Chain, origin: Chain) -> bool:
    inner, outer = chain.request, origin.request
    if inner is None or outer is None:
        return False
    within = ties.CONNECT_WINDOW if inner.capture == outer.capture else CLOCKS_APART
    return abs(inner.start - outer.start) <= within and _is_copy(inner, outer)


def _is_copy(inner: Request, outer: Request) -> bool:
    facts = [fact for carried in outer.carried for fact in ties.payload_facts(inner, carried)]
    return any(fact.name == "payload-equal" for fact in facts)
