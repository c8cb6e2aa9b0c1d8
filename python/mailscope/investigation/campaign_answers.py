"""The questions that one campaign answers, who it may have been where nothing decides, and one row a victim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailscope.investigation.campaigns import Campaign
from mailscope.investigation.lure_visits import Event, asks_proxy
from mailscope.investigation.victims import Person
from mailscope.wording import Phrase, phrase


def having(people: Sequence[Person], kind: str) -> list[str]:
    """Names of those to whom something happened."""
    return [person.name for person in people if person.first(kind) is not None]


def answers(campaign: Campaign, people: Sequence[Person]) -> dict[str, Any]:
    """The questions that a campaign answers; what its traffic cannot show is named."""
    opened = having(people, "opened")
    is_hidden = any(event.how == "tls" for person in people for event in person.events)
    not_shown = ["weaknesses", "attacks"]
    if not campaign.lure_urls:
        not_shown.append("lure_url")
    if is_hidden:
        not_shown.append("submitted")
    return {
        "forged_from": campaign.senders,
        "sender_ip": campaign.sender_ips,
        "lure_url": campaign.lure_urls[:20],
        "delivered": {
            "accepted": sorted(campaign.accepted),
            "rejected": sorted(campaign.rejected),
            "unknown": sorted(campaign.unknown),
        },
        "opened": opened,
        "submitted": having(people, "submitted"),
        "undecided": undecided(people),
        "weaknesses": [],
        "attacks": [],
        "not_shown": not_shown,
        "confidence": {
            "forged_from": campaign.confidence,
            "sender_ip": campaign.confidence,
            "lure_url": campaign.confidence if campaign.lure_urls else 0.0,
            "delivered": 0.95 if not campaign.unknown else 0.7,
            "opened": _surety(people, "opened"),
            "submitted": _surety(people, "submitted"),
        },
    }


def undecided(people: Sequence[Person]) -> list[dict[str, Any]]:
    """Answers that name several people, or an address only: who it may have been, where, when, and why it is open."""
    found = []
    for person in people:
        for question in ("opened", "submitted"):
            event = person.first(question)
            if event is None or event.person:
                continue
            row = event.row
            found.append(
                {
                    "question": question,
                    "named": person.name,
                    "candidates": person.one_of,
                    "client": event.client,
                    "time": event.time,
                    "url": url_of(event),
                    "why": _why_open(event),
                    "confidence": event.sure,
                    "flow_id": row["flow_id"],
                    "capture": row["capture"],
                    "packets": [row["first_packet"], row["last_packet"]],
                }
            )
    return found


def _why_open(event: Event) -> Phrase:
    if not event.one_of:
        return phrase("phishing.open-nobody", client=event.client)
    return phrase(f"phishing.open-{event.told_by}", client=event.client)


def _surety(people: Sequence[Person], kind: str) -> float:
    """How sure the least sure attribution of an event of this kind is; nothing seen is no proof of nothing."""
    sure = [event.sure for person in people if (event := person.first(kind)) is not None]
    return min(sure) if sure else 0.5


def victim_table(people: Sequence[Person]) -> list[dict[str, Any]]:
    """One row a person: when it was delivered, fetched, opened, submitted, and misused."""
    table = []
    for person in people:
        events = {kind: person.first(kind) for kind in ("fetched", "looked-up", "opened", "submitted", "account-used")}
        row: dict[str, Any] = {
            "person": person.name,
            "one_of": person.one_of,
            "delivered": person.delivered,
            "delivered_at": person.delivered_at,
            "clients": sorted({event.client for event in person.events if event.kind != "account-used"}),
        }
        for kind, event in events.items():
            row[kind.replace("-", "_")] = None if event is None else event.time
        row["events"] = [_event(event) for event in person.events[:100]]
        table.append(row)
    return table


def _event(event: Event) -> dict[str, Any]:
    row = event.row
    return {
        "kind": event.kind,
        "time": event.time,
        "client": event.client,
        "server": event.server,
        "how": event.how,
        "url": url_of(event),
        "fields": list(row.get("fields") or ()),
        "confidence": event.sure,
        "flow_id": row["flow_id"],
        "capture": row["capture"],
        "packets": [row["first_packet"], row["last_packet"]],
    }


def url_of(event: Event) -> str | None:
    """The address that an event asked for; of TLS and DNS only the name."""
    row = event.row
    if event.table == "http_requests":
        if asks_proxy(row):
            return str(row["uri"])
        return f"http://{row['host'] or row['server_addr']}{row['uri'] or ''}"
    return row.get("sni") or row.get("query")
