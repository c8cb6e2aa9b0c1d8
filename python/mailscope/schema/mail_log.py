"""The table `mail_log`: what mail servers and filters wrote. Made in Python, so it is defined here and not in the core."""

from dataclasses import dataclass
from datetime import datetime

from mailscope.schema.column import Record, column, table_of


@dataclass(frozen=True, slots=True)
class MailLogRow(Record):
    """One line of a mail log: a reception, a delivery attempt, a rejection, or a filter's word."""

    file: str = column("text", "Name of the log file that held the line.")
    line: int = column("u64", "Number of the line in that file, from 1, as it was when it was read.")
    format: str = column(
        "text", "Who wrote it: `sendmail`, `postfix`, `exim`, `mailscanner`, `amavis`, `rspamd`, `policy`."
    )
    time: datetime | None = column("timestamp[us, UTC]", "Time of the line; null where it has none.", nullable=True)
    host: str | None = column("text", "Server that wrote it, as its log calls it.", nullable=True)
    program: str | None = column("text", "Program that wrote it.", nullable=True)
    queue_id: str | None = column("text", "The server's id of the mail.", nullable=True)
    status: str = column(
        "text",
        "What happened: `received`, `sent`, `deferred`, `bounced`, `rejected`, `expired`, `queued`, `scanned`, `removed`.",
    )
    client_name: str | None = column("text", "Name of the host that handed the mail in.", nullable=True)
    client_addr: str | None = column("text", "Its address.", nullable=True)
    is_forged: bool = column("bool", "The server doubted the client's name (`may be forged`).")
    helo: str | None = column("text", "Name the client gave itself.", nullable=True)
    mail_from: str | None = column("text", "Envelope sender; `<>` is the null sender.", nullable=True)
    rcpt_to: list[str] = column("list<text>", "Envelope recipients that the line names.")
    size_bytes: int | None = column("u64", "Size as the server counted it.", nullable=True)
    nrcpts: int | None = column("u64", "Number of recipients as the server counted them.", nullable=True)
    message_id: str | None = column("text", "Message-ID, the sender's word.", nullable=True)
    relay: str | None = column("text", "Name of the host that the mail was handed to.", nullable=True)
    relay_addr: str | None = column("text", "Its address.", nullable=True)
    dsn: str | None = column("text", "Enhanced status code (RFC 3463).", nullable=True)
    status_text: str | None = column("text", "The other server's answer, or the reason.", nullable=True)
    delay_s: float | None = column("f64", "Seconds from reception to this attempt.", nullable=True)
    verdict: str | None = column("text", "The filter's word: `virus NAME`, `spam`, `clean`.", nullable=True)
    next_queue_id: str | None = column(
        "text", "Id under which the next server, or this one, took the mail over.", nullable=True
    )
    notice_queue_id: str | None = column("text", "Id of the mail that tells the sender.", nullable=True)


MAIL_LOG = table_of("mail_log", MailLogRow)
