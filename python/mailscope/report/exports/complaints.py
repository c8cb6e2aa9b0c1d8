"""Complaints to the owners of the networks that a case accuses: X-ARF v4 or ARF, one file an address and deed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from mailscope.report.complaints import arf
from mailscope.report.complaints.accusation import Accusation
from mailscope.report.complaints.xarf import xarf
from mailscope.report.exports.observed import Observed, observed
from mailscope.store.write import write_text

DEEDS = {
    "open-proxy-relay": ("messaging", "spam"),
    "open-mail-relay": ("messaging", "spam"),
    "account-abuse": ("messaging", "spam"),
    "phishing-campaign": ("messaging", "spam"),
    "credential-theft": ("content", "phishing"),
    "web-intrusion": ("connection", "login_attack"),
}
"""What a finding accuses of, as X-ARF v4's category and type."""

_PHASES = {"sql-injection": "sql_injection", "port-scan": "port_scan", "directory-scan": "vulnerability_scan"}


def write(answer: Mapping[str, Any], form: str, folder: Path, reporter: tuple[str, str]) -> Iterator[tuple[Path, int]]:
    """Writes the files; yields each with 1. `reporter` is the owner's name and mail address."""
    for number, report in enumerate(accusations(answer, reporter), 1):
        name = f"{number:03d}-{report.category}-{report.kind}"
        if form == "xarf":
            path = folder / f"{name}.json"
            write_text(path, json.dumps(xarf(report), ensure_ascii=False, indent=1) + "\n")
        else:
            path = folder / f"{name}.eml"
            write_text(path, _mail(report).as_bytes().decode("ascii", "replace"))
        yield path, 1


def accusations(answer: Mapping[str, Any], reporter: tuple[str, str]) -> list[Accusation]:
    """One for each foreign address that a finding names."""
    by_kind = {finding["kind"]: finding for finding in reversed(answer.get("findings", []))}
    return [
        _accusation(item, by_kind[item.finding], reporter)
        for item in observed(answer)
        if item.kind == "address" and item.finding in DEEDS
    ]


def _accusation(item: Observed, finding: Mapping[str, Any], reporter: tuple[str, str]) -> Accusation:
    category, kind = DEEDS[item.finding]
    if item.finding == "web-intrusion":
        phases = {row["phase"] for row in finding.get("phases", ())}
        kind = next((name for phase, name in _PHASES.items() if phase in phases), kind)
    roles, counts = finding.get("roles", {}), finding.get("counts", {})
    return Accusation(
        address=item.value,
        category=category,
        kind=kind,
        time=item.first or datetime(1970, 1, 1, tzinfo=UTC),
        reporter=reporter[0],
        reporter_contact=reporter[1],
        summary=_told(item, counts),
        destination=next(iter(roles.get("target", ())), None),
        incidents=int(counts.get("mails") or counts.get("requests") or 1),
        mail_from=next(iter(roles.get("forged_from", ())), None),
        urls=tuple(roles.get("lure_url", ())),
    )


def _told(item: Observed, counts: Mapping[str, Any]) -> str:
    """What is said to the other network: the deed and its extent, and nobody of the owner's by name."""
    extent = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
    span = f", {item.first:%Y-%m-%d %H:%M:%S} to {item.last:%H:%M:%S} UTC" if item.first and item.last else ""
    return f"{item.finding} by {item.value}{span}" + (f": {extent}" if extent else "")


def _mail(report: Accusation) -> EmailMessage:
    """A whole feedback report (RFC 5965), to be addressed by who sends it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"{report.reporter} <{report.reporter_contact}>"
    mail["Subject"] = f"Abuse report for {report.address}"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{report.summary}\n")
    arf.attach(mail, report)
    return mail
