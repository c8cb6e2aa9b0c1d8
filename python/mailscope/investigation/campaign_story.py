"""Campaigns and their victims as findings, and ordinary mail that looked similar as cleared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mailscope.detect.finding import Evidence, Finding, Technique, doubt, row_evidence
from mailscope.detect.phishing import THRESHOLD, Judgement
from mailscope.detect.phishing_signs import sign
from mailscope.investigation.campaign_answers import answers, having, url_of, victim_table
from mailscope.investigation.campaigns import Campaign, Judged, judged_messages
from mailscope.investigation.cleared import Cleared
from mailscope.investigation.lure_visits import Event
from mailscope.investigation.ordinary_mail import cleared_senders
from mailscope.investigation.scene import Scene
from mailscope.investigation.victims import Person, Seen, persons, seen_of
from mailscope.investigation.weakness import Weakness, forged_own_senders
from mailscope.wording import Phrase, amount, phrase

CAMPAIGN, THEFT = "phishing-campaign", "credential-theft"

FINDINGS = 50
"""Campaigns reported one by one, the surest first."""

EVIDENCE = 40
"""Rows of evidence of one kind."""

MESSAGES = 500
"""Messages of a campaign listed in the answer."""

SERVERS = 5
"""Pairs of sending host and server of one campaign whose weakness is told."""

LURE_HOSTS = 20
"""Hosts of a lure listed, the commonest first."""

SPEARPHISHING_LINK = Technique("T1566.002", "Phishing: Spearphishing Link")
SPEARPHISHING_FILE = Technique("T1566.001", "Phishing: Spearphishing Attachment")
USER_LINK = Technique("T1204.001", "User Execution: Malicious Link")
WEB_PORTAL = Technique("T1056.003", "Input Capture: Web Portal Capture")
VALID = Technique("T1078", "Valid Accounts")


def phishing_findings(scene: Scene) -> tuple[list[Finding], list[Cleared]]:
    """Findings of campaigns and of passwords given away, and what was cleared."""
    judged = judged_messages(scene)
    findings: list[Finding] = []
    judged.campaigns += _settled(scene, judged.doubtful[:FINDINGS])
    shown = judged.campaigns[:FINDINGS]
    seen = seen_of(scene, shown) if shown else None
    taken = {id(campaign): _handed_in(scene, campaign) for campaign in shown}
    holes = forged_own_senders(scene, [pair for pairs in taken.values() for pair in pairs])
    for campaign in shown:
        people = persons(scene, campaign, seen)
        findings.append(campaign_finding(campaign, people, judged, seen))
        _tell_attack(campaign, findings[-1], taken[id(campaign)], holes)
        theft = theft_finding(scene, campaign, people)
        if theft is not None:
            findings.append(theft)
    return findings, cleared_senders(judged)


def _settled(scene: Scene, doubtful: Sequence[Campaign]) -> list[Campaign]:
    """Those of the doubtful campaigns whose readers then typed a password into a page that poses as another."""
    if not doubtful:
        return []
    seen = seen_of(scene, doubtful)
    found = []
    for campaign in doubtful:
        people = persons(scene, campaign, seen)
        pages = [url for person in people if (event := person.first("submitted")) and (url := url_of(event))]
        if pages:
            campaign.facts.append(sign("page-took-password", urls=pages[:3]))
            campaign.confidence = round(1.0 - doubt(campaign.facts), 3)
            found.append(campaign)
    return [campaign for campaign in found if campaign.confidence >= THRESHOLD]


def _handed_in(scene: Scene, campaign: Campaign) -> list[tuple[str, str]]:
    """Pairs of a host outside and the server that it handed the mails to, the commonest first."""
    counted = Counter(
        (m.letter.row["client_addr"], m.letter.row["server_addr"])
        for m in campaign.members
        if m.letter.is_handed_in and scene.network.is_outside(m.letter.row["client_addr"])
    )
    return [pair for pair, _count in counted.most_common(SERVERS)]


def _tell_attack(
    campaign: Campaign,
    finding: Finding,
    taken: Sequence[tuple[str, str]],
    holes: Mapping[tuple[str, str], Weakness],
) -> None:
    """Adds to the answers that the mails themselves are an attack, and the weakness by which the server took them."""
    told = finding.details["answers"]
    for client, server in taken:
        if hole := holes.get((client, server)):
            told["weaknesses"].append(hole.as_row())
        told["attacks"].append(
            {
                "phase": "mail-sending",
                "what": phrase(
                    "phase.what-sent",
                    mails=amount(len(campaign.attempts), "mail"),
                    senders=campaign.senders or [phrase("word.none")],
                    accepted=amount(len(campaign.accepted), "recipient"),
                    rejected=len(campaign.rejected),
                ),
                "source": client,
                "target": server,
                "first": campaign.first,
                "last": campaign.last,
                "worked": "yes" if campaign.accepted else "no",
                "technique": SPEARPHISHING_LINK.id,
            }
        )
    told["not_shown"] = [name for name in told["not_shown"] if not told.get(name)]


def campaign_finding(campaign: Campaign, people: Sequence[Person], judged: Judged, seen: Seen | None = None) -> Finding:
    """The statement that a wave of phishing came, with the answers it gives."""
    counts = {
        "mails": len(campaign.members),
        "recipients_accepted": len(campaign.accepted),
        "recipients_refused": len(campaign.rejected),
        "recipients_unknown": len(campaign.unknown),
        "sessions": len({row["session_id"] for row in campaign.attempts}),
        "opened": len(having(people, "opened")),
        "submitted": len(having(people, "submitted")),
    }
    return Finding(
        kind=CAMPAIGN,
        subject=(campaign.sender_ips or campaign.senders or ["-"])[0],
        confidence=campaign.confidence,
        summary=phrase(
            "phishing.summary",
            mails=amount(counts["mails"], "mail"),
            senders=campaign.senders or [phrase("word.unknown")],
            hosts=campaign.sender_ips or [phrase("word.unknown")],
            urls=campaign.lure_urls[:3] or [phrase("word.none")],
            accepted=amount(counts["recipients_accepted"], "recipient"),
            rejected=counts["recipients_refused"],
            opened=amount(counts["opened"], "person"),
        ),
        roles={
            "sender_ip": campaign.sender_ips,
            "forged_from": campaign.senders,
            "lure_url": campaign.lure_urls[:20],
            "recipient": campaign.recipients,
        },
        facts=campaign.facts,
        evidence=_evidence(campaign, people),
        not_proven=_not_proven(campaign),
        could_be=[phrase("phishing.could-be-test"), phrase("phishing.could-be-service")],
        techniques=_techniques(campaign, people),
        details={
            "counts": counts,
            "first": campaign.first,
            "last": campaign.last,
            "answers": answers(campaign, people),
            "victims": victim_table(people),
            "messages": [message_row(member) for member in campaign.members[:MESSAGES]],
            "lure_hosts": _lure_hosts(campaign, seen),
            "mailer": _mailer(campaign),
            "sender_counts": sender_counts(campaign, judged),
            "relay_attempts": sorted(set(campaign.relay_attempts)),
        },
    )


def message_row(judgement: Judgement) -> dict[str, Any]:
    """One message with its score and signals."""
    row = judgement.letter.row
    return {
        "session_id": row["session_id"],
        "message": row["message"],
        "capture": row["capture"],
        "packets": [row["first_packet"], row["last_packet"]],
        "start": row["start"],
        "client": row["client_addr"],
        "mail_from": judgement.letter.envelope_from,
        "header_from": judgement.letter.from_addr,
        "recipients": judgement.letter.recipients[:50],
        "subject": row["subject"],
        "message_id": row["message_id"],
        "score": judgement.score,
        "is_phishing": judgement.is_phishing,
        "signals": [{"name": f.name, "weight": f.weight, "what": f.what} for f in judgement.facts],
        "cleared": None if judgement.is_phishing else judgement.cleared,
    }


def _lure_hosts(campaign: Campaign, seen: Seen | None) -> list[dict[str, Any]]:
    """Each host of the lure, when a mail first named it, and when anybody first looked it up or opened it."""
    hosts = []
    for host in campaign.lure_hosts[:LURE_HOSTS]:
        named = [m.letter.row["start"] for m in campaign.members if any(link.host == host for link in m.letter.links)]
        visited = [event.time for event in (seen.visits.get(host, ()) if seen is not None else ())]
        row = {"host": host, "first_named": min(named, default=None), "first_visited": min(visited, default=None)}
        hosts.append(row | {"mails": len(named)})
    return hosts


def _mailer(campaign: Campaign) -> dict[str, Any]:
    """What the sending program shows of itself, the commonest first."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for member in campaign.members:
        row = member.letter.row
        for name, value in (
            ("user_agents", row["user_agent"]), ("helos", row.get("helo")), ("subjects", row["subject"]),
            ("header_orders", " ".join(row["header_names"] or ())), ("charsets", " ".join(row["charsets"] or ())),
        ):  # fmt: skip
            if value:
                found[name][str(value)] += 1
        for result in row["authentication_results"] or ():
            found["authentication_results"][str(result)] += 1
    return {name: [value for value, _count in counts.most_common(5)] for name, counts in found.items()}


