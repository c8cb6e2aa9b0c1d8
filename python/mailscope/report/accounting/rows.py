"""One row a session, for JSON and CSV."""

from collections.abc import Iterator
from typing import Any

from ibis.expr.types import Table

from mailscope.detect.accounting.ports import MAIL_PORTS

COLUMNS: dict[str, str] = {
    "flow_id": "the connection, as in every table",
    "capture": "file in which it begins",
    "first_packet": "its first packet",
    "last_packet": "its last packet",
    "start": "time of the first packet, UTC",
    "client": "address and port",
    "server": "address and port",
    "direction": "`c2s`, `s2c` or `both`: whose packets were captured",
    "class": "`MAIL`, `BASE`, `HTTP` or `SSL`",
    "reason": "the one reason, from the closed list",
    "detail": "what the reason rests on: application, first bytes, server name, who reset",
    "valid": "above the thresholds",
    "decoded": "a mail protocol was decoded beyond its greeting",
    "part": "its part of the decoded sessions",
    "protocol": "mail protocol, empty when none was found",
    "app": "application by content",
    "app_layers": "everything seen on the connection, outermost first",
    "via": "how the mail session reached its server",
    "proxy_target": "what a proxy was asked for",
    "packets": "both directions",
    "payload_bytes": "both directions",
    "missing_bytes": "known to be missing",
    "cut_packets": "packets cut short",
    "starttls": "went on under TLS after STARTTLS",
    "tls_version": "of its first handshake",
    "tls_sni": "server name the client asked for",
    "tls_names": "names in the server's certificate",
    "banner": "first line of the server's greeting",
    "helo": "HELO, EHLO or LHLO argument",
    "users": "login names",
    "login": "did a login succeed: `yes`, `no`, `unknown`",
    "mail_from_cmd": "MAIL FROM, every transaction",
    "mail_to_cmd": "RCPT TO, every transaction",
    "mail_from": "From of the messages",
    "mail_to": "To of the messages",
    "subjects": "of the messages",
    "messages": "messages seen in transfer",
    "not_visible": "fields that the captured side cannot carry",
}
"""Columns of the rows and their meaning."""

_LISTS = {
    "users": "auth_users",
    "mail_from_cmd": "mail_from_cmds",
    "mail_to_cmd": "mail_to_cmds",
    "mail_from": "mail_froms",
    "mail_to": "mail_tos",
    "subjects": "subjects",
    "tls_names": "tls_names",
}
_COMPUTED = {"client", "server", "detail", "not_visible", "login", "messages"}

_CLIENT_SAYS = ("helo", "users", "mail_from_cmd", "mail_to_cmd")
_SMTP_CLIENT_SENDS = ("mail_from", "mail_to", "subjects")
_SERVER_SAYS = ("banner", "login")


def rows(sessions: Table) -> Iterator[dict[str, Any]]:
    """Every session, in order of its first packet, batch by batch."""
    for batch in sessions.order_by("start", "flow_id").to_pyarrow().to_batches(max_chunksize=10_000):
        for raw in batch.to_pylist():
            yield row(raw)


def row(raw: dict[str, Any]) -> dict[str, Any]:
    """A session's row, from the row of the expression."""
    made: dict[str, Any] = {}
    for name in COLUMNS:
        if name in _LISTS:
            made[name] = raw[_LISTS[name]] or []
        elif name not in _COMPUTED:
            made[name] = raw[name]
        else:
            made[name] = None
    made["client"] = _endpoint(raw["client_addr"], raw["client_port"])
    made["server"] = _endpoint(raw["server_addr"], raw["server_port"])
    made["login"] = raw["authenticated"] or "unknown"
    made["messages"] = raw["messages"] or 0
    made["detail"] = detail(raw)
    made["not_visible"] = [name for name in _hidden(raw) if made[name] in (None, [], "unknown")]
    return made


def detail(raw: dict[str, Any]) -> str:
    """What the reason rests on, in a few words."""
    match raw["reason"]:
        case "not-mail-on-mail-port":
            return str(raw["app_layers"] or raw["app"])
        case "unknown":
            return f"first bytes {raw['first_bytes']}" if raw["first_bytes"] else ""
        case "implicit-tls" | "opaque-after-starttls":
            return str(raw["tls_sni"] or "")
        case "proxy-refused":
            return f"{raw['proxy_target']}: {raw['proxy_reply_code'] or 'refused'}"
        case "tunnel-without-mail":
            return str(raw["proxy_target"])
        case "gap" | "cut-by-snaplen":
            return f"{raw['missing_bytes']} bytes missing, {raw['cut_packets']} packets cut"
    return _reset_by(raw)


def _reset_by(raw: dict[str, Any]) -> str:
    who = {"reset-by-orig": raw["client_is_orig"], "reset-by-resp": not raw["client_is_orig"]}.get(str(raw["closed"]))
    if who is None or not raw["payload_bytes"]:
        return ""
    return "reset by the client" if who else "reset by the server"


def _hidden(raw: dict[str, Any]) -> tuple[str, ...]:
    """Fields that the captured side of this protocol cannot carry."""
    protocol = raw["protocol"] or MAIL_PORTS.get(raw["server_port"])
    is_smtp = protocol in ("smtp", "lmtp")
    if raw["direction"] == "both" or protocol is None:
        return ()
    if raw["direction"] == "c2s":
        return _SERVER_SAYS if is_smtp else (*_SERVER_SAYS, *_SMTP_CLIENT_SENDS)
    return (*_CLIENT_SAYS, *_SMTP_CLIENT_SENDS) if is_smtp else ("users",)


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
