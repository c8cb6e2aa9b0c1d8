"""Findings that need no proxy: `direct-sender` and `open-mail-relay`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mailscope.detect import direct_sender
from mailscope.detect.finding import MAIL_PROTOCOLS, PROXY, Fact, Finding, combined, row_evidence
from mailscope.detect.open_mail_relay import RelayUse
from mailscope.investigation.conversation import Conversation, endpoint
from mailscope.investigation.path import Chain
from mailscope.investigation.relays import accepted_mails, mail_counts, victims
from mailscope.investigation.scene import Scene
from mailscope.investigation.timeline import bursts
from mailscope.investigation.tunnels import carriers_into
from mailscope.wording import Phrase, amount, phrase


def sending_of(chains: Sequence[Chain]) -> direct_sender.Sending:
    """What one host sent by itself."""
    sessions = [chain.leg or chain.conversations[0] for chain in chains if chain.leg or chain.conversations]
    mails = [mail for chain in chains for mail in chain.mails]
    return direct_sender.Sending(
        senders=[mail.mail_from for mail in mails if mail.mail_from],
        recipients=[recipient[0] for mail in mails for recipient in mail.recipients],
        helos=[helo for session in sessions for helo in session.helos],
        servers=victims_of(chains),
        sessions=len(sessions),
        logged_in=sum(session.row["authenticated"] == "yes" for session in sessions),
        opaque=sum(session.is_opaque and not session.mails for session in sessions),
    )


def is_marked(scene: Scene, chains: Sequence[Chain]) -> bool:
    """True when the sending has marks of abuse."""
    return bool(direct_sender.facts(sending_of(chains), scene.domains))


def victims_of(chains: Sequence[Chain]) -> list[str]:
    """Servers reached, most used first."""
    reached = Counter(chain.leg.server for chain in chains if chain.leg is not None)
    return [server for server, _count in reached.most_common()]


def direct_sender_finding(
    scene: Scene, host: str, chains: Sequence[Chain], through: Sequence[str] = ()
) -> Finding | None:
    """The finding for one host, or None when its sending looks ordinary. `through` are outside proxies it used."""
    facts = direct_sender.facts(sending_of(chains), scene.domains)
    if not facts:
        return None
    counts = mail_counts(chains)
    found_victims = victims_of(chains) or victims(scene, chains)
    starts = [(part.start, len(chain.mails)) for chain in chains for part in [chain.leg or chain.request] if part]
    confidence = combined(facts)
    not_proven = [phrase("not-proven.who-on-host"), phrase("not-proven.delivery")]
    could_be = [phrase("could-be.unknown-mail-server"), phrase("could-be.proxy-not-seen")]
    carriers = carriers_into(scene, host, [chain.leg for chain in chains if chain.leg is not None])
    summary = phrase(
        "direct.summary-through" if through else "direct.summary-carried" if carriers else "direct.summary",
        host=host,
        victims=found_victims,
        through=list(through),
        clients=sorted({row["orig_addr"] for row in carriers}),
        mails=amount(counts["mails"], "mail"),
        accepted=accepted_mails(counts),
        since=min(start for start, _mails in starts),
    )
    if carriers:
        told = {"clients": sorted({row["orig_addr"] for row in carriers}), "host": host}
        not_proven.insert(0, phrase("not-proven.carrier", apps=sorted({row["app"] for row in carriers}), **told))
        could_be.insert(0, phrase("could-be.carrier", **told))
    if scene.network.how != "given":
        not_proven.append(phrase("not-proven.network", notes=list(scene.network.notes)))
    if scene.network.is_weak:
        confidence = round(confidence * 0.7, 3)
    return Finding(
        kind="direct-sender",
        subject=host,
        confidence=confidence,
        summary=summary,
        roles={"sender": [host], "victim": found_victims, "proxy": list(through)},
        facts=facts,
        evidence=[
            *(row_evidence("mail_sessions", session.row, _session_phrase(session)) for session in _sessions(chains)),
            *(row_evidence("flows", row, _carrier_phrase(row)) for row in carriers),
        ],
        not_proven=not_proven,
        could_be=could_be,
        techniques=[MAIL_PROTOCOLS, *([PROXY] if through else [])],
        details={
            "counts": counts,
            "first": min(start for start, _mails in starts),
            "last": max(session.end for session in _sessions(chains)),
            "moments": starts,
            "bursts": bursts(starts),
            "chains": list(chains),
            "carried_by": sorted({row["orig_addr"] for row in carriers}),
        },
    )


def _carrier_phrase(row: Mapping[str, Any]) -> Phrase:
    client, server = endpoint(row["orig_addr"], row["orig_port"]), endpoint(row["resp_addr"], row["resp_port"])
    return phrase("evidence.carrier", client=client, server=server, app=row["app"])


def _sessions(chains: Sequence[Chain]) -> list[Conversation]:
    return [session for chain in chains for session in ([chain.leg] if chain.leg else chain.conversations[:1])]


def _session_phrase(session: Conversation) -> Phrase:
    return phrase(
        "evidence.leg", client=session.client, server=session.server, mails=amount(len(session.mails), "mail")
    )


def open_mail_relay_finding(scene: Scene, use: RelayUse) -> Finding | None:
    """The finding for one mail server, or None when nothing shows that it relays for strangers."""
    certain = use.sent_on
    suspicious = [row for row in use.taken if row not in certain] if scene.domains.how == "given" else []
    if not certain and not suspicious:
        return None
    facts = []
    if certain:
        facts.append(Fact("seen-leaving-again", 0.9, phrase("relayed.sent-on", mails=amount(len(certain), "mail"))))
    taken = len(certain) + len(suspicious)
    facts.append(Fact("foreign-mail-taken", 0.5, phrase("relayed.taken", mails=amount(taken, "mail"))))
    rows = certain + suspicious
    senders = sorted({row["client_addr"] for row in rows})
    return Finding(
        kind="open-mail-relay",
        subject=use.server,
        confidence=combined(facts),
        summary=phrase("relayed.summary", server=use.server, senders=senders, mails=amount(len(rows), "mail")),
        roles={"commander": senders, "relay": [use.server]},
        facts=facts,
        evidence=[
            row_evidence(
                "mail_transactions",
                row,
                phrase("evidence.relayed", sender=row["mail_from"] or "<>", recipients=list(row["rcpt_to"] or ())),
            )
            for row in rows[:200]
        ],
        not_proven=[phrase("not-proven.relay-allowed")],
        could_be=[phrase("could-be.backup-mx")],
        techniques=[MAIL_PROTOCOLS],
        details={
            "counts": {"mails": len(rows), "sessions": len({row["session_id"] for row in rows})},
            "first": min(row["start"] for row in rows),
            "last": max(row["start"] for row in rows),
        },
    )