def sender_counts(campaign: Campaign, judged: Judged) -> dict[str, Any]:
    """Messages by From address: the campaign's sender beside the busiest others."""
    top = campaign.top_sender
    busiest = [{"sender": sender, "messages": count} for sender, count in judged.senders.most_common(10)]
    return {
        "sender": top.address if top else None,
        "messages": top.messages if top else 0,
        "times_next_outside_sender": top.times_next if top else None,
        "busiest": busiest,
        "senders": len(judged.senders),
    }


def _evidence(campaign: Campaign, people: Sequence[Person]) -> list[Evidence]:
    found = []
    for member in campaign.members[:EVIDENCE]:
        row = member.letter.row
        what = phrase("phishing.row-message", subject=row["subject"] or "-", recipients=member.letter.recipients[:5])
        found.append(row_evidence("messages", row, what))
    refused = [row for row in campaign.attempts if not row["data_command"]]
    for row in refused[:EVIDENCE]:
        what = phrase("phishing.row-refused", recipients=list(row["rcpt_to"] or ()), codes=_codes(row))
        found.append(row_evidence("mail_transactions", row, what))
    for person in people:
        for kind in ("opened", "submitted"):
            event = person.first(kind)
            if event is not None:
                found.append(_event_evidence(person, event))
    return found


