"""The questions an analyst asks after a phishing wave, answered over all findings of one investigation.

Which address was forged, from where it came, where the link leads, what was delivered, what the server's weakness is,
what was done to it; besides, who opened the lure and who gave a password away. What the traffic cannot show is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mailscope.detect.finding import Finding

LISTS = ("forged_from", "sender_ip", "lure_url", "weaknesses", "attacks", "opened", "submitted")
"""Members that are plain lists, in the order in which they are asked."""

OUTCOMES = ("accepted", "rejected", "unknown")
"""What became of a recipient."""

ASKED = ("forged_from", "sender_ip", "lure_url", "delivered", "weaknesses", "attacks", "opened", "submitted")

EVIDENCE = 10
"""Rows of evidence named for one question; the findings have them all."""

KINDS = {
    "forged_from": ("phishing-campaign",),
    "sender_ip": ("phishing-campaign",),
    "lure_url": ("phishing-campaign",),
    "delivered": ("phishing-campaign",),
    "opened": ("phishing-campaign",),
    "submitted": ("credential-theft", "phishing-campaign"),
    "weaknesses": ("web-intrusion", "phishing-campaign"),
    "attacks": ("web-intrusion", "phishing-campaign"),
}
"""Findings that answer a question, the surest kind first."""

TABLES = {
    "opened": ("http_requests", "tls_handshakes"),
    "submitted": ("http_requests",),
    "delivered": ("messages", "mail_transactions"),
    "forged_from": ("messages",),
    "sender_ip": ("messages",),
    "lure_url": ("messages",),
}
"""Tables whose rows prove an answer; other questions are proven by any."""


def answers(findings: Sequence[Finding]) -> dict[str, Any]:
    """The answers of all findings together, and each question with confidence and evidence; empty without any."""
    told = [finding for finding in findings if "answers" in finding.details]
    if not told:
        return {}
    merged: dict[str, Any] = {name: _merged(told, name) for name in LISTS}
    merged["weaknesses"] = _each_once(merged["weaknesses"], ("cwe", "target", "where"))
    merged["attacks"] = _attacks(told)
    merged["delivered"] = {
        outcome: sorted({a for f in told for a in f.details["answers"].get("delivered", {}).get(outcome, ())})
        for outcome in OUTCOMES
    }
    _settle(merged["delivered"])
    merged["undecided"] = _merged(told, "undecided")
    merged["not_shown"] = [name for name in ASKED if not _is_answered(merged[name])]
    merged["not_shown"] += [n for n in _said_open(told) if n not in merged["not_shown"] and not _is_answered(merged[n])]
    merged["questions"] = [_question(name, merged[name], told) for name in ASKED]
    return merged


def _merged(told: Iterable[Finding], name: str) -> list[Any]:
    found: list[Any] = []
    for finding in told:
        found += [item for item in finding.details["answers"].get(name, ()) if item not in found]
    return found


def _each_once(items: Iterable[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """The first of those that agree in these members: a weakness that two findings show is one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in items:
        found.setdefault(tuple(item.get(name) for name in names), item)
    return list(found.values())


def _attacks(told: Sequence[Finding]) -> list[dict[str, Any]]:
    """Attacks of all findings; mails are told with the intrusion that they are part of, else as the campaign's."""
    in_intrusion = {
        (row["source"], row["target"])
        for finding in told
        for row in finding.details["answers"].get("attacks", ())
        if finding.kind == "web-intrusion" and row["phase"] == "mail-sending"
    }
    return [
        row
        for finding in told
        for row in finding.details["answers"].get("attacks", ())
        if finding.kind == "web-intrusion" or (row["source"], row["target"]) not in in_intrusion
    ]


def _settle(delivered: dict[str, list[str]]) -> None:
    """One outcome a recipient: what was taken once was delivered."""
    taken = set(delivered["accepted"])
    delivered["rejected"] = [a for a in delivered["rejected"] if a not in taken]
    taken |= set(delivered["rejected"])
    delivered["unknown"] = [a for a in delivered["unknown"] if a not in taken]


def _is_answered(value: Any) -> bool:
    return any(value.values()) if isinstance(value, dict) else bool(value)


def _said_open(told: Iterable[Finding]) -> list[str]:
    names = [name for finding in told for name in finding.details["answers"].get("not_shown", ())]
    return [name for name in dict.fromkeys(names) if name in ASKED]


def _question(name: str, value: Any, told: Sequence[Finding]) -> dict[str, Any]:
    """One question: its answer, how sure it is, and packets that show it."""
    kinds = KINDS[name]
    speaking = [f for kind in kinds for f in told if f.kind == kind and _is_answered(f.details["answers"].get(name))]
    tables = TABLES.get(name)
    if not speaking:  # an intrusion that sent mail tells of senders, without a campaign around it
        speaking, tables = [f for f in told if _is_answered(f.details["answers"].get(name))], None
    evidence = [
        {
            "capture": row.capture,
            "packets": [row.first_packet, row.last_packet],
            "flow_id": row.flow_id,
            "what": row.what,
        }
        for finding in speaking
        for row in finding.evidence
        if tables is None or row.table in tables
    ]
    sure = [f.details["answers"].get("confidence", {}).get(name, f.confidence) for f in speaking]
    return {
        "question": name,
        "answer": value,
        "confidence": max(sure, default=0.0),
        "is_shown": _is_answered(value),
        "evidence": evidence[:EVIDENCE],
    }
