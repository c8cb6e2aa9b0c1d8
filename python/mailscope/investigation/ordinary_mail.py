"""Ordinary mail that looks similar to phishing, or comes in masses, and is not accused; each sender with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mailscope.detect.finding import row_evidence
from mailscope.detect.phishing import SUSPECT, THRESHOLD, Judgement
from mailscope.investigation.campaigns import Judged
from mailscope.investigation.cleared import Cleared
from mailscope.wording import Phrase, amount, phrase

CLEARED = 25
"""Senders of ordinary mail listed as cleared."""

BULK = 3
"""Messages of one sender from which on it is worth saying why it is not accused."""


def cleared_senders(judged: Judged) -> list[Cleared]:
    """Senders that look similar, or send much, and are not accused: each once, with the reason."""
    accused = {id(member) for campaign in judged.campaigns for member in campaign.members}
    groups: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for judgement in judged.incoming:
        if id(judgement) not in accused and judgement.letter.from_addr:
            groups[(judgement.letter.row["client_addr"], judgement.letter.from_addr)].append(judgement)
    accused_senders = {sender for campaign in judged.campaigns for sender in campaign.senders}
    found = []
    for (client, sender), members in groups.items():
        top = max(members, key=lambda judgement: judgement.score)
        is_namesake = sender in accused_senders
        if top.score >= THRESHOLD or not (is_namesake or top.score >= SUSPECT / 2 or _is_bulk(members)):
            continue
        rank = (not is_namesake, -top.score, -len(members), sender, client)
        found.append((rank, _cleared(client, sender, members, top)))
    return [item for _rank, item in sorted(found, key=lambda pair: pair[0])[:CLEARED]]


def _is_bulk(members: Sequence[Judgement]) -> bool:
    return len(members) >= BULK and any(not j.letter.is_logged_in and j.facts for j in members)


def _cleared(client: str, sender: str, members: Sequence[Judgement], top: Judgement) -> Cleared:
    reasons = {fact.name: fact.what for j in members for fact in j.facts if fact.weight < 0}
    if top.cleared is not None and not top.facts:
        why: Phrase = top.cleared
    elif reasons:
        why = phrase("phishing.cleared-reasons", score=f"{top.score:.2f}", why=list(reasons.values())[:4])
    else:
        why = phrase("phishing.cleared-score", score=f"{top.score:.2f}", threshold=f"{THRESHOLD:g}")
    kind = "phishing.cleared-sender" if top.letter.is_handed_in else "phishing.cleared-fetched"
    what = phrase(kind, mails=amount(len(members), "mail"), client=client, why=why)
    return Cleared("ordinary-mail", sender, what, [row_evidence("messages", top.letter.row, what)])
