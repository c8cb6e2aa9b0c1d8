"""Zeek's logs, by its names and types: conn, smtp, http, ssl, and in the same style pop3, imap.

Zeek has no pop3 and imap log; ours have the same first columns. Where the tables do not hold what a Zeek column says
(`history`, `fuids`), it is unset.
"""

import string
from collections.abc import Iterator
from typing import Any

from mailscope.report.exports.facts import Row, Tables, flows, mailboxes, mails, seconds, with_flow
from mailscope.report.exports.zeek_columns import LOGS

SYN, FIN, RST, ACK = 2, 1, 4, 16
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SERVICES = {"tls": "ssl", "unknown": None, "none": None}

Record = dict[str, Any]
"""One line of a log: a value for each of its columns, None where unset."""


def logs(tables: Tables) -> Iterator[tuple[str, Iterator[Record]]]:
    """Every log with its records; a log without records is left out by the writer."""
    makers = {"conn": _conn, "smtp": _smtp, "http": _http, "ssl": _ssl, "pop3": _pop3, "imap": _imap}
    for name, make in makers.items():
        columns = dict.fromkeys(LOGS[name])
        yield name, (columns | record for record in make(tables))


def uid(flow_id: str) -> str:
    """Zeek's connection id made of ours: `C` and the same 64 bits in base 62."""
    number, text = int(flow_id.removeprefix("F"), 16), ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return "C" + text.rjust(11, "0")


def _ends(row: Row) -> Record:
    return {
        "ts": seconds(row["start"]),
        "uid": uid(row["flow_id"]),
        "id.orig_h": row["orig_addr"],
        "id.orig_p": row["orig_port"],
        "id.resp_h": row["resp_addr"],
        "id.resp_p": row["resp_port"],
    }


def _conn(tables: Tables) -> Iterator[Record]:
    for row in flows(tables):
        is_counted = row["proto"] in ("tcp", "udp", "icmp", "icmp6")
        yield _ends(row) | {
            "proto": {"icmp6": "icmp"}.get(row["proto"], row["proto"] if is_counted else "unknown_transport"),
            "service": _service(row),
            "duration": round((row["end"] - row["start"]).total_seconds(), 6),
            "orig_bytes": row["orig_payload_bytes"],
            "resp_bytes": row["resp_payload_bytes"],
            "conn_state": conn_state(row),
            "missed_bytes": row["orig_gap_bytes"] + row["resp_gap_bytes"],
            "orig_pkts": row["orig_packets"],
            "orig_ip_bytes": row["orig_ip_bytes"],
            "resp_pkts": row["resp_packets"],
            "resp_ip_bytes": row["resp_ip_bytes"],
            "vlan": row["vlan"],
            "community_id": row["community_id"],
        }


def _service(row: Row) -> str | None:
    layers = [layer for layer in (row["app_layers"] or row["app"]).split("+") if layer]
    names = [_SERVICES.get(layer, layer) for layer in layers]
    return ",".join(dict.fromkeys(name for name in names if name)) or None


def conn_state(row: Row) -> str:
    """Zeek's summary of how a connection went, from the TCP flags of both sides."""
    if row["proto"] != "tcp":
        return "SF" if row["orig_packets"] and row["resp_packets"] else "S0"
    orig, resp = int(row["orig_tcp_flags"]), int(row["resp_tcp_flags"])
    if not orig & SYN:
        if resp & SYN:
            return "RSTRH" if resp & RST else ("SHR" if resp & FIN else "OTH")
        return "OTH"
    if not resp & SYN:
        if resp & RST:
            return "REJ"
        if orig & RST:
            return "RSTOS0"
        return "SH" if orig & FIN and not row["resp_packets"] else ("S0" if not row["resp_packets"] else "OTH")
    return _ended(orig, resp, str(row["closed"]))


def _ended(orig: int, resp: int, closed: str) -> str:
    match closed, bool(orig & FIN), bool(resp & FIN):
        case "reset-by-orig", _, _:
            return "RSTO"
        case "reset-by-resp", _, _:
            return "RSTR"
        case _, True, True:
            return "SF"
        case _, True, False:
            return "S2"
        case _, False, True:
            return "S3"
    return "S1"


