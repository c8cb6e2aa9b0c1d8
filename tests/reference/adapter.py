"""Prints Mailscope's tables of one capture in the schema of the reference folder (NDJSON).

    python tests/reference/adapter.py CAPTURE > CAPTURE.ndjson

A pure mapping: every value is a column of a table; nothing is decoded here. One `session` record
for each TCP conversation, one `transaction` for each SMTP transaction or fetched message, one
`http` for each HTTP exchange.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa

from mailscope import _core

Row = dict[str, Any]
DECODED = ("mail_sessions", "proxy_requests", "http_requests", "tls_handshakes")


class Capture:
    """The tables of one capture, as rows by flow."""

    def __init__(self, path: str) -> None:
        """Reads the whole capture; reference captures are small."""
        result = _core.read([path], _core.Options(count_copies=True), None)
        self._rows: dict[str, dict[str, list[Row]]] = {}
        for name, stream in result.tables.items():
            by_flow: dict[str, list[Row]] = defaultdict(list)
            for row in pa.table(stream).to_pylist():
                by_flow[row["flow_id"]].append(row)
            self._rows[name] = by_flow

    def flows(self) -> Iterator[Row]:
        """TCP conversations in order of their first packet."""
        rows = (row for rows in self._rows["flows"].values() for row in rows)
        return (row for row in sorted(rows, key=lambda row: row["start"]) if row["proto"] == "tcp")

    def of(self, table: str, flow: Row) -> list[Row]:
        """Rows of a table that belong to a flow."""
        return self._rows[table].get(flow["flow_id"], [])


def records(path: str) -> Iterator[Row]:
    """All records of a capture."""
    capture = Capture(path)
    for flow in capture.flows():
        key, client = orientation(capture, flow)
        yield said({"record": "session", **key, **session(capture, flow, client)})
        for index, row in enumerate(transactions(capture, flow)):
            yield said({"record": "transaction", **key, "index": index, **row})
        for index, row in enumerate(capture.of("http_requests", flow)):
            yield said({"record": "http", **key, "index": index, **exchange(row)})


def said(record: Row) -> Row:
    """Without what was not said."""
    return {name: value for name, value in record.items() if value is not None and value != []}


def orientation(capture: Capture, flow: Row) -> tuple[Row, str]:
    """Key fields, and which side (`orig`, `resp`) is the client: who sent the SYN, else who asks."""
    client, server = "orig", "resp"
    if flow["oriented_by"] not in ("syn", "syn-ack"):
        decoded = [row for table in DECODED for row in capture.of(table, flow)]
        if decoded and (decoded[0]["client_addr"], decoded[0]["client_port"]) != (flow["orig_addr"], flow["orig_port"]):
            client, server = server, client
    key = {
        "client_ip": flow[f"{client}_addr"],
        "client_port": flow[f"{client}_port"],
        "server_ip": flow[f"{server}_addr"],
        "server_port": flow[f"{server}_port"],
        "start_ts": seconds(flow["start"]),
    }
    return key, client


def seconds(time: datetime) -> float:
    """Seconds since the epoch."""
    return time.timestamp()


def unique(values: Iterable[Any]) -> list[Any]:
    """Distinct values in order, nulls left out."""
    return list(dict.fromkeys(value for value in values if value is not None))


def session(capture: Capture, flow: Row, client: str) -> Row:
    """The session fields of one TCP conversation."""
    return {
        "protocols": [app for app in flow["app_layers"].split("+") if app not in ("", "none", "unknown")],
        "direction_seen": {"both": "both", client: "c2s"}.get(flow["sides"], "s2c"),
        "handshake_seen": flow["handshake"] == "full",
        **counts(flow, client),
        **mail(capture, flow),
        **tls(capture, flow),
        **socks(capture, flow),
        "connect_targets": unique(target(row) for row in proxies(capture, flow, "http-connect")),
    }


def counts(flow: Row, client: str) -> Row:
    """Packets and bytes of each direction."""
    sides = {"c2s": client, "s2c": "resp" if client == "orig" else "orig"}
    names = ("packets", "wire_bytes", "ip_bytes", "payload_bytes")
    return {f"{name}_{way}": flow[f"{side}_{name}"] for way, side in sides.items() for name in names}


def mail(capture: Capture, flow: Row) -> Row:
    """What the mail sessions of a flow say; a flow in a tunnel may hold several."""
    sessions, messages = capture.of("mail_sessions", flow), capture.of("messages", flow)
    if not sessions:
        return {}

    def all_of(column: str) -> list[Any]:
        return [value for row in sessions for value in row[column] or []]

    logins = [row for row in capture.of("logins", flow) if row["service"] in ("smtp", "pop3", "imap")]
    smtp = [row for row in sessions if row["protocol"] == "smtp"]
    tls_words = {row["tls"] for row in sessions}
    return {
        "helo": unique(all_of("helos")),
        "banner": sessions[0]["banner"],
        "commands": all_of("commands"),
        "reply_codes": [code for row in smtp for code in row["reply_codes"]],
        "auth_mechanisms": unique(all_of("auth_mechanisms")),
        "auth_users": unique(all_of("auth_users") + [row["user"] for row in logins]),
        "starttls": False if tls_words <= {"none", "offered", "requested"} else "starttls" in tls_words or None,
        "starttls_requested": True if tls_words & {"requested", "starttls"} else None,
        "implicit_tls": True if "implicit" in tls_words else None,
        "mail_folders": unique(all_of("mailboxes")),
        "received_ips": unique(address for row in messages for address in row["received_ips"]),
        "attachment_sha1": unique(row["sha1"] for row in capture.of("attachments", flow)),
    }


def tls(capture: Capture, flow: Row) -> Row:
    """Names and fingerprints of the TLS hellos."""
    hellos = capture.of("tls_handshakes", flow)
    return {"tls_sni": unique(row["sni"] for row in hellos), "tls_ja3": unique(row["ja3"] for row in hellos)}


def proxies(capture: Capture, flow: Row, kind: str) -> list[Row]:
    """Proxy requests of one kind (a prefix)."""
    return [row for row in capture.of("proxy_requests", flow) if row["kind"].startswith(kind)]


def target(row: Row) -> str:
    """`host:port` of a proxy request."""
    return f"{row['target_host']}:{row['target_port']}"


def socks(capture: Capture, flow: Row) -> Row:
    """What the SOCKS requests say."""
    requests = proxies(capture, flow, "socks")
    if not requests:
        return {}
    users = [row["user"] for row in capture.of("logins", flow) if row["service"].startswith("socks")]
    return {
        "socks_version": int(requests[0]["kind"][5]),
        "socks_targets": unique(target(row) for row in requests),
        "socks_users": unique([row["auth_user"] for row in requests] + users),
        "socks_status": requests[0]["reply_text"],
    }


def transactions(capture: Capture, flow: Row) -> Iterator[Row]:
    """SMTP transactions with their messages, then messages fetched or stored."""
    messages = capture.of("messages", flow)
    by_transaction = {
        (row["session_id"], row["transaction"]): row for row in messages if row["transaction"] is not None
    }
    for row in capture.of("mail_transactions", flow):
        message = by_transaction.pop((row["session_id"], row["transaction"]), None)
        replies = [(row["final_code"], row["final_text"])]
        yield {
            "kind": "send",
            "helo": row["helo"],
            "mail_from": row["mail_from"],
            "rcpt_to": row["rcpt_to"],
            "last_reply": next((f"{code} {text or ''}".strip() for code, text in replies if code), None),
            **(header(capture, flow, message) if message else {}),
        }
    for row in messages:
        if row["transaction"] is None or (row["session_id"], row["transaction"]) in by_transaction:
            yield {"kind": "send" if row["transfer"].startswith("smtp") else "fetch", **header(capture, flow, row)}


def header(capture: Capture, flow: Row, message: Row) -> Row:
    """What a message's header and parts say."""

    def parts(table: str) -> list[Row]:
        key = (message["session_id"], message["message"])
        return [row for row in capture.of(table, flow) if (row["session_id"], row["message"]) == key]

    attachments = parts("attachments")
    same = (
        "to_addrs",
        "cc_addrs",
        "reply_to",
        "subject",
        "message_id",
        "in_reply_to",
        "user_agent",
        "x_originating_ip",
    )
    return {
        "from_addr": message["from_addrs"],
        "date": message["date"].isoformat() if message["date"] else message["date_text"],
        **{name: message[name] for name in same},
        "attachment_names": unique(row["name"] for row in attachments),
        "attachment_md5": unique(row["md5"] for row in attachments),
        "attachment_sha256": unique(row["sha256"] for row in attachments),
        "urls": unique(row["url"] for row in parts("urls")),
    }


def exchange(row: Row) -> Row:
    """One HTTP exchange."""
    same = ("method", "host", "uri", "status", "user_agent", "referrer", "content_type", "auth_user")
    return {**{name: row[name] for name in same}, "connect_target": row["uri"] if row["method"] == "CONNECT" else None}


def main(paths: list[str]) -> None:
    """Prints the records of each capture."""
    for path in paths:
        for record in records(path):
            print(json.dumps(record, ensure_ascii=True))


if __name__ == "__main__":
    main(sys.argv[1:])
