"""One row for each session of the account: an Ibis expression over the tables of a reading.

A session is a TCP connection that counts as mail: on a port of mail whatever it carries, elsewhere because mail,
or a request to a proxy for a port of mail, was found in it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, StringValue, Table

from mailscope.detect.accounting.facts import mail_facts, proxy_facts, tls_facts
from mailscope.detect.accounting.ports import MAIL_PORTS, WEB_ALPN
from mailscope.detect.accounting.reasons import DECODED, LOSSES

FIN, SYN, RST, ACK = 1, 2, 4, 16

SCAN_HOSTS = 20
"""A client that tries so many hosts without sending a byte is scanning."""

MAIL_APPS = ("smtp", "pop3", "imap")


_KEPT = (
    *("flow_id", "capture", "first_packet", "last_packet", "start"),
    *("closed", "oriented_by", "app", "app_layers", "first_bytes"),
)
_COUNTERS = ("packets", "payload_bytes", "tcp_flags", "gap_bytes", "cut_packets", "conflicting_bytes")
_ENDS = ("addr", "port", *_COUNTERS)


@dataclass(frozen=True, slots=True)
class Valid:
    """What makes a session worth decoding: packets and payload bytes of both directions, at least so many."""

    min_packets: int = 4
    min_bytes: int = 6


def sessions(table: Callable[[str], Table], valid: Valid | None = None) -> Table:
    """The sessions of a reading; `table` gives a table by name (such as `Tables.to_ibis`)."""
    valid = valid or Valid()
    flows = (
        table("flows").filter(_.proto == "tcp").select(*_KEPT, *(f"{s}_{c}" for s in ("orig", "resp") for c in _ENDS))
    )
    joined = (
        flows.left_join(mail_facts(table), "flow_id")
        .drop("flow_id_right")
        .left_join(tls_facts(table("tls_handshakes")), "flow_id")
        .drop("flow_id_right")
        .left_join(proxy_facts(table("proxy_requests")), "flow_id")
        .drop("flow_id_right")
    )
    counted = _named_ends(_by_client(joined).filter(_counts()))
    reasoned = _with_scans(counted.mutate(reason=_reason()))
    return _classed(reasoned, valid)


def _is_mail_port(port: ibis.Value) -> BooleanValue:
    return port.isin(list(MAIL_PORTS))


def _by_client(joined: Table) -> Table:
    """Adds `client_is_orig`: what the decoder says, else the end that is not on a port of mail."""
    decoder_knows = _.mail_client_addr.notnull()
    decoder_says = (_.mail_client_addr == _.orig_addr) & (_.mail_client_port == _.orig_port)
    is_turned = _is_mail_port(_.orig_port) & ~_is_mail_port(_.resp_port) & ~_.oriented_by.isin(["syn", "syn-ack"])
    return joined.mutate(client_is_orig=ibis.ifelse(decoder_knows, decoder_says, ~is_turned))


def _counts() -> BooleanValue:
    """True for a connection that counts as a mail session."""
    port = ibis.ifelse(_.client_is_orig, _.resp_port, _.orig_port)
    has_mail = ibis.or_(*(_.app_layers.contains(app) for app in MAIL_APPS))
    return _is_mail_port(port) | has_mail | _.protocol.notnull() | _.proxy_target.notnull()


def _named_ends(table: Table) -> Table:
    """Flow counters by client and server instead of originator and responder."""

    def pick(what: str, *, of_client: bool) -> ibis.Value:
        mine, other = ("orig", "resp") if of_client else ("resp", "orig")
        return ibis.ifelse(_.client_is_orig, _[f"{mine}_{what}"], _[f"{other}_{what}"])

    ends = {f"client_{what}": pick(what, of_client=True) for what in _ENDS}
    ends |= {f"server_{what}": pick(what, of_client=False) for what in _ENDS}
    table = table.mutate(**ends).drop(*(f"{side}_{what}" for side in ("orig", "resp") for what in _ENDS))
    return table.mutate(
        packets=_.client_packets + _.server_packets,
        payload_bytes=_.client_payload_bytes + _.server_payload_bytes,
        missing_bytes=_.client_gap_bytes + _.server_gap_bytes,
        cut_packets=_.client_cut_packets + _.server_cut_packets,
        conflicting_bytes=_.client_conflicting_bytes + _.server_conflicting_bytes,
        direction=ibis.cases(
            (_.server_packets == 0, "c2s"),
            (_.client_packets == 0, "s2c"),
            else_="both",
        ),
    )


def _has(flags: ibis.Value, flag: int) -> BooleanValue:
    return (flags & flag) == flag


def _reason() -> StringValue:
    """The one reason of a session; the order of the lines is the order of precedence."""
    return ibis.cases(
        (_is_web_over_tls(), "not-mail-on-mail-port"),
        (_.outcome.isin(["gap", "unknown"]) & (_.cut_packets > 0), "cut-by-snaplen"),
        ((_.outcome == "commands-only") & (_.commands.length() == 1) & _is_web_request(), "not-mail-on-mail-port"),
        (_.outcome.notnull() & ~_.outcome.isin(["no-payload", "unknown", "not-mail-on-mail-port"]), _.outcome),
        *_without_payload(),
        ((_.app == "tls") | (_.tls == "implicit"), "implicit-tls"),
        (_.proxy_target.notnull() & (_.proxy_granted == "no"), "proxy-refused"),
        (_.proxy_target.notnull(), "tunnel-without-mail"),
        (_.protocol.isnull() & ~_.app.isin(["unknown", "none", *MAIL_APPS]), "not-mail-on-mail-port"),
        (_.outcome == "not-mail-on-mail-port", "not-mail-on-mail-port"),
        (_.cut_packets > 0, "cut-by-snaplen"),
        ((_.app == "none") & (_.missing_bytes == 0), "no-payload"),  # a keep-alive byte is no payload
        (_.missing_bytes > 0, "gap"),
        else_="unknown",
    )


def _without_payload() -> list[tuple[BooleanValue, str]]:
    is_empty = (_.payload_bytes == 0) & (_.missing_bytes == 0)
    client, server = _.client_tcp_flags, _.server_tcp_flags
    no_answer = (_.server_packets == 0) & _has(client, SYN) & ~_has(client, ACK)
    refused = _has(server, RST) & ~_has(server, SYN) & ~_has(client, ACK)
    half_open = _has(server, SYN) & _has(client, SYN) & ~_has(client, ACK)
    return [
        (is_empty & no_answer, "connection-attempt"),
        (is_empty & refused, "connection-refused"),
        (is_empty & half_open, "half-open"),
        (is_empty & (_.direction != "both"), "silent-side"),
        (is_empty, "no-payload"),
    ]


def _is_web_request() -> BooleanValue:
    """All that the mail server was sent is a request of the web."""
    return _.commands[0].isin(["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT"])


def _is_web_over_tls() -> BooleanValue:
    return ((_.app == "tls") | (_.outcome == "implicit-tls")) & _.tls_alpn.isin(list(WEB_ALPN))


def _with_scans(table: Table) -> Table:
    """Sessions without payload of clients that tried many hosts become `scan`."""
    empty = ["connection-attempt", "connection-refused", "half-open", "no-payload", "silent-side"]
    tried = (
        table.filter(_.reason.isin(empty))
        .group_by(scan_client="client_addr")
        .agg(scan_hosts=_.server_addr.nunique())
        .filter(_.scan_hosts >= SCAN_HOSTS)
    )
    joined = table.left_join(tried, table.client_addr == tried.scan_client)
    is_scan = _.scan_hosts.notnull() & _.reason.isin(empty)
    return joined.mutate(reason=ibis.ifelse(is_scan, "scan", _.reason)).drop("scan_client", "scan_hosts")


def _classed(table: Table, valid: Valid) -> Table:
    """Adds the four fields, class, decoded, valid and the part of the partition."""
    table = table.mutate(
        **{name: _[name].fill_null(False) for name in ("mail_from_cmd", "mail_from", "mail_to_cmd", "mail_to")},
        starttls=((_.tls == "starttls") & (_.reason != "tls-without-starttls")).fill_null(False),
        via=_.via.fill_null("direct"),
    )
    has_field = _.mail_from_cmd | _.mail_from | _.mail_to_cmd | _.mail_to
    # What a loss hides is not known; what was read beside it was decoded all the same.
    has_commands = (_.commands.length() > 0) & ~_.commands[0].isin(["QUIT", "LOGOUT"])
    read_beside = _.reason.isin(list(LOSSES)) & has_commands.fill_null(False)
    is_mail = has_field | ((_.reason.isin(list(DECODED)) | read_beside) & _.protocol.notnull())
    is_http = (_.app_layers == "http") | _.app_layers.startswith("http+") | _.via.startswith("http-")
    is_tls = (_.app_layers == "tls") | _.app_layers.startswith("tls+") | (_.reason == "implicit-tls")
    return table.mutate(
        decoded=is_mail,
        valid=(_.packets >= valid.min_packets) & (_.payload_bytes >= valid.min_bytes),
        **{"class": ibis.cases((is_http, "HTTP"), (is_tls, "SSL"), (is_mail, "MAIL"), else_="BASE")},
        part=ibis.cases(
            (~is_mail, "undecoded"),
            (_.starttls, "starttls"),
            (_.mail_from_cmd, "mail-from-cmd"),
            (has_field, "other-fields"),
            else_="none",
        ),
    )
