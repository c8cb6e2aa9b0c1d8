"""One row of a mail log: a reception, a delivery attempt, a rejection, a filter's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

STATUSES = (
    "received",
    "sent",
    "deferred",
    "bounced",
    "rejected",
    "expired",
    "queued",
    "scanned",
    "removed",
)
"""What a row can say happened. `queued`: it waits, or a later line of one reception; `scanned`: a filter's word."""

TEXT_LIMIT = 1000
"""Characters of a field kept at most."""

RECIPIENTS_LIMIT = 1000
"""Recipients of one line kept at most."""


@dataclass(slots=True)
class Row:
    """What one line tells of one mail; what it does not tell is None or empty.

    `time` is UTC; `size_bytes` as the server counted; `delay_s` from reception to this attempt, in seconds;
    `verdict` the filter's word (`virus W32/Yaha-P`, `spam`, `clean`); `is_forged` where the server doubted the name
    (sendmail's `may be forged`). `next_queue_id` is the id under which the next server or this one took it over;
    `notice_queue_id` that of the mail which tells the sender.
    """

    status: str
    format: str = ""
    time: datetime | None = None
    host: str | None = None
    program: str | None = None
    queue_id: str | None = None
    client_name: str | None = None
    client_addr: str | None = None
    is_forged: bool = False
    helo: str | None = None
    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()
    size_bytes: int | None = None
    nrcpts: int | None = None
    message_id: str | None = None
    relay: str | None = None
    relay_addr: str | None = None
    dsn: str | None = None
    status_text: str | None = None
    delay_s: float | None = None
    verdict: str | None = None
    next_queue_id: str | None = None
    notice_queue_id: str | None = None
    file: str = ""
    line: int = 0
