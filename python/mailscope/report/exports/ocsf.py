"""OCSF 1.7, class 4009 Email Activity: one event a mail.

`from` and `to` of the event are the envelope, those of `email` the message's header. OCSF takes only addresses of the
form local@domain; the rest of them, and what OCSF has no attribute for, is under `unmapped`. A mail of which no such
address is visible cannot be said in OCSF and makes no event.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mailscope.report.exports.facts import Row, Tables, attachments, mailboxes, mails, present

OCSF_VERSION = "1.7.0"
CLASS_UID, SEND, RECEIVE, MTA_RELAY = 4009, 1, 2, 5

_ADDRESS = re.compile(r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+", re.ASCII)
_STATUS = {"yes": (1, "Success"), "no": (2, "Failure")}
_ACTIVITIES = {SEND: "Send", RECEIVE: "Receive", MTA_RELAY: "MTA Relay"}
_SUBMISSION_PORTS = (465, 587)
_MD5, _SHA1, _SHA256 = 1, 2, 3


def events(tables: Tables, product_version: str) -> Iterator[dict[str, Any]]:
    """Every mail that OCSF can say, in order of time."""
    for row in mails(tables):
        made = event(row, product_version)
        if made is not None:
            yield made


def event(row: Row, product_version: str) -> dict[str, Any] | None:
    """One mail, or None when no address of it is visible."""
    envelope_from, envelope_to = valid(row["mail_from"]), valids(row["rcpt_to"])
    email = _email(row)
    if "from" not in email and "to" not in email:
        email |= present(**{"from": envelope_from, "to": envelope_to})
    if "from" not in email and "to" not in email:
        return None
    activity = _activity(row)
    status_id, status = _STATUS.get(str(row["delivered"]), (0, "Unknown"))
    return {
        "activity_id": activity,
        "activity_name": _ACTIVITIES[activity],
        "category_uid": 4,
        "category_name": "Network Activity",
        "class_uid": CLASS_UID,
        "class_name": "Email Activity",
        "type_uid": CLASS_UID * 100 + activity,
        "severity_id": 1,
        "severity": "Informational",
        "direction_id": 0,
        "time": _milliseconds(row["start"]),
        "start_time": _milliseconds(row["start"]),
        "end_time": _milliseconds(row["end"]),
        "status_id": status_id,
        "status": status,
        "protocol_name": str(row["s_protocol"]).upper(),
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Mailscope", "vendor_name": "Mailscope", "version": product_version},
            "uid": f"{row['session_id']}/{row['transaction'] or 0}/{row['message']}",
        },
        "src_endpoint": {"ip": row["client_addr"], "port": row["client_port"]},
        "dst_endpoint": {"ip": row["server_addr"], "port": row["server_port"]},
        "email": email,
        "unmapped": _unmapped(row),
    } | present(
        **{"from": envelope_from, "to": envelope_to},
        smtp_hello=row["helo"] or row["s_helo"],
        banner=row["s_banner"],
        status_code=str(row["final_code"]) if row["final_code"] is not None else None,
        status_detail=row["final_text"],
    )


def valid(address: str | None) -> str | None:
    """The address, when OCSF takes it."""
    return address if address and _ADDRESS.fullmatch(address) else None


def valids(addresses: list[str] | None) -> list[str]:
    """Those that OCSF takes."""
    return [address for address in addresses or [] if valid(address)]


def _activity(row: Row) -> int:
    if row["s_protocol"] != "smtp":
        return RECEIVE if not row["m_from_client"] else SEND
    return SEND if row["server_port"] in _SUBMISSION_PORTS or row["s_auth_users"] else MTA_RELAY


def _email(row: Row) -> dict[str, Any]:
    froms = valids(row["m_from_addrs"])
    return present(
        **{"from": froms[0] if froms else None},
        from_mailboxes=froms,
        to=valids(row["m_to_addrs"]),
        to_mailboxes=mailboxes(row["m_to_addrs"]),
        cc=valids(row["m_cc_addrs"]),
        reply_to_list=valids(row["m_reply_to"]),
        sender=valid(row["m_sender"]),
        return_path=valid(row["m_return_path"]),
        subject=row["m_subject"],
        message_uid=row["m_message_id"],
        size=row["m_size_bytes"],
        files=[_file(file) for file in attachments(row)],
        urls=[{"url_string": url} for url in row["urls"] or []],
    )


def _file(file: Row) -> dict[str, Any]:
    hashes = ((_MD5, "MD5", "md5"), (_SHA1, "SHA-1", "sha1"), (_SHA256, "SHA-256", "sha256"))
    return {
        "name": file["name"] or "unnamed",
        "type_id": 1,
        "size": file["size_bytes"],
        "mime_type": file["content_type"],
        "hashes": [{"algorithm_id": uid, "algorithm": name, "value": file[key]} for uid, name, key in hashes],
    }


def _unmapped(row: Row) -> dict[str, Any]:
    named = {name: row[name] for name in ("flow_id", "session_id", "capture", "first_packet", "last_packet")}
    envelope = {"mail_from": row["mail_from"]} if row["mail_from"] is not None else {}
    return (
        named
        | envelope
        | present(
            community_id=row["community_id"],
            rcpt_to=row["rcpt_to"],
            rcpt_codes=row["rcpt_codes"],
            from_addrs=row["m_from_addrs"],
            to_addrs=row["m_to_addrs"],
            outcome=row["s_outcome"],
            tls=row["s_tls"],
            via=row["s_via"],
        )
    )


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
