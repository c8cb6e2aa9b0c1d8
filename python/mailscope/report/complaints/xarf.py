"""X-ARF version 4: one JSON object an incident."""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from mailscope.report.complaints.accusation import Accusation, Proof

VERSION = "4.2.0"
PROOF_LIMIT = 5 * 1024 * 1024
"""Bytes of one piece of evidence; a larger one is named and left out, as the standard asks."""

_NAMESPACE = uuid.UUID("5c0d5cfc-3f3a-4b65-8ce9-5b1c3a3d0b9a")


def xarf(report: Accusation) -> dict[str, Any]:
    """The report as the object that is written as JSON; the same facts give the same `report_id`."""
    who = {"org": report.reporter, "contact": report.reporter_contact, "domain": report.reporter_domain}
    seed = "|".join((report.address, report.category, report.kind, _stamp(report.time), report.reporter_contact))
    result: dict[str, Any] = {
        "xarf_version": VERSION,
        "report_id": str(uuid.uuid5(_NAMESPACE, seed)),
        "timestamp": _stamp(report.time),
        "reporter": who,
        "sender": who,
        "source_identifier": report.address,
        "category": report.category,
        "type": report.kind,
        "evidence_source": "flow_analysis" if not report.proofs else "traffic_analysis",
        "description": report.summary[:1000],
        "evidence": [_proof(proof) for proof in report.proofs],
    }
    if report.port is not None:
        result["source_port"] = report.port
    result |= _messaging(report) if report.category == "messaging" else {}
    result |= _connection(report) if report.category == "connection" else {}
    if report.category == "content" and report.urls:
        result["url"] = report.urls[0]
    return result


def _messaging(report: Accusation) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": "smtp"}
    if report.mail_from:
        found["smtp_from"] = report.mail_from
    if report.subject:
        found["subject"] = report.subject
    if report.incidents > 1:
        found["recipient_count"] = report.incidents
    return found


def _connection(report: Accusation) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": report.protocol, "first_seen": _stamp(report.time)}
    if report.destination:
        found["destination_ip"] = report.destination
    return found


def _proof(proof: Proof) -> dict[str, Any]:
    kept = len(proof.content) <= PROOF_LIMIT
    return {
        "content_type": proof.media_type,
        "description": proof.description if kept else f"{proof.description} ({len(proof.content)} bytes, left out)",
        "payload": base64.b64encode(proof.content if kept else b"").decode(),
        "hash": "sha256:" + hashlib.sha256(proof.content).hexdigest(),
    }


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
