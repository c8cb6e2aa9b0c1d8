"""IPv6 networks in the queue of senders: a host that sends under many addresses is one entry, with its addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ibis.expr.types import Table

from mailscope.detect.endpoints import Prefix
from mailscope.detect.senders.figures import Window
from mailscope.detect.senders.subnets import abnormal_together, many_addresses
from mailscope.investigation.sender_story import Sender, sender_of
from mailscope.wording import amount, phrase

ADDRESSES_SHOWN = 100
"""Addresses of a network that are listed; `addresses_count` counts all."""


def with_subnets(
    senders: Sequence[Sender],
    conversations: Table,
    figures: Table,
    window: Window,
    own: Sequence[Prefix],
    confirmed: Collection[str] = (),
) -> list[Sender]:
    """The senders with each /64 that is abnormal as a whole, in place of its addresses that were only watched.

    Addresses that stand out or are cleared by themselves, or whose role the owner has `confirmed`, are not counted
    with the rest.
    """
    decided = {sender.subject for sender in senders if sender.verdict in ("abnormal", "cleared")}.union(confirmed)
    has_sixes = not own or any(prefix.version == 6 for prefix in own)
    members = many_addresses(figures, decided) if has_sixes else {}
    if not members:
        return list(senders)
    found = []
    for row in abnormal_together(conversations, figures, window, own, members):
        addresses = members[row["subject"]]
        sender = sender_of({**row, "subject": f"{row['subject']}/64"}, window, {})
        why = phrase("senders.together", addresses=amount(len(addresses), "address"), why=sender.why)
        listed = {"addresses": addresses[:ADDRESSES_SHOWN], "addresses_count": len(addresses)}
        could_be = [*sender.could_be, phrase("senders.could-be-several-hosts")]
        found.append(replace(sender, why=why, could_be=could_be, figures=sender.figures | listed))
    told = {address for sender in found for address in members[sender.subject.removesuffix("/64")]}
    kept = [sender for sender in senders if sender.verdict == "ordinary" or sender.subject not in told]
    return sorted(
        [*kept, *found],
        key=lambda sender: (_RANK[sender.verdict], -sender.score, -sender.figures["flows"], sender.subject),
    )


_RANK = {"abnormal": 0, "watch": 1, "cleared": 2, "ordinary": 3}
