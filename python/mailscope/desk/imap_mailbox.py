"""The abuse mailbox over IMAP: every mail is filed once, in order, from where the last run stopped.

Mails are read with BODY.PEEK and never changed, moved or deleted. How far the mailbox was read is on disk only after
the mail is, so that a crash at any point files a mail at most twice, and filing knows a mail by its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailscope.desk.intake import COUNTS, Read, Taken, take
from mailscope.desk.records import MailboxRecord
from mailscope.errors import DeliveryError

if TYPE_CHECKING:
    from mailscope.desk.complaints.reader import Reader
    from mailscope.desk.database import Desk
    from mailscope.desk.notices.compose import Sender

IDLE_S = 9 * 60
"""IDLE is renewed before a server's half hour is over (RFC 2177), and before a firewall forgets the connection."""

TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Where the mailbox is; the password comes from a file and is never shown."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    has_tls: bool = True

    @property
    def name(self) -> str:
        """What its state is kept under."""
        return f"imap://{self.user}@{self.host}:{self.port}/{self.folder}"

    def __repr__(self) -> str:
        return self.name


def watch(
    desk: Desk, account: ImapAccount, reader: Reader, sender: Sender | None = None, *, once: bool = False
) -> Iterator[Taken]:
    """Files what is new, then waits for more; yields the counts of each round. DeliveryError when it is gone."""
    from imapclient import IMAPClient
    from imapclient.exceptions import IMAPClientError

    try:
        with IMAPClient(account.host, account.port, ssl=account.has_tls, timeout=TIMEOUT_S) as server:
            server.login(account.user, account.password)
            selected = server.select_folder(account.folder, readonly=True)
            validity = int(selected[b"UIDVALIDITY"])
            while True:
                counts = _round(desk, account, server, validity, reader, sender)
                if counts.mails or once:
                    yield counts
                if once:
                    return
                server.idle()
                server.idle_check(timeout=IDLE_S)
                server.idle_done()
    except (IMAPClientError, OSError) as error:
        raise DeliveryError(f"{account.name}: {error}"[:400], hint="is the mailbox's server there?") from error


def _round(
    desk: Desk, account: ImapAccount, server: Any, validity: int, reader: Reader, sender: Sender | None
) -> Taken:
    """Everything above the last UID, one mail at a time."""
    counts = Taken()
    last = _last_uid(desk, account.name, validity)
    for uid in sorted(number for number in server.search(["UID", f"{last + 1}:*"]) if number > last):
        found = server.fetch([uid], ["BODY.PEEK[]"]).get(uid)
        if found is not None and found.get(b"BODY[]") is not None:
            _add(counts, take(desk, [_read(found[b"BODY[]"], account, uid, reader)], sender))
        _keep(desk, account.name, validity, uid)
    return counts


def _read(mail: bytes, account: ImapAccount, uid: int, reader: Reader) -> Read:
    from mailscope.desk.complaints.mailboxes import RawMail

    read: Mapping[str, Any] = reader.read(RawMail(mail, f"{account.name};UID={uid}")).to_json()
    return mail, read


def _last_uid(desk: Desk, name: str, validity: int) -> int:
    """Where to go on; from the beginning when the server gave new UIDs to the mailbox."""
    with desk.transaction() as session:
        known = session.get(MailboxRecord, name)
        return known.last_uid if known is not None and known.uid_validity == validity else 0


def _keep(desk: Desk, name: str, validity: int, uid: int) -> None:
    with desk.transaction() as session:
        session.merge(MailboxRecord(name=name, uid_validity=validity, last_uid=uid))


def _add(counts: Taken, more: Taken) -> None:
    for name in COUNTS:
        setattr(counts, name, getattr(counts, name) + getattr(more, name))
    counts.cases |= more.cases
