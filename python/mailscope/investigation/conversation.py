"""SMTP conversations and proxy requests as plain Python objects, read from small result sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ibis.expr.types import Table

Row = Mapping[str, Any]


@dataclass(slots=True)
class Mail:
    """One mail transaction with the message seen in it; None where the capture does not show it."""

    number: int
    first_packet: int
    last_packet: int
    start: datetime | None
    mail_from: str | None
    recipients: list[tuple[str, int | None, str | None]]
    mail_code: int | None = None
    data_code: int | None = None
    final_code: int | None = None
    delivered: str = "unknown"
    subject: str | None = None
    message_id: str | None = None
    header_from: list[str] = field(default_factory=list)
    body_sha256: str | None = None
    received_ips: list[str] = field(default_factory=list)
    size_bytes: int = 0
    recipient_count: int = 0
    seen_at: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> list[str]:
        """Recipients that the server took."""
        return [address for address, code, _text in self.recipients if code is not None and 200 <= code < 300]

    @property
    def refused(self) -> list[tuple[str, int, str | None]]:
        """Recipients that the server refused, with code and text."""
        return [(address, code, text) for address, code, text in self.recipients if code is not None and code >= 400]

    @property
    def is_delivered(self) -> bool:
        """True when the server took the message."""
        return self.delivered == "yes"

    @property
    def envelope(self) -> tuple[str | None, tuple[str, ...]]:
        """What identifies the envelope on both legs."""
        return self.mail_from, tuple(address for address, _code, _text in self.recipients)


@dataclass(slots=True)
class Conversation:
    """One SMTP session of the table `mail_sessions`, with its mails."""

    row: Row
    mails: list[Mail] = field(default_factory=list)
    client_hashes: frozenset[int] = frozenset()
    server_hashes: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self.client_hashes = frozenset(self.row.get("client_sketch") or ())
        self.server_hashes = frozenset(self.row.get("server_sketch") or ())

    @property
    def session_id(self) -> str:
        """Key of the row."""
        return str(self.row["session_id"])

    @property
    def flow_id(self) -> str:
        """The flow that carries it."""
        return str(self.row["flow_id"])

    @property
    def start(self) -> datetime:
        """Time of the first packet, UTC."""
        return utc(self.row["start"])

    @property
    def end(self) -> datetime:
        """Time of the last packet, UTC."""
        return utc(self.row["end"])

    @property
    def capture(self) -> str:
        """Input that holds the first packet."""
        return str(self.row["capture"])

    @property
    def client_addr(self) -> str:
        """Address of the mail client's end of the flow."""
        return str(self.row["client_addr"])

    @property
    def server_addr(self) -> str:
        """Address of the other end."""
        return str(self.row["server_addr"])

    @property
    def client(self) -> str:
        """Client as ADDR:PORT."""
        return endpoint(self.row["client_addr"], self.row["client_port"])

    @property
    def server(self) -> str:
        """Server as ADDR:PORT."""
        return endpoint(self.row["server_addr"], self.row["server_port"])

    @property
    def is_opaque(self) -> bool:
        """True when TLS hides the mails."""
        return self.row["tls"] in ("starttls", "implicit") and self.row.get("outcome") != "tls-without-starttls"

    @property
    def helos(self) -> list[str]:
        """HELO arguments, in order."""
        return list(self.row.get("helos") or ([self.row["helo"]] if self.row.get("helo") else []))


