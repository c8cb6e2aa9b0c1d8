"""What the tables beside `flows` say of each flow: one row a flow, for joining."""

from collections.abc import Callable

import ibis
from ibis import _
from ibis.expr.types import Table

from mailscope.detect.accounting.ports import MAIL_PORTS

LIST_LIMIT = 100
"""Values of one field kept of one session; all are counted."""


def mail_facts(table: Callable[[str], Table]) -> Table:
    """The flow's main mail session (the one in which most mail moved) and the fields of all of them."""
    main = _main_sessions(table("mail_sessions"))
    return (
        main.left_join(_envelopes(table("mail_transactions")), "flow_id")
        .drop("flow_id_right")
        .left_join(_headers(table("messages")), "flow_id")
        .drop("flow_id_right")
    )


def _main_sessions(mail_sessions: Table) -> Table:
    order = [ibis.desc(_.transactions + _.messages), _.start, _.session_id]
    ranked = mail_sessions.mutate(place=ibis.row_number().over(group_by="flow_id", order_by=order))
    return ranked.filter(_.place == 0).select(
        "flow_id",
        "banner",
        "helo",
        "auth_users",
        "authenticated",
        "capabilities",
        "from_start",
        mail_client_addr=_.client_addr,
        mail_client_port=_.client_port,
        protocol=_.protocol.cast("string"),
        via=_.via.cast("string"),
        tls=_.tls.cast("string"),
        outcome=_.outcome.cast("string"),
        commands=_.commands,
    )


def _envelopes(transactions: Table) -> Table:
    return (
        transactions.group_by("flow_id")
        .agg(
            transactions=_.count(),
            mail_from_cmd=_.mail_from.notnull().any(),
            mail_to_cmd=(_.rcpt_count > 0).any(),
            mail_from_cmds=_.mail_from.collect(order_by=_.transaction),
            mail_to_cmds=_.rcpt_to.collect(order_by=_.transaction),
        )
        .mutate(
            mail_from_cmds=_.mail_from_cmds[:LIST_LIMIT],
            mail_to_cmds=_.mail_to_cmds.flatten()[:LIST_LIMIT],
        )
    )


def _headers(messages: Table) -> Table:
    return (
        messages.group_by("flow_id")
        .agg(
            messages=_.count(),
            mail_from=(_.from_addrs.length() > 0).any(),
            mail_to=(_.to_addrs.length() > 0).any(),
            mail_froms=_.from_addrs.collect(order_by=_.message),
            mail_tos=_.to_addrs.collect(order_by=_.message),
            subjects=_.subject.collect(order_by=_.message),
        )
        .mutate(
            mail_froms=_.mail_froms.flatten()[:LIST_LIMIT],
            mail_tos=_.mail_tos.flatten()[:LIST_LIMIT],
            subjects=_.subjects[:LIST_LIMIT],
        )
    )


def tls_facts(tls_handshakes: Table) -> Table:
    """Server name, version and ALPN of the flow's first handshake."""
    return tls_handshakes.group_by("flow_id").agg(
        tls_sni=_.sni.first(order_by=_.start),
        tls_version=_.version.first(order_by=_.start),
        tls_alpn=_.alpn.first(order_by=_.start),
        tls_names=_.certificate_names.first(order_by=_.start),
    )


def proxy_facts(proxy_requests: Table) -> Table:
    """The first request on the flow that names a port of mail, or in which mail was found."""
    is_mail = _.target_port.isin(list(MAIL_PORTS)) | _.inner_app.isin(["smtp", "pop3", "imap"])
    asked = proxy_requests.filter(is_mail & (_.kind != "proxy-protocol"))
    host = ibis.ifelse(_.target_host.contains(":"), "[" + _.target_host + "]", _.target_host)
    return asked.group_by("flow_id").agg(
        proxy_target=(host + ":" + _.target_port.cast("string")).first(order_by=_.start),
        proxy_granted=_.granted.first(order_by=_.start),
        proxy_reply_code=_.reply_code.first(order_by=_.start),
    )
