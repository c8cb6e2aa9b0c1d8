"""The answer as a JSON object of schema 1: stable names, UTC times, plain values (`answer.schema.json`)."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailscope.detect.finding import Evidence, Fact, Finding
from mailscope.investigation.cleared import Cleared
from mailscope.investigation.conversation import Conversation, Mail, Request, endpoint, utc
from mailscope.investigation.hypotheses import Hypothesis
from mailscope.investigation.path import Chain
from mailscope.wording import Phrase, render

if TYPE_CHECKING:
    from mailscope.investigation.investigate import Investigation

SCHEMA = 1
"""Raised when a name or meaning changes; new members may come at any time."""


def answer(found: Investigation) -> dict[str, Any]:
    """The whole answer; every value is text, number, boolean, null, list or object."""
    from mailscope.ingest.captures import version

    network, domains = found.scene.network, found.scene.domains
    hide = attackers(found.findings)
    told: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            "versions": {"mailscope": version(), "python": platform.python_version()},
            "inputs": found.inputs,
            "network": {
                "own": [str(prefix) for prefix in network.prefixes],
                "how": network.how,
                "is_weak": network.is_weak,
                "notes": [render(note) for note in network.notes],
                "own_domains": sorted(domains.own),
                "own_domains_how": domains.how,
            },
            "hosts": [
                {"address": host.address, "roles": {role: render(why) for role, why in sorted(host.roles.items())}}
                for _address, host in sorted(found.scene.hosts.by_address.items())
            ],
            "findings": [_finding(finding, hide) for finding in found.findings],
            "hypotheses": [_hypothesis(hypothesis, hide) for hypothesis in found.hypotheses],
            "claims": [_hypothesis(claim, hide) for claim in found.claims],
            "cleared": [_cleared(item, hide) for item in found.cleared],
            "unproven": [_cleared(item, hide) for item in found.unproven],
            "answers": found.answers,
            "coverage": found.coverage,
            "seconds": round(found.seconds, 3),
        }
    )
    return told


def attackers(findings: Iterable[Finding]) -> list[str]:
    """Addresses and hosts of commanders, attackers, senders and collectors of phishing: defanged in prose."""
    accused = [finding for finding in findings if finding.kind != "proxy-policy"]
    addresses = {
        a
        for f in accused
        for role in ("commander", "attacker", "sender_ip", "collector")
        for a in f.roles.get(role, [])
    }
    return sorted(addresses, key=len, reverse=True)


def defanged(text: str, addresses: Sequence[str]) -> str:
    """Text in which the addresses, and all URLs, cannot be clicked.

    >>> defanged("GET http://bad.example/x from 198.51.100.7", ["198.51.100.7"])
    'GET hxxp://bad[.]example/x from 198.51.100[.]7'
    >>> defanged("ftp://192.0.2.1/a", [])
    'fxp://192[.]0[.]2[.]1/a'
    """
    text = re.sub(
        r"(?i)\b(h(?:tt|xx)p|f[tx]p)(s?)://([^\s/]+)",
        lambda m: f"{'hxxp' if m[1][0] in 'hH' else 'fxp'}{m[2].lower()}://" + re.sub(r"(?<!\[)\.(?!\])", "[.]", m[3]),
        text,
    )
    for address in addresses:
        if address not in text:  # a large case has thousands, and a pattern for each is what would cost
            continue
        separator = "." if "." in address else ":"
        head, _separator, tail = address.rpartition(separator)
        pattern = rf"(?<![0-9A-Fa-f.:]){re.escape(address)}(?![0-9A-Fa-f]|\.[0-9])"
        text = re.sub(pattern, f"{head}[{separator}]{tail}", text)
    return text


def _finding(finding: Finding, hide: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "kind": finding.kind,
        "subject": finding.subject,
        "confidence": finding.confidence,
        "confidence_facts": [_fact(fact, hide) for fact in finding.facts],
        "summary": defanged(render(finding.summary), hide),
        "roles": finding.roles,
        "evidence": [_evidence(row) for row in finding.evidence],
        "not_proven": [defanged(render(text), hide) for text in finding.not_proven],
        "could_be": [defanged(render(text), hide) for text in finding.could_be],
        "attack_techniques": [{"id": technique.id, "name": technique.name} for technique in finding.techniques],
    }
    return result | _details(finding.details)


def _details(details: Mapping[str, Any]) -> dict[str, Any]:
    result = {
        key: value
        for key, value in details.items()
        if key not in ("moments", "bursts", "chains", "accounts", "attempts")
    }
    result["bursts"] = [
        {"start": burst.start, "end": burst.end, "sessions": burst.sessions, "mails": burst.mails}
        for burst in details.get("bursts", [])
    ]
    result["accounts"] = [
        {
            "server": account.server,
            "user": account.user,
            "logins_succeeded": account.succeeded,
            "logins_failed": account.failed,
            "mechanisms": sorted(account.mechanisms),
            "flow_ids": sorted(set(account.flow_ids)),
        }
        for account in details.get("accounts", [])
    ]
    result["attempts"] = [
        {
            "target": attempt.target,
            "reply": attempt.reply,
            "content_cut": attempt.is_cut,
            **_request(attempt.chain.request),
        }
        for attempt in details.get("attempts", [])
        if attempt.chain.request is not None
    ]
    result["chains"] = [_chain(chain) for chain in details.get("chains", [])]
    return result


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "confidence": chain.confidence if chain.facts else None,
        "ties": [_fact(fact, ()) for fact in chain.facts],
        "is_ambiguous": chain.is_ambiguous,
        "request": _request(chain.request) if chain.request is not None else None,
        "leg": _session(chain.leg) if chain.leg is not None else None,
        "also_seen": [_session(view) for view in chain.same_leg] + [_request(r) for r in chain.same_request],
        "carried": [_session(c) for c in (chain.request.carried if chain.request is not None else [])],
        "mails": [_mail(mail) for mail in chain.mails],
    }


def _request(request: Request) -> dict[str, Any]:
    is_seen = not request.is_unseen
    return {
        "kind": request.row.get("kind") or "unseen",
        "flow_id": request.flow_id,
        "capture": request.capture,
        "packets": list(request.packets) if is_seen else [request.row["first_packet"], request.row["last_packet"]],
        "start": request.start,
        "client": endpoint(request.client_addr, request.row["client_port"]),
        "proxy": endpoint(request.proxy_addr, request.proxy_port),
        "command": request.command if is_seen else None,
        "command_in_capture": is_seen,
        "target": request.target,
        "reply_code": request.row.get("reply_code"),
        "reply": request.row.get("reply_text"),
        "user_agent": request.row.get("user_agent"),
    }


def _session(session: Conversation) -> dict[str, Any]:
    row = session.row
    return {
        "session_id": session.session_id,
        "flow_id": session.flow_id,
        "capture": session.capture,
        "packets": [row["first_packet"], row["last_packet"]],
        "start": session.start,
        "end": session.end,
        "client": session.client,
        "server": session.server,
        "via": row["via"],
        "sides": row["sides"],
        "from_start": row["from_start"],
        "banner": row["banner"],
        "helo": row["helo"],
        "tls": row["tls"],
        "authenticated": row["authenticated"],
        "auth_users": list(row["auth_users"] or ()),
        "outcome": row["outcome"],
    }


def _mail(mail: Mail) -> dict[str, Any]:
    return {
        "number": mail.number,
        "packets": [mail.first_packet, mail.last_packet],
        "start": mail.start,
        "mail_from": mail.mail_from,
        "recipients": [{"address": a, "code": code, "reply": text} for a, code, text in mail.recipients],
        "recipient_count": mail.recipient_count,
        "mail_code": mail.mail_code,
        "data_code": mail.data_code,
        "final_code": mail.final_code,
        "delivered": mail.delivered,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "header_from": mail.header_from,
        "body_sha256": mail.body_sha256,
        "size_bytes": mail.size_bytes,
        "seen_at": mail.seen_at,
    }


def _fact(fact: Fact, hide: Sequence[str]) -> dict[str, Any]:
    return {"name": fact.name, "weight": fact.weight, "what": defanged(render(fact.what), hide)}


def _evidence(row: Evidence) -> dict[str, Any]:
    result: dict[str, Any] = {
        "table": row.table,
        "flow_id": row.flow_id,
        "capture": row.capture,
        "packets": [row.first_packet, row.last_packet],
        "what": render(row.what),
    }
    if row.last_capture is not None:
        result["last_capture"] = row.last_capture
    return result


def _hypothesis(hypothesis: Hypothesis, hide: Sequence[str]) -> dict[str, Any]:
    return {
        "name": hypothesis.name,
        "verdict": hypothesis.verdict,
        "why": defanged(render(hypothesis.why), hide),
        "evidence": [_evidence(row) for row in hypothesis.evidence],
    }


def _cleared(item: Cleared, hide: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "subject": item.subject,
        "why": defanged(render(item.why), hide),
        "evidence": [_evidence(row) for row in item.evidence],
    }


def plain(value: Any) -> Any:
    """A value as text, number, boolean, null, list or object; times in UTC, statements as English sentences."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, datetime):
        return utc(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, Phrase):
        return render(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
