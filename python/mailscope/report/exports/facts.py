"""What every export is made of: rows of the case as dictionaries, in order of time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from ibis import _
from ibis.expr.types import Table

Row = dict[str, Any]
Tables = Callable[[str], Table]

BATCH_ROWS = 20_000


def rows(table: Table) -> Iterator[Row]:
    """The rows in order of time; those of one time in order of flow and packet."""
    keys = [name for name in ("start", "flow_id", "first_packet", "transaction", "message") if name in table.columns]
    for batch in table.order_by(keys).to_pyarrow().to_batches(max_chunksize=BATCH_ROWS):
        yield from batch.to_pylist()


def flows(tables: Tables) -> Iterator[Row]:
    """Every flow."""
    return rows(tables("flows"))


def with_flow(tables: Tables, name: str) -> Iterator[Row]:
    """Rows of a table with the ends of their flow, its Community ID and encapsulation."""
    ends = tables("flows").select(
        "flow_id", "proto", "orig_addr", "orig_port", "resp_addr", "resp_port", "community_id", "vlan"
    )
    return rows(tables(name).join(ends, "flow_id"))


def mails(tables: Tables) -> Iterator[Row]:
    """One row a mail: the transaction (SMTP), the message, its links and attachments, its session, its flow.

    Columns of the message are prefixed `m_`, those of the session `s_`; a transaction without content has no message,
    a message read from a mailbox has no transaction.
    """
    transactions = tables("mail_transactions")
    messages = _prefixed(tables("messages"), "m_")
    joined = transactions.outer_join(
        messages,
        [transactions.session_id == messages.m_session_id, transactions.transaction == messages.m_transaction],
    )
    merged = joined.mutate(
        **{name: joined[name].coalesce(joined[f"m_{name}"]) for name in _KEYS}, message=joined.m_message.fill_null(0)
    )
    sessions = _prefixed(tables("mail_sessions"), "s_")
    links = tables("urls").group_by("session_id", "message").agg(urls=_.url.collect())
    files = (
        tables("attachments")
        .group_by("session_id", "message")
        .agg(**{f"file_{name}": _[name].collect() for name in _FILE})
    )
    ends = tables("flows").select("flow_id", "orig_addr", "orig_port", "resp_addr", "resp_port", "community_id", "vlan")
    with_session = merged.join(sessions, merged.session_id == sessions.s_session_id)
    with_links = with_session.left_join(links, ["session_id", "message"]).drop("session_id_right", "message_right")
    with_files = with_links.left_join(files, ["session_id", "message"]).drop("session_id_right", "message_right")
    return rows(with_files.join(ends, "flow_id"))


_KEYS = (
    *("flow_id", "session_id", "capture", "first_packet", "last_packet", "start", "end"),
    *("client_addr", "client_port", "server_addr", "server_port"),
)
_FILE = ("name", "content_type", "size_bytes", "md5", "sha1", "sha256")


def _prefixed(table: Table, prefix: str) -> Table:
    dropped = [name for name in ("raw", "text", "client_sketch", "server_sketch") if name in table.columns]
    return table.drop(*dropped).rename(lambda name: prefix + name)


def attachments(mail: Row) -> list[Row]:
    """The attachments of a mail as rows."""
    columns = [mail[f"file_{name}"] or [] for name in _FILE]
    return [dict(zip(_FILE, values, strict=True)) for values in zip(*columns, strict=True)]


def mailboxes(addresses: list[str] | None, names: list[str] | None = None) -> list[str]:
    """`Name <address>` of each address."""
    names = names or []
    return [
        f"{names[place]} <{address}>" if place < len(names) and names[place] else address
        for place, address in enumerate(addresses or [])
    ]


def present(**values: object) -> dict[str, Any]:
    """The values that say something: neither None nor an empty list, text or object."""
    return {name: value for name, value in values.items() if value not in (None, [], "", {})}


def seconds(time: datetime) -> float:
    """Seconds since the epoch, to the microsecond."""
    return round(time.timestamp(), 6)
