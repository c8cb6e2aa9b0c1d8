"""What else the commander did: accounts tried at the victims, requests that led nowhere, other targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ibis.expr.types import Table

from mailscope.detect.listed import among
from mailscope.investigation.conversation import rows
from mailscope.investigation.path import Chain


@dataclass(slots=True)
class Account:
    """One login name tried at one server through the proxy."""

    server: str
    user: str
    succeeded: int = 0
    failed: int = 0
    mechanisms: set[str] = field(default_factory=set)
    flow_ids: list[str] = field(default_factory=list)
    first: Any = None

    @property
    def is_used(self) -> bool:
        """True when a login with it succeeded: the account is stolen, or its owner is the sender."""
        return self.succeeded > 0


@dataclass(slots=True)
class Attempt:
    """A request to a mail port after which no mail conversation was seen."""

    chain: Chain
    target: str
    reply: str
    is_cut: bool = False
    """It was granted, and what went through is not identified only because its packets were cut by the snap length."""


def accounts(chains: Iterable[Chain], logins: Table) -> list[Account]:
    """Accounts tried in the chains' sessions, each login counted once although both legs show it."""
    best: dict[str, Chain] = {}
    for chain in chains:
        for conversation in chain.conversations:
            best[conversation.session_id] = chain
    if not best:
        return []
    found = rows(among(logins, "session_id", sorted(best)).order_by(["start", "session_id", "first_packet"]))
    by_chain: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in found:
        by_chain[id(best[row["session_id"]])][row["session_id"]].append(row)
    chain_of = {id(chain): chain for chain in best.values()}
    result: dict[tuple[str, str], Account] = {}
    for number, views in by_chain.items():
        view = max(views.values(), key=lambda tried: (sum(row["user"] is not None for row in tried), len(tried)))
        for row in view:
            _count(result, victim_of(chain_of[number]) or "?", row)
    return sorted(result.values(), key=lambda account: (account.server, not account.is_used, account.user))


def _count(result: dict[tuple[str, str], Account], server: str, row: Mapping[str, Any]) -> None:
    user = row["user"] if row["user"] is not None else "?"
    account = result.setdefault((server, user), Account(server, user))
    account.succeeded += row["success"] == "yes"
    account.failed += row["success"] == "no"
    account.mechanisms.add(row["mechanism"])
    account.flow_ids.append(row["flow_id"])
    account.first = account.first or row["start"]


def victim_of(chain: Chain) -> str | None:
    """The mail server that got the mail, as ADDR:PORT; as named by the request when the leg was not captured."""
    if chain.leg is not None:
        return chain.leg.server
    return chain.request.target if chain.request is not None else None


def attempts(chains: Sequence[Chain]) -> list[Attempt]:
    """Requests to mail ports that led to no mail conversation."""
    found = []
    for chain in chains:
        request = chain.request
        if request is None or chain.leg is not None or request.carried or request.is_unseen:
            continue
        reply = request.row.get("reply_text") or str(request.row.get("reply_code") or "-")
        found.append(Attempt(chain, request.target or "-", reply))
    return found


def mark_cut(found: Iterable[Attempt], flows: Table) -> None:
    """Marks the attempts that were granted and behind which cut packets hide what was said."""
    unclear = [attempt for attempt in found if _is_unidentified(attempt.chain)]
    if not unclear:
        return
    ids = {attempt.chain.request.row["flow_id"] for attempt in unclear if attempt.chain.request is not None}
    are_cut = flows.filter(flows.orig_cut_packets + flows.resp_cut_packets > 0).select("flow_id")
    cut = {row["flow_id"] for row in rows(among(are_cut, "flow_id", sorted(ids)))}
    for attempt in unclear:
        request = attempt.chain.request
        attempt.is_cut = request is not None and request.row["flow_id"] in cut


def _is_unidentified(chain: Chain) -> bool:
    row = chain.request.row if chain.request is not None else {}
    said_something = (row.get("client_bytes") or 0) + (row.get("server_bytes") or 0) > 0
    return row.get("granted") == "yes" and row.get("inner_app") in ("unknown", "none") and said_something
