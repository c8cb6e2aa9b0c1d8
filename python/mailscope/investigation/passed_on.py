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
    found = []
    for chain in inside:
        origin = next((other for other in _candidates(chain, by_mark) if _is_same(chain, other)), None)
        if origin is not None:
            found.append((chain, origin))
    return found


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
