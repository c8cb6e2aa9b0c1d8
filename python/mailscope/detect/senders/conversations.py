"""Flow records to conversations with mail servers: which side is the client, counted once however often exported.

A record tells of one direction or of both; the client may be its source (`client -> server.25`) or, where only
answers were exported, its destination (`server.25 -> client`): CAPABILITIES of the field case, shapes of F34.
"""

from __future__ import annotations

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, IntegerColumn, IntegerValue, Table

from mailscope.store.added_sums import Addable
from mailscope.store.engine import held, viewed
from mailscope.store.flow_hours import FlowHours

MAIL_PORTS = (25, 465, 587, 2525)
"""Server ports on which mail is handed in."""

LOWEST_CLIENT_PORT = 1024
"""Below it are servers' ports; a mail port above it (2525) may be somebody's ephemeral port."""

SYN, ACK = 2, 16
FEW_PACKETS = 3
"""No SMTP dialogue fits in so few packets of the client's: without an answer or flags, it was an attempt."""

REFUSED_WORDS = ("S0", "REJ", "RSTOS0", "SH")
"""Zeek's words for connections that were never established."""

OF_PACKETS = ("sflow-v5", "psamp")
"""Formats whose rows are sampled packets."""

_FEED = ("format", "exporter", "observation_domain", "folder")
_ENDS = ("client", "client_port", "server", "server_port", "hour")
"""The hour (since 1970) is part of it: ports come back, and a window must not lose what happened in it."""


def mail_conversations(flow_records: Table | FlowHours) -> Table:
    """One row a conversation with a mail port: the same one seen by several exporters counts once.

    Columns: client, server, server_port, flows, failed, packets, bytes (client to server, corrected for sampling),
    sampled_packets (as reported), sampling, start, end. Bytes and packets are null where only answers were seen.
    """
    hours = FlowHours.of(flow_records)
    feed = hours.only_feed("mail", _feeds, _FEED)
    if feed is None:
        return _across_feeds(hours.added("mail", MAIL))
    return _of_one_feed(hours.added("mail", MAIL, keys=_ENDS), feed["format"])


def kept_conversations(hours: FlowHours) -> Table:
    """The conversations for several questions: worked out once, or read each time where a store has them as they are.

    Reading a day of them thrice is a third of the work of keeping them, most of which is their addresses.
    """
    part = hours.parts.get("mail")
    is_stored = part is not None and part.doubled == [] and hours.only_feed("mail", _feeds, _FEED) is not None
    conversations = mail_conversations(hours)
    return viewed(conversations, "mail_as_stored") if is_stored else held(conversations, "mail_conversations")


def mail_hours(flow_records: Table) -> Table:
    """One row a conversation and feed: sums of an hour, which add up with those of other records."""
    return _by_feed(_directed(flow_records))


def _feeds(flow_records: Table) -> Table:
    """The feeds that told of mail."""
    return _directed(flow_records).select(*_FEED).distinct()


MAIL = Addable(mail_hours, (*_ENDS, *_FEED), largest=("out_syn", "out_ack", "in_syn_ack", "refused", "sampling"))


def _is_mail(port: IntegerColumn) -> BooleanValue:
    return port.isin(MAIL_PORTS)


