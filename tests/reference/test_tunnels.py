"""What ran inside a tunnel is decoded there and tied to the request that opened it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.reference import scoring
from tests.whole import reading

FOLDER = scoring.shared() / "reference"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"reference captures are missing: no folder {FOLDER}")

TAGS = {"http-connect", "http-proxy"}


def tagged() -> list[Any]:
    """Expectations of captures with a tunnel or a request to a proxy."""
    if not FOLDER.is_dir():
        return []
    chosen = scoring.expectations(FOLDER)
    return [e for e in chosen if TAGS & set(e["tags"]) or any(tag.startswith("nested:") for tag in e["tags"])]


@cache
def tables(file: str) -> reading.Rows:
    """The rows of a reference capture."""
    return reading.rows(FOLDER / file)


def of_session(table: str, expectation: Any, session: Any) -> list[reading.Row]:
    """Rows on the flow of an expected session."""
    ends = {(session["client_ip"], session["client_port"]), (session["server_ip"], session["server_port"])}
    found = tables(expectation["capture"]["file"])
    flows = {
        row["flow_id"]
        for row in found["flows"]
        if {(row["orig_addr"], row["orig_port"]), (row["resp_addr"], row["resp_port"])} == ends
    }
    return [row for row in found[table] if row["flow_id"] in flows]


def said(session: Any, field: str) -> set[Any]:
    """All values that any oracle gives for a set field."""
    return {item["v"] for item in session["fields"].get(field, {}).get("items", [])}


@pytest.mark.parametrize("expectation", tagged(), ids=lambda e: e["name"])
def test_tunnel_is_named_and_what_ran_inside_is_tied_to_it(expectation: Any) -> None:
    checked = 0
    for session in expectation["sessions"]:
        proxied = of_session("proxy_requests", expectation, session)
        targets = {normal(f"{row['target_host']}:{row['target_port']}") for row in proxied}
        wanted = said(session, "connect_targets") | said(session, "socks_targets")
        assert wanted <= targets
        absolute = {uri for uri in (http_uri(exchange) for exchange in session.get("http") or []) if "://" in uri}
        if absolute:
            assert any(row["kind"] == "http-absolute-uri" for row in proxied), absolute
        granted = [row for row in proxied if row["granted"] == "yes" and row["kind"] != "http-absolute-uri"]
        for app in ("smtp", "tls", "http") if granted else ():
            if app in said(session, "protocols") and (app != "http" or "socks" in said(session, "protocols")):
                assert_tied(app, expectation, session, granted)
        checked += len(proxied)
    assert checked


def normal(target: str) -> str:
    """A target as the expectations write it: octets without leading zeros."""
    return str(scoring.scorer(FOLDER).n_hostport(target))


def http_uri(exchange: Any) -> str:
    """The request target of an expected exchange."""
    values = exchange["fields"].get("uri", {}).get("values") or [{"v": ""}]
    return str(values[0]["v"])


def assert_tied(app: str, expectation: Any, session: Any, granted: list[reading.Row]) -> None:
    """Rows of the inner application name one of the granted requests."""
    table = {"smtp": "mail_sessions", "tls": "tls_handshakes", "http": "http_requests"}[app]
    keys = {row["proxy_id"] for row in granted}
    inner = [row for row in of_session(table, expectation, session) if row["proxy_id"] in keys]
    assert app in {row["inner_app"] for row in granted}
    # Records of TLS without a hello leave no handshake to tie.
    assert inner or app == "tls", f"{app} inside the tunnel is not decoded"


def test_smtp_inside_socks5_shows_login_and_refusal() -> None:
    found = tables("arkime__socks5-smtp-503.pcap")
    (session,) = found["mail_sessions"]
    (request,) = found["proxy_requests"]
    assert session["proxy_id"] == request["proxy_id"]
    assert (session["via"], request["kind"], request["inner_app"]) == ("socks5", "socks5", "smtp")
    assert (session["tunnel_host"], session["tunnel_port"]) == (request["target_host"], request["target_port"])
    assert "AUTH" in session["commands"]
    assert 503 in session["reply_codes"]
    assert [login["service"] for login in found["logins"] if login["service"] == "smtp"]