def _codes(row: Any) -> list[str]:
    return [str(code) if code is not None else "-" for code in row["rcpt_codes"] or ()]


def _event_evidence(person: Person, event: Event) -> Evidence:
    what = phrase(f"phishing.row-{event.kind}", person=person.name, client=event.client, url=url_of(event) or "-")
    return row_evidence(event.table, event.row, what)


def _not_proven(campaign: Campaign) -> list[Phrase]:
    found = [phrase("phishing.not-who"), phrase("phishing.not-read")]
    if campaign.unknown:
        found.append(phrase("phishing.not-delivered", count=amount(len(campaign.unknown), "recipient")))
    return found


def _techniques(campaign: Campaign, people: Sequence[Person]) -> list[Technique]:
    has_files = any(member.letter.files for member in campaign.members)
    found = [SPEARPHISHING_LINK] if campaign.lure_urls or not has_files else []
    found += [SPEARPHISHING_FILE] if has_files and not campaign.lure_urls else []
    found += [USER_LINK] if having(people, "opened") else []
    found += [WEB_PORTAL] if having(people, "submitted") else []
    return found


# --- passwords given away


def theft_finding(scene: Scene, campaign: Campaign, people: Sequence[Person]) -> Finding | None:
    """The statement that people typed a password into the lure's page; None when nobody was seen to."""
    given = [(person, event) for person in people if (event := person.first("submitted")) is not None]
    if not given:
        return None
    # Through a proxy of the network, the address is the proxy's: only the host is the collector's.
    servers = [event.server for _person, event in given if not scene.network.is_own(event.server)]
    collectors = list(dict.fromkeys([*servers, *(_host(event) for _person, event in given)]))
    used = [(person, event) for person in people if (event := person.first("account-used")) is not None]
    names = [person.name for person, _event in given]
    facts = [campaign_fact(campaign), _field_fact(given)]
    if used:
        facts.append(_used_fact(used))
    from mailscope.detect.finding import combined

    return Finding(
        kind=THEFT,
        subject=collectors[0],
        confidence=combined(facts),
        summary=phrase(
            "phishing.theft-used" if used else "phishing.theft",
            people=names,
            collector=collectors,
            used=[person.name for person, _event in used],
        ),
        roles={"victim": names, "collector": collectors, "attacker": campaign.sender_ips},
        facts=facts,
        evidence=[_event_evidence(person, event) for person, event in [*given, *used]],
        not_proven=[phrase("phishing.not-right-password"), phrase("phishing.not-same-hand")],
        could_be=[phrase("phishing.could-be-test")],
        techniques=[WEB_PORTAL, *([VALID] if used else [])],
        details={
            "counts": {"submitted": len(given), "used": len(used)},
            "first": min(event.time for _person, event in given),
            "last": max(event.time for _person, event in [*given, *used]),
            "answers": {**answers(campaign, people), "accounts_used": [person.name for person, _event in used]},
            "victims": victim_table([person for person, _event in given]),
        },
    )


def campaign_fact(campaign: Campaign) -> Any:
    """The lure itself as a ground of the theft."""
    from mailscope.detect.finding import Fact

    urls: list[Any] = [*campaign.lure_urls[:3]] or [phrase("word.none")]
    return Fact("lure", round(campaign.confidence * 0.6, 2), phrase("phishing.fact-lure", urls=urls))


def _field_fact(given: Sequence[tuple[Person, Event]]) -> Any:
    from mailscope.detect.finding import Fact

    fields = sorted({name for _person, event in given for name in event.row.get("fields") or ()})
    return Fact("password-sent", 0.8, phrase("phishing.fact-field", fields=fields, count=amount(len(given), "person")))


def _used_fact(used: Sequence[tuple[Person, Event]]) -> Any:
    from mailscope.detect.finding import Fact

    clients = sorted({event.client for _person, event in used})
    names = [person.name for person, _event in used]
    return Fact("account-used", 0.8, phrase("phishing.fact-used", people=names, clients=clients))


def _host(event: Event) -> str:
    return str(event.row.get("host") or event.server).partition(":")[0].lower()