@dataclass(slots=True)
class Request:
    """One row of `proxy_requests`, or a session in a tunnel whose request was not captured (`is_unseen`)."""

    row: Row
    carried: list[Conversation] = field(default_factory=list)
    is_unseen: bool = False
    client_hashes: frozenset[int] = frozenset()
    server_hashes: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self.is_unseen = self.is_unseen or self.row.get("kind") == "unseen"
        self.client_hashes = frozenset(self.row.get("client_sketch") or ())
        self.server_hashes = frozenset(self.row.get("server_sketch") or ())

    @property
    def key(self) -> str:
        """Key of the row."""
        return str(self.row.get("proxy_id") or self.row["session_id"])

    @property
    def flow_id(self) -> str:
        """The flow that carries it."""
        return str(self.row["flow_id"])

    @property
    def start(self) -> datetime:
        """Time of the request's first packet, UTC."""
        return utc(self.row.get("request_start") or self.row["start"])

    @property
    def end(self) -> datetime:
        """Time of the last packet of what ran inside, UTC."""
        return utc(self.row["end"])

    @property
    def capture(self) -> str:
        """Input that holds the first packet."""
        return str(self.row["capture"])

    @property
    def packets(self) -> tuple[int, int]:
        """First and last packet of the request itself."""
        first = self.row.get("request_first_packet") or self.row["first_packet"]
        last = self.row.get("request_last_packet") or first
        return int(first), int(last)

    @property
    def client_addr(self) -> str:
        """Who commanded."""
        return str(self.row["client_addr"])

    @property
    def proxy_addr(self) -> str:
        """Who was commanded."""
        return str(self.row.get("proxy_addr") or self.row["server_addr"])

    @property
    def proxy_port(self) -> int:
        """Port on which the command came."""
        return int(self.row.get("proxy_port") or self.row["server_port"])

    @property
    def target(self) -> str | None:
        """HOST:PORT as asked for; None when the request was not captured."""
        host = self.row.get("target_host")
        return endpoint(host, self.row["target_port"]) if host and not self.is_unseen else None

    @property
    def kind(self) -> str:
        """`http-connect`, `socks5`, ..., or `unseen`."""
        return "unseen" if self.is_unseen else str(self.row["kind"])

    @property
    def command(self) -> str:
        """The command as a person reads it."""
        if self.is_unseen:
            return "-"
        line = self.row.get("request_line")
        if line:
            return str(line)
        return f"{self.kind.upper()} {self.row['method']} {self.target}"

    @property
    def mails(self) -> list[Mail]:
        """Mails seen in the tunnel."""
        return [mail for conversation in self.carried for mail in conversation.mails]


def endpoint(host: object, port: object) -> str:
    """HOST:PORT, an IPv6 address in brackets."""
    text = str(host)
    return f"[{text}]:{port}" if ":" in text and not text.startswith("[") else f"{text}:{port}"


def utc(value: datetime) -> datetime:
    """The same time with its zone, which tables may leave out: all their times are UTC."""
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def rows(table: Table) -> list[dict[str, Any]]:
    """A small result set as dictionaries."""
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def conversations(sessions: Table, tables: Mapping[str, Table]) -> list[Conversation]:
    """The sessions as objects, with their mails, in order of time."""
    found = [Conversation(row) for row in rows(sessions.order_by(["start", "session_id"]))]
    by_id = {conversation.session_id: conversation for conversation in found}
    wanted = sessions.select("session_id").distinct()
    _attach_transactions(by_id, rows(tables["mail_transactions"].semi_join(wanted, "session_id")))
    _attach_messages(by_id, rows(tables["messages"].drop("raw", "text").semi_join(wanted, "session_id")))
    for conversation in found:
        conversation.mails.sort(key=lambda mail: mail.number)
    return found


def _attach_transactions(by_id: Mapping[str, Conversation], found: Iterable[Row]) -> None:
    for row in found:
        addresses: Sequence[str] = row["rcpt_to"] or ()
        codes = list(row["rcpt_codes"] or ()) + [None] * len(addresses)
        texts = list(row["rcpt_texts"] or ()) + [None] * len(addresses)
        conversation = by_id[row["session_id"]]
        mail = Mail(
            number=row["transaction"],
            first_packet=row["first_packet"],
            last_packet=row["last_packet"],
            start=utc(row["start"]),
            mail_from=row["mail_from"],
            recipients=list(zip(addresses, codes, texts, strict=False)),
            mail_code=row["mail_code"],
            data_code=row["data_code"],
            final_code=row["final_code"],
            delivered=row["delivered"] or "unknown",
            size_bytes=row["message_bytes"] or 0,
            recipient_count=row["rcpt_count"] or len(addresses),
            seen_at=[conversation.capture],
        )
        conversation.mails.append(mail)


def _attach_messages(by_id: Mapping[str, Conversation], found: Iterable[Row]) -> None:
    for row in found:
        conversation = by_id[row["session_id"]]
        mail = next((m for m in conversation.mails if m.number == row["transaction"]), None)
        if mail is None:
            mail = Mail(row["message"], row["first_packet"], row["last_packet"], utc(row["start"]), None, [])
            mail.seen_at = [conversation.capture]
            conversation.mails.append(mail)
        mail.subject = row["subject"]
        mail.message_id = row["message_id"]
        mail.header_from = list(row["from_addrs"] or ())
        mail.body_sha256 = None if row["truncated"] else row["body_sha256"]
        mail.received_ips = list(row["received_ips"] or ())


def requests(commands: Table, carried: Sequence[Conversation]) -> list[Request]:
    """The requests as objects, each with the sessions inside; sessions without a request become unseen ones."""
    found = [Request(row) for row in rows(commands.order_by(["start", "proxy_id"]))]
    by_id = {request.key: request for request in found}
    for conversation in carried:
        request = by_id.get(conversation.row.get("proxy_id") or "")
        if request is None:
            request = Request(conversation.row, is_unseen=True)
            found.append(request)
        request.carried.append(conversation)
    return found
