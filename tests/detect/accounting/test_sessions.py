"""Which connections count as mail sessions, and the one class and reason each gets."""

from functools import cache

import pytest

from mailscope.detect.accounting.sessions import SCAN_HOSTS, Valid, sessions
from tests.fixtures.rows import ibis_tables

SYN, ACK, RST = 2, 16, 4
SPOKEN = {"orig_packets": 6, "resp_packets": 6, "orig_payload_bytes": 90, "resp_payload_bytes": 90}


def empty(**flow):
    return {"orig_payload_bytes": 0, "resp_payload_bytes": 0, "app": "none", **flow}


def one_side(side, **flow):
    other = {"orig": "resp", "resp": "orig"}[side]
    return {f"{other}_packets": 0, f"{other}_payload_bytes": 0, f"{other}_tcp_flags": 0, **flow}


def app(layers, **flow):
    return {"app": layers.split("+")[0], "app_layers": layers, **flow}


def mail(protocol, outcome, **facts):
    return {"protocol": protocol, "outcome": outcome, **facts}


CONNECT = {"kind": "http-connect", "target_host": "mx.example", "target_port": 25, "inner_app": "none"}
TURNED = {"orig_addr": "192.0.2.25", "orig_port": 25, "resp_addr": "10.0.0.9", "resp_port": 40001}

# Name of a connection: its flow, and the rows of other tables that belong to it.
CONNECTIONS = {
    "ssh on 143": (app("ssh", resp_port=143), {}),
    "web": (app("http", resp_port=80), {}),
    "datagrams": ({"proto": "udp"}, {}),
    "mail on 8025": (app("smtp", resp_port=8025), {"mail_sessions": [mail("smtp", "complete", server_port=8025)]}),
    "imap in connect": (
        app("http+imap", resp_port=8080),
        {"mail_sessions": [mail("imap", "login-logout", via="http-connect", server_port=8080)]},
    ),
    "refused connect": (
        app("http", resp_port=8080),
        {"proxy_requests": [CONNECT | {"granted": "no", "reply_code": 403}]},
    ),
    "silent tunnel": (app("http", resp_port=8080), {"proxy_requests": [CONNECT | {"granted": "yes"}]}),
    "connect to the web": (app("http", resp_port=8080), {"proxy_requests": [CONNECT | {"target_port": 443}]}),
    "imaps": (app("tls", resp_port=993), {}),
    "web over tls on 995": (app("tls", resp_port=995), {"tls_handshakes": [{"alpn": "h2", "began": "start"}]}),
    "starttls": (app("smtp+tls"), {"mail_sessions": [mail("smtp", "opaque-after-starttls", tls="starttls")]}),
    "nothing said": (empty(orig_tcp_flags=SYN | ACK, resp_tcp_flags=SYN | ACK), {}),
    "attempt": (empty(**one_side("orig", orig_tcp_flags=SYN)), {}),
    "refused": (empty(orig_tcp_flags=SYN, resp_tcp_flags=RST | ACK), {}),
    "refused, server only": (empty(**one_side("resp", resp_tcp_flags=RST | ACK)), {}),
    "half-open": (empty(orig_tcp_flags=SYN | RST, resp_tcp_flags=SYN | ACK), {}),
    "silent side": (empty(**one_side("orig", orig_tcp_flags=SYN | ACK)), {}),
    "binary": ({"first_bytes": "00ff", "resp_port": 110}, {}),
    "snap length": ({"orig_cut_packets": 3}, {}),
    "loss": ({"app": "none", "orig_gap_bytes": 900}, {}),
    "snap length in a decoder": (app("smtp", orig_cut_packets=3), {"mail_sessions": [mail("smtp", "gap")]}),
    "loss beside commands": (app("smtp"), {"mail_sessions": [mail("smtp", "gap", commands=["EHLO", "AUTH"])]}),
    "loss beside a farewell": (app("smtp"), {"mail_sessions": [mail("smtp", "gap", commands=["QUIT"])]}),
    "web to a mail server": (app("smtp"), {"mail_sessions": [mail("smtp", "commands-only", commands=["GET"])]}),
    "turned, decoded": (
        TURNED | one_side("orig") | app("smtp", oriented_by="first-packet"),
        {"mail_sessions": [mail("smtp", "one-way-server", client_addr="10.0.0.9")]},
    ),
    "turned": (TURNED | one_side("orig", oriented_by="first-packet"), {}),
    "two sessions": (
        app("http+smtp"),
        {
            "mail_sessions": [
                mail("smtp", "ehlo-only", session_id="A/0"),
                mail("smtp", "complete", session_id="A/1", transactions=2),
            ],
            "mail_transactions": [
                {"transaction": 1, "mail_from": "a@x.example", "rcpt_to": ["b@y.example"], "rcpt_count": 1},
                {"transaction": 2, "mail_from": "", "rcpt_to": ["c@y.example", "d@y.example"], "rcpt_count": 2},
            ],
            "messages": [{"message": 1, "from_addrs": ["a@x.example"], "subject": "one"}],
        },
    ),
    "five bytes in three packets": (empty(orig_packets=2, resp_packets=1, orig_payload_bytes=5), {}),
}