def _directed(records: Table) -> Table:
    """Records on mail ports with client and server named, and both directions' counters where told."""
    src, dst = records.src_port, records.dst_port
    kept = records.filter(
        records.proto == "tcp",
        _is_mail(src) | _is_mail(dst),
        records.event.isnull() | records.event.isin(("create", "denied", "alert")),
    )
    is_forward = ibis.cases(
        (_is_mail(_.dst_port) & ~_is_mail(_.src_port), True),
        (_is_mail(_.src_port) & ~_is_mail(_.dst_port), False),
        (_.src_port != _.dst_port, _.src_port > _.dst_port),
        else_=_.src_addr < _.dst_addr,
    )
    named = kept.mutate(is_forward=is_forward).mutate(
        client=_.is_forward.ifelse(_.src_addr, _.dst_addr),
        client_port=_.is_forward.ifelse(_.src_port, _.dst_port),
        server=_.is_forward.ifelse(_.dst_addr, _.src_addr),
        server_port=_.is_forward.ifelse(_.dst_port, _.src_port),
        folder=_.input.re_replace("[^/]*$", ""),
        hour=(_.start.epoch_seconds() / 3600).floor().cast("int64"),
        has_reverse=(_.reverse_packets > 0).fill_null(False),
    )
    is_client_likely = (_.server_port < LOWEST_CLIENT_PORT) | (_.client_port >= LOWEST_CLIENT_PORT)
    return named.filter(is_client_likely).select(
        *_FEED,
        *_ENDS,
        "start",
        "end",
        "sampling",
        has_out=(_.is_forward | _.has_reverse).cast("int64"),
        has_in=(~_.is_forward | _.has_reverse).cast("int64"),
        out_packets=_.is_forward.ifelse(_.packets, _.reverse_packets).cast("int64"),
        in_packets=_.is_forward.ifelse(_.reverse_packets, _.packets).cast("int64"),
        out_bytes=_.is_forward.ifelse(_.bytes, _.reverse_bytes).cast("int64"),
        out_flags=_.is_forward.ifelse(_.tcp_flags, _.reverse_tcp_flags).cast("int64"),
        in_flags=_.is_forward.ifelse(_.reverse_tcp_flags, _.tcp_flags).cast("int64"),
        was_refused=((_.event == "denied") | _.ended.isin(REFUSED_WORDS)).fill_null(False).cast("int64"),
    )


def _bit(flags: IntegerValue, bit: int) -> IntegerValue:
    """1 or 0; null where the flags are not told."""
    return ((flags & bit) > 0).cast("int64")


def _by_feed(directed: Table) -> Table:
    """One row a conversation and feed; a long one exported in pieces is one."""
    return directed.group_by([*_ENDS, *_FEED]).agg(
        forward=_.has_out.sum().cast("int64"),
        replies=_.has_in.sum().cast("int64"),
        sampled_packets=_.out_packets.sum().cast("int64"),
        packets=(_.out_packets * _.sampling).sum().cast("int64"),
        bytes=(_.out_bytes * _.sampling).sum().cast("int64"),
        in_packets=_.in_packets.sum().cast("int64"),
        out_syn=_bit(_.out_flags, SYN).max(),
        out_ack=_bit(_.out_flags, ACK).max(),
        in_syn_ack=(_bit(_.in_flags, SYN) * _bit(_.in_flags, ACK)).max(),
        refused=_.was_refused.max(),
        sampling=_.sampling.max(),
        start=_.start.min(),
        end=_.end.max(),
    )


def _seen(by_feed: Table) -> Table:
    return by_feed.mutate(
        # A sample is one packet of a conversation, no flow record: many of them make one flow.
        flows=ibis.cases(
            (_.format.isin(OF_PACKETS), 1),
            (_.forward > 0, _.forward),
            else_=_.replies,
        ),
        is_silent=(_.in_packets.fill_null(0) == 0) & (_.sampled_packets <= FEW_PACKETS) & (_.sampling == 1),
    )


def _of_one_feed(rows: Table, format_name: str) -> Table:
    """The same where all is of one feed: a conversation is then one row already."""
    seen = _seen(rows.mutate(format=ibis.literal(format_name)))
    return _told(seen.mutate(silent=seen.is_silent.cast("int64")))


def _across_feeds(by_feed: Table) -> Table:
    """Rows of `mail_hours` to one row a conversation: of several feeds that saw it, the largest count of each."""
    merged = (
        _seen(by_feed)
        .group_by([*_ENDS])
        .agg(
            flows=_.flows.max(),
            packets=_.packets.max(),
            sampled_packets=_.sampled_packets.max(),
            bytes=_.bytes.max(),
            out_syn=_.out_syn.max(),
            out_ack=_.out_ack.max(),
            in_syn_ack=_.in_syn_ack.max(),
            refused=_.refused.max(),
            silent=_.is_silent.cast("int64").min(),
            sampling=_.sampling.max(),
            start=_.start.min(),
            end=_.end.max(),
        )
    )
    return _told(merged)


def _told(merged: Table) -> Table:
    is_failed = ibis.cases(
        (_.out_ack > 0, False),
        (_.in_syn_ack > 0, False),
        (_.refused > 0, True),
        (_.out_syn > 0, True),
        else_=(_.silent > 0).fill_null(False),
    )
    return merged.mutate(failed=is_failed.ifelse(_.flows, 0)).select(
        "client",
        "server",
        "server_port",
        "flows",
        "failed",
        "packets",
        "bytes",
        "sampled_packets",
        "sampling",
        "start",
        "end",
    )
