"""Mail that a proxy carried because somebody told it to: CONNECT, SOCKS or a POST to a mail port.

What it flags
    SMTP that leaves the network from a host that is no mail server of the owner, and requests that tell a
    proxy to reach a mail port. `mailscope.investigation` ties the two together.
Why it matters
    The victims see the proxy's address and block it; who gave the command is seen only on the proxy's other
    side.
What it can get wrong
    A partner's host that may use the proxy is outside, too, unless its network is given as own.
Evidence
    Rows of `proxy_requests`, `mail_sessions` and `flows`.

Every function takes and returns Ibis tables, so the same text runs on any engine.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.listed import among, but_not
from mailscope.detect.registry import MAIL_PORTS

TUNNELS = ("http-connect", "http-post", "socks4", "socks5", "unseen-tunnel")
"""Values of `mail_sessions.via` that mean a proxy is between client and server."""


def smtp_pairs(mail_sessions: Table) -> Table:
    """Pairs of hosts that speak SMTP: columns client_addr, server_addr, server_port, sessions."""
    smtp = mail_sessions.filter(_.protocol == "smtp")
    return smtp.group_by(["client_addr", "server_addr", "server_port"]).agg(sessions=_.count())


def outgoing_legs(
    mail_sessions: Table, senders: Sequence[str], own: Sequence[str], proxies: Sequence[str] = ()
) -> Table:
    """SMTP sessions from `senders` to hosts other than `own`, on the connection that reaches the mail server.

    From `proxies` to any host: a stranger may tell a proxy to reach the owner's own mail server.

    A proxy that was told to POST to a mail port sends the request's head before the mail, so a session inside a
    POST to a mail port is such a leg, too.
    """
    smtp = among(mail_sessions.filter(_.protocol == "smtp"), "client_addr", senders)
    reaches_server = _.via.isin(["direct", "proxy-protocol"]) | (
        (_.via == "http-post") & _.server_port.isin(list(MAIL_PORTS))
    )
    legs = smtp.filter(reaches_server)
    if not proxies:
        return but_not(legs, "server_addr", own)
    is_asked = _.client_addr.isin(list(proxies))
    return legs.filter(is_asked).union(but_not(legs.filter(~is_asked), "server_addr", own))


def carried_sessions(mail_sessions: Table, proxy_ends: Sequence[str], forwarding: Sequence[str] = ()) -> Table:
    """SMTP sessions on a proxy's client side: in a tunnel, or on a port (`ADDR PORT`) that serves as proxy.

    A port of mail is one only where it was seen to be `forwarding`.
    """
    end = _.server_addr + " " + _.server_port.cast("string")
    in_tunnel = _.proxy_id.notnull() | _.via.isin(list(TUNNELS))
    smtp = mail_sessions.filter(_.protocol == "smtp")
    serves = end.isin(list(proxy_ends)) & ~_.server_port.isin(list(MAIL_PORTS))
    return smtp.filter(in_tunnel | serves | end.isin(list(forwarding)))


def mail_commands(proxy_requests: Table) -> Table:
    """Requests to a proxy to reach a mail port, or inside which mail was seen."""
    is_mail = _.target_port.isin(list(MAIL_PORTS)) | (_.inner_app == "smtp")
    return proxy_requests.filter(is_mail, _.kind != "proxy-protocol")


def other_use(proxy_requests: Table) -> Table:
    """Use of proxies for anything but mail, by client: columns client_addr, proxy_addr, kind, target_port, requests.

    A request whose target was lost says nothing of what it was for.
    """
    is_mail = _.target_port.isin(list(MAIL_PORTS)) | (_.inner_app == "smtp")
    rest = proxy_requests.filter(~is_mail, _.kind != "proxy-protocol", _.target_port > 0)
    return rest.group_by(["client_addr", "proxy_addr", "kind", "target_port"]).agg(
        requests=_.count(),
        granted=(_.granted == "yes").sum(),
        targets=_.target_host.nunique(),
        flow_id=_.flow_id.min(),
        first=_.start.min(),
    )


def undecoded_legs(flows: Table, mail_sessions: Table, senders: Sequence[str], own: Sequence[str]) -> Table:
    """TCP connections from `senders` to outside mail ports in which no mail session was decoded."""
    to_mail_port = flows.filter(_.proto == "tcp", _.resp_port.isin(list(MAIL_PORTS)))
    outgoing = but_not(among(to_mail_port, "orig_addr", senders), "resp_addr", own)
    return outgoing.anti_join(mail_sessions.select("flow_id").distinct(), "flow_id")


def overlapping_flows(flows: Table, proxies: Sequence[str], first: object, last: object) -> Table:
    """TCP flows to `proxies` with payload from the client in the time span: candidates for a hidden command."""
    spoken = flows.filter(
        _.proto == "tcp",
        _.orig_payload_bytes > 0,
        _.start <= ibis.literal(last),
        _.end >= ibis.literal(first),
    )
    return among(spoken, "resp_addr", proxies)
