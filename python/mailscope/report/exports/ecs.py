"""Elastic Common Schema: one document a mail.

ECS keeps the SMTP conversation out of its `email` fields. Envelope and evidence are in our own namespace:
`mailscope.smtp.*` (helo, mail_from, rcpt_to, rcpt_codes, reply) and `mailscope.*` (flow_id, session_id, ...).
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from mailscope.report.exports.facts import Row, Tables, attachments, mails, present

ECS_VERSION = "8.17.0"


def documents(tables: Tables) -> Iterator[dict[str, Any]]:
    """Every mail, in order of time."""
    for row in mails(tables):
        yield document(row)


def document(row: Row) -> dict[str, Any]:
    """One mail."""
    delivered = {"yes": "success", "no": "failure"}.get(str(row["delivered"]), "unknown")
    return {
        "@timestamp": _clock(row["start"]),
        "ecs": {"version": ECS_VERSION},
        "event": {
            "kind": "event",
            "category": ["email", "network"],
            "type": ["info", "protocol"],
            "action": f"{row['s_protocol']}-mail",
            "outcome": delivered,
            "start": _clock(row["start"]),
            "end": _clock(row["end"]),
            "module": "mailscope",
            "dataset": "mailscope.mail",
        },
        "source": {"ip": row["client_addr"], "port": row["client_port"]},
        "destination": {"ip": row["server_addr"], "port": row["server_port"]},
        "network": {
            "transport": "tcp",
            "protocol": row["s_protocol"],
            "community_id": row["community_id"],
            **({"vlan": {"id": str(row["vlan"])}} if row["vlan"] is not None else {}),
        },
        "email": _email(row),
        "mailscope": _own(row),
    }


def _email(row: Row) -> dict[str, Any]:
    def addresses(column: str) -> dict[str, Any]:
        return present(address=row[column])

    date = row["m_date"]
    return present(
        to=addresses("m_to_addrs"),
        cc=addresses("m_cc_addrs"),
        reply_to=addresses("m_reply_to"),
        sender=present(address=row["m_sender"]),
        subject=row["m_subject"],
        message_id=row["m_message_id"],
        origination_timestamp=_clock(date) if date else None,
        x_mailer=row["m_user_agent"],
        content_type=row["m_content_type"],
        attachments=[_attachment(file) for file in attachments(row)],
        **{"from": addresses("m_from_addrs")},
    )


def _attachment(file: Row) -> dict[str, Any]:
    name = file["name"] or ""
    return {
        "file": present(
            name=name,
            extension=PurePosixPath(name).suffix.removeprefix("."),
            mime_type=file["content_type"],
            size=file["size_bytes"],
            hash={"md5": file["md5"], "sha1": file["sha1"], "sha256": file["sha256"]},
        )
    }


def _own(row: Row) -> dict[str, Any]:
    smtp = present(
        helo=row["helo"] or row["s_helo"],
        rcpt_to=row["rcpt_to"],
        rcpt_codes=row["rcpt_codes"],
        reply_code=row["final_code"],
        reply_text=row["final_text"],
    )
    if row["mail_from"] is not None:
        smtp["mail_from"] = row["mail_from"]  # empty for the null path, which says something
    named = {name: row[name] for name in ("flow_id", "session_id", "capture", "first_packet", "last_packet")}
    return named | present(
        smtp=smtp,
        outcome=row["s_outcome"],
        tls=row["s_tls"],
        via=row["s_via"],
        delivered=row["delivered"],
        received_ips=row["m_received_ips"],
        urls=row["urls"],
        body_sha256=row["m_body_sha256"],
        truncated=row["m_truncated"],
    )


def _clock(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"