@cache
def accounts(valid=None):
    """Every connection's row, by name, made in one query."""
    tables = {"flows": []}
    for name, (flow, others) in CONNECTIONS.items():
        tables["flows"].append(SPOKEN | {"app": "unknown", "app_layers": "", "flow_id": name} | flow)
        for table, rows in others.items():
            tables.setdefault(table, []).extend(row | {"flow_id": name} for row in rows)
    found = sessions(ibis_tables(**tables), valid).to_pyarrow().to_pylist()
    return {row["flow_id"]: row for row in found}


@pytest.mark.parametrize("name", ["web", "datagrams", "connect to the web"])
def test_what_is_neither_on_a_mail_port_nor_mail_does_not_count(name):
    assert name not in accounts()


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("ssh on 143", "BASE", "not-mail-on-mail-port"),
        ("mail on 8025", "MAIL", "complete"),
        ("imap in connect", "HTTP", "login-logout"),
        ("refused connect", "HTTP", "proxy-refused"),
        ("silent tunnel", "HTTP", "tunnel-without-mail"),
        ("imaps", "SSL", "implicit-tls"),
        ("web over tls on 995", "SSL", "not-mail-on-mail-port"),
        ("starttls", "MAIL", "opaque-after-starttls"),
        ("nothing said", "BASE", "no-payload"),
        ("attempt", "BASE", "connection-attempt"),
        ("refused", "BASE", "connection-refused"),
        ("refused, server only", "BASE", "connection-refused"),
        ("half-open", "BASE", "half-open"),
        ("silent side", "BASE", "silent-side"),
        ("binary", "BASE", "unknown"),
        ("snap length", "BASE", "cut-by-snaplen"),
        ("loss", "BASE", "gap"),
        ("snap length in a decoder", "BASE", "cut-by-snaplen"),
    ],
)
def test_each_connection_has_one_class_and_the_reason_it_shows(name, kind, reason):
    row = accounts()[name]
    assert (row["class"], row["reason"]) == (kind, reason)


def test_mail_that_http_carries_is_decoded_all_the_same():
    assert accounts()["imap in connect"]["decoded"] is True


def test_starttls_is_mail_with_a_flag():
    row = accounts()["starttls"]
    assert (row["starttls"], row["part"]) == (True, "starttls")


def test_the_target_of_a_proxy_is_named():
    assert accounts()["refused connect"]["proxy_target"] == "mx.example:25"


def test_a_client_that_tries_many_hosts_in_silence_is_scanning():
    flow = empty(orig_packets=1, resp_packets=0, orig_tcp_flags=SYN, app_layers="")
    flows = [
        flow | {"flow_id": f"{client}{n}", "orig_addr": f"10.0.0.{client}", "resp_addr": f"192.0.2.{n}"}
        for client, hosts in ((1, SCAN_HOSTS), (2, SCAN_HOSTS - 1))
        for n in range(hosts)
    ]
    rows = sessions(ibis_tables(flows=flows)).to_pyarrow().to_pylist()
    reasons = {
        client: {row["reason"] for row in rows if row["client_addr"] == client} for client in ("10.0.0.1", "10.0.0.2")
    }
    assert reasons == {"10.0.0.1": {"scan"}, "10.0.0.2": {"connection-attempt"}}


@pytest.mark.parametrize("name", ["turned, decoded", "turned"])
def test_client_and_server_are_not_told_by_who_was_seen_first(name):
    row = accounts()[name]
    assert (row["direction"], row["client_addr"], row["server_port"]) == ("s2c", "10.0.0.9", 25)


def test_the_fields_of_every_session_of_a_flow_are_gathered_under_the_one_in_which_mail_moved():
    row = accounts()["two sessions"]
    assert row["reason"] == "complete"
    assert row["mail_from_cmds"] == ["a@x.example", ""]
    assert row["mail_to_cmds"] == ["b@y.example", "c@y.example", "d@y.example"]
    assert (row["mail_from"], row["mail_to"], row["part"]) == (True, False, "mail-from-cmd")


@pytest.mark.parametrize(("valid", "holds"), [(Valid(3, 5), True), (Valid(4, 5), False), (Valid(3, 6), False)])
def test_the_thresholds_decide_what_is_valid(valid, holds):
    assert accounts(valid)["five bytes in three packets"]["valid"] is holds


def test_a_web_request_to_a_mail_server_is_no_mail():
    web = accounts()["web to a mail server"]
    assert (web["class"], web["reason"], web["decoded"]) == ("BASE", "not-mail-on-mail-port", False)


def test_commands_read_beside_a_loss_are_decoded():
    beside, farewell = accounts()["loss beside commands"], accounts()["loss beside a farewell"]
    assert (beside["class"], beside["reason"], beside["decoded"]) == ("MAIL", "gap", True)
    assert (farewell["class"], farewell["reason"], farewell["decoded"]) == ("BASE", "gap", False)
