"""What another system's log says of a connection, in our words; made by `zeek_logs` and `eve_events`."""

from dataclasses import dataclass, field
from typing import Any

Ends = tuple[str, int, str, int]
"""Address and port of one end, then of the other."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One record: `mail` (one transaction or message) or `connection`; a field it lacks says nothing.

    Fields of a mail: helo, mail_from, rcpt_to, from, to, cc, subject, message_id. Of a connection: services.
    """

    kind: str
    ends: Ends
    start: float
    where: str
    fields: dict[str, Any] = field(default_factory=dict)
