"""Suricata's EVE: one JSON event a line; types flow, smtp (with email), http, tls.

What EVE has no field for is in the sub-object `mailscope` of each event. EVE's pop3 event is one command and its
answer, which the tables do not keep; sessions of POP3 and IMAP are `flow` events whose `mailscope` holds the session.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mailscope.report.exports.facts import Row, Tables, attachments, mailboxes, mails, present, rows, with_flow

Event = dict[str, Any]

_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
_REASONS = {"idle": "timeout", "capture-end": "shutdown", "evicted": "forced"}


def events(tables: Tables) -> Iterator[Event]:
    """Every event, type by type; each type in order of time."""
    yield from _flows(tables)
    yield from _mails(tables)
    yield from _requests(tables)
    yield from _handshakes(tables)


def _head(row: Row, event_type: str) -> Event:
    flow_id = str(row["flow_id"])
    head = {
        "timestamp": clock(row["start"]),
        "flow_id": int(flow_id.removeprefix("F"), 16) >> 1,  # Suricata's ids are positive and signed
        "pcap_cnt": row["first_packet"],
        "event_type": event_type,
        "src_ip": row["orig_addr"],
        "src_port": row["orig_port"],
        "dest_ip": row["resp_addr"],
        "dest_port": row["resp_port"],
        "proto": {"icmp6": "IPv6-ICMP"}.get(row.get("proto", "tcp"), str(row.get("proto", "tcp")).upper()),
        "community_id": row["community_id"],
    }
    return head | ({"vlan": [row["vlan"]]} if row["vlan"] is not None else {})


def _own(row: Row, **more: object) -> Event:
    named = {name: row[name] for name in ("flow_id", "capture", "first_packet", "last_packet")}
    return {"mailscope": named | present(**more)}


def clock(time: datetime) -> str:
    """`2026-01-05T12:00:00.000000+0000`."""
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}+0000"


def _flows(tables: Tables) -> Iterator[Event]:
    sessions = tables("mail_sessions").select(
        "flow_id", "session_id", "protocol", "outcome", "auth_users", "authenticated", "commands", "messages", "tls"
    )
    joined = tables("flows").left_join(sessions, "flow_id").drop("flow_id_right")
    last = None
    for row in rows(joined):
        if row["flow_id"] == last:
            continue  # a flow of several sessions is one event
        last = row["flow_id"]
        session = present(
            session_id=row["session_id"],
            protocol=row["protocol"],
            outcome=row["outcome"],
            users=row["auth_users"],
            login=row["authenticated"],
            commands=row["commands"],
            messages=row["messages"],
            tls=row["tls"],
        )
        yield _head(row, "flow") | _flow(row) | _own(row, app_layers=row["app_layers"], session=session)


def _flow(row: Row) -> Event:
    app = {"unknown": "failed", "none": "unknown"}.get(row["app"], row["app"])
    is_closed = row["closed"] in ("fin", "reset-by-orig", "reset-by-resp")
    event: Event = {
        "app_proto": app,
        "flow": {
            "pkts_toserver": row["orig_packets"],
            "pkts_toclient": row["resp_packets"],
            "bytes_toserver": row["orig_wire_bytes"],
            "bytes_toclient": row["resp_wire_bytes"],
            "start": clock(row["start"]),
            "end": clock(row["end"]),
            "age": int((row["end"] - row["start"]).total_seconds()),
            "state": "closed" if is_closed else "established",
            "reason": _REASONS.get(row["closed"], "timeout"),
            "alerted": False,
        },
    }
    if row["proto"] == "tcp":
        orig, resp = row["orig_tcp_flags"], row["resp_tcp_flags"]
        event["tcp"] = {"tcp_flags": f"{orig | resp:02x}", "tcp_flags_ts": f"{orig:02x}", "tcp_flags_tc": f"{resp:02x}"}
        event["tcp"] |= {name: True for name, bit in _FLAGS.items() if (orig | resp) & bit}
    return event


def _mails(tables: Tables) -> Iterator[Event]:
    for row in mails(tables):
        if row["s_protocol"] != "smtp":
            continue
        smtp = present(helo=row["helo"] or row["s_helo"], rcpt_to=[f"<{to}>" for to in row["rcpt_to"] or []])
        if row["mail_from"] is not None:
            smtp["mail_from"] = f"<{row['mail_from']}>"
        event = _head(row, "smtp") | {"tx_id": max((row["transaction"] or 1) - 1, 0), "smtp": smtp}
        if row["message"]:
            event["email"] = _email(row)
        yield event | _own(
            row,
            session_id=row["session_id"],
            outcome=row["s_outcome"],
            delivered=row["delivered"],
            rcpt_codes=row["rcpt_codes"],
            final_code=row["final_code"],
            final_text=row["final_text"],
            tls=row["s_tls"],
        )


def _email(row: Row) -> Event:
    return present(
        status="BODY_STARTED" if row["m_truncated"] else "PARSE_DONE",
        to=row["m_to_addrs"],
        cc=row["m_cc_addrs"],
        subject=row["m_subject"],
        date=row["m_date_text"],
        message_id=f"<{row['m_message_id']}>" if row["m_message_id"] else None,
        in_reply_to=f"<{row['m_in_reply_to']}>" if row["m_in_reply_to"] else None,
        reply_to=", ".join(row["m_reply_to"] or []),
        x_originating_ip=row["m_x_originating_ip"],
        x_mailer=row["m_user_agent"],
        received=row["m_received"],
        attachment=[str(file["name"]) for file in attachments(row) if file["name"]],
        url=row["urls"],
        **{"from": ", ".join(mailboxes(row["m_from_addrs"], row["m_from_names"]))},
    )


def _requests(tables: Tables) -> Iterator[Event]:
    for row in with_flow(tables, "http_requests"):
        http = present(
            hostname=row["host"],
            url=row["uri"],
            http_user_agent=row["user_agent"],
            http_content_type=row["content_type"],
            http_refer=row["referrer"],
            http_method=row["method"],
            protocol=row["version"],
            status=row["status"],
            redirect=row["location"],
            length=row["response_body_bytes"],
        )
        yield _head(row, "http") | {"tx_id": row["exchange"], "http": http} | _own(row, user=row["auth_user"])


def _handshakes(tables: Tables) -> Iterator[Event]:
    for row in with_flow(tables, "tls_handshakes"):
        names = row["certificate_names"] or []
        tls = present(
            sni=row["sni"],
            version=row["version"],
            subject=f"CN={names[0]}" if names else None,
            ja3=present(hash=row["ja3"]),
            ja3s=present(hash=row["ja3s"]),
            ja4=row["ja4"],
        )
        yield _head(row, "tls") | {"tls": tls} | _own(row, began=row["began"], certificate=row["certificate_sha256"])