def _smtp(tables: Tables) -> Iterator[Record]:
    seen = set()
    for row in mails(tables):
        if row["s_protocol"] == "smtp":
            seen.add(row["session_id"])
            yield _ends(row) | _mail(row)
    for row in with_flow(tables, "mail_sessions"):
        if row["protocol"] == "smtp" and row["session_id"] not in seen:
            yield _ends(row) | {
                "trans_depth": 1,
                "helo": row["helo"],
                "last_reply": str(row["reply_codes"][-1]) if row["reply_codes"] else None,
                "tls": row["tls"] == "starttls",
                "path": [row["server_addr"], row["client_addr"]],
            }


def _mail(row: Row) -> Record:
    received = row["m_received"] or []
    return {
        "trans_depth": row["transaction"] or 1,
        "helo": row["helo"] if row["helo"] is not None else row["s_helo"],
        "mailfrom": row["mail_from"],
        "rcptto": row["rcpt_to"],
        "date": row["m_date_text"],
        "from": ", ".join(mailboxes(row["m_from_addrs"], row["m_from_names"])) or None,
        "to": row["m_to_addrs"],
        "cc": row["m_cc_addrs"],
        "reply_to": ", ".join(row["m_reply_to"] or []) or None,
        "msg_id": f"<{row['m_message_id']}>" if row["m_message_id"] else None,
        "in_reply_to": f"<{row['m_in_reply_to']}>" if row["m_in_reply_to"] else None,
        "subject": row["m_subject"],
        "x_originating_ip": row["m_x_originating_ip"],
        "first_received": received[0] if received else None,
        "second_received": received[1] if len(received) > 1 else None,
        "last_reply": _reply(row),
        "path": [row["server_addr"], row["client_addr"], *(row["m_received_ips"] or [])],
        "user_agent": row["m_user_agent"],
        "tls": row["s_tls"] == "starttls",
    }


def _reply(row: Row) -> str | None:
    if row["final_code"] is not None:
        return f"{row['final_code']} {row['final_text'] or ''}".strip()
    rejected = [code for code in row["rcpt_codes"] or [] if code is not None]
    last = rejected[-1] if rejected else row["mail_code"]
    return str(last) if last is not None else None


def _http(tables: Tables) -> Iterator[Record]:
    for row in with_flow(tables, "http_requests"):
        yield _ends(row) | {
            "trans_depth": row["exchange"] + 1,
            "method": row["method"],
            "host": row["host"],
            "uri": row["uri"],
            "referrer": row["referrer"],
            "version": (row["version"] or "").removeprefix("HTTP/") or None,
            "user_agent": row["user_agent"],
            "request_body_len": row["request_body_bytes"],
            "response_body_len": row["response_body_bytes"],
            "status_code": row["status"],
            "status_msg": row["status_text"],
            "username": row["auth_user"],
            "proxied": [f"{name} -> {row[column]}" for name, column in _PROXIED.items() if row[column]],
        }


_PROXIED = {"VIA": "via", "X-FORWARDED-FOR": "forwarded_for"}


def _ssl(tables: Tables) -> Iterator[Record]:
    for row in with_flow(tables, "tls_handshakes"):
        names = row["certificate_names"] or []
        yield _ends(row) | {
            "version": (row["version"] or "").replace("TLS 1.", "TLSv1").replace("SSL 3.0", "SSLv3") or None,
            "server_name": row["sni"],
            "established": row["ja3s"] is not None and row["ja3"] is not None,
            "cert_chain_fps": [row["certificate_sha256"]] if row["certificate_sha256"] else [],
            "subject": f"CN={names[0]}" if names else None,
            "ja3": row["ja3"],
            "ja3s": row["ja3s"],
            "ja4": row["ja4"],
            "ja4s": row.get("ja4s"),
        }


def _pop3(tables: Tables) -> Iterator[Record]:
    return _mailbox(tables, "pop3")


def _imap(tables: Tables) -> Iterator[Record]:
    return _mailbox(tables, "imap")


def _mailbox(tables: Tables, protocol: str) -> Iterator[Record]:
    for row in with_flow(tables, "mail_sessions"):
        if row["protocol"] == protocol:
            yield _ends(row) | {
                "banner": row["banner"],
                "user": ", ".join(row["auth_users"]) or None,
                "login": row["authenticated"],
                "commands": row["commands"],
                "mailboxes": row["mailboxes"],
                "messages": row["messages"],
                "tls": row["tls"] in ("starttls", "implicit"),
                "outcome": row["outcome"],
            }
