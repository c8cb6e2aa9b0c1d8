"""Complaint mails become complaints and cases: each mail once, however often it is given or the process killed.

What answers a notice of ours (a reply, a bounce, a machine's answer) joins its case and is no complaint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailscope.desk.cases.case_store import take_in
from mailscope.desk.database import one_at_a_time
from mailscope.desk.records import AccusationRecord, ComplaintRecord

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.desk.complaints.reader import Reader
    from mailscope.desk.database import Desk
    from mailscope.desk.notices.compose import Sender

NOT_READ = "not-read"
"""Format of a mail in which nothing could be read."""

Read = tuple[bytes, Mapping[str, Any]]
"""A mail's bytes, and what was read in it: the JSON of `mailscope complaints read`."""


@dataclass(slots=True)
class Taken:
    """How many mails became what; every mail is in one of the six kinds, or was taken before (`again`)."""

    mails: int = 0
    again: int = 0
    opened: int = 0
    joined: int = 0
    not_ours: int = 0
    for_a_person: int = 0
    no_complaint: int = 0
    returned: int = 0
    cases: set[int] = field(default_factory=set)


def read_source(
    source: str, own: Iterable[str], relays: Iterable[str] = (), registry: str | None = None
) -> Iterator[Read]:
    """Every mail of a mailbox with what is read in it.

    `own` and `relays` are the network's prefixes and mail relays, `registry` names who is responsible for what.
    """
    from mailscope.desk.complaints.mailboxes import mails

    reader = reader_for(own, relays, registry)
    for raw in mails(source):
        yield raw.data, reader.read(raw).to_json()


def reader_for(own: Iterable[str], relays: Iterable[str] = (), registry: str | None = None) -> Reader:
    """What reads complaint mails of this network; one remembers what it read, to tell duplicates."""
    from mailscope.contacts.open import open_registry
    from mailscope.desk.complaints.networks import Networks
    from mailscope.desk.complaints.reader import Reader

    return Reader(Networks.of_text(list(own), list(relays)), open_registry(registry) if registry else None)


COUNTS = ("mails", "opened", "joined", "returned", "again", "not_ours", "for_a_person", "no_complaint")
"""The counts of `Taken`, as they are told."""


def take(desk: Desk, mails: Iterable[Read], sender: Sender | None = None) -> Taken:
    """Files each mail in a transaction of its own; a mail taken before is counted and left.

    With `sender`, the desk's own name, what answers a notice of the desk is told to the notice's case.
    """
    counts = Taken()
    for mail, read in mails:
        counts.mails += 1
        with desk.transaction() as session:
            one_at_a_time(session, "intake")
            kind = _take_one(session, mail, read, counts.cases, sender)
        setattr(counts, kind, getattr(counts, kind) + 1)
    return counts


def _take_one(session: Session, mail: bytes, read: Mapping[str, Any], cases: set[int], sender: Sender | None) -> str:
    """Files one mail; returns the kind that it counts as."""
    from sqlalchemy import select

    digest = hashlib.sha256(mail).hexdigest()
    if session.scalars(select(ComplaintRecord.id).where(ComplaintRecord.digest == digest)).first() is not None:
        return "again"
    if sender is not None and _is_returned(session, mail, read, digest, sender):
        return "returned"
    complaint = ComplaintRecord(
        digest=digest,
        message_id=read.get("message_id"),
        taken=datetime.now(UTC),
        format=str(read.get("format") or NOT_READ)[:32],
        category=read.get("category"),
        needs_person=bool(read.get("needs_person")),
        why=str(read.get("why") or ""),
        read=dict(read),
        mail=mail,
    )
    accusations = [_accusation(party) for party in parties(read)]
    complaint.duplicate_of = _first_of(session, complaint, accusations)
    session.add(complaint)
    session.flush()
    for accusation in accusations:
        accusation.complaint_id = complaint.id
        session.add(accusation)
    session.flush()
    return _file(session, complaint, accusations, cases)


def _is_returned(session: Session, mail: bytes, read: Mapping[str, Any], digest: str, sender: Sender) -> bool:
    """Whether the mail answers a notice of ours; it is kept, told to its case, and accuses nobody."""
    from mailscope.desk.notices.replies import file_returned, returned

    found = returned(session, sender, mail)
    if found is None:
        return False
    kept = ComplaintRecord(
        digest=digest,
        message_id=read.get("message_id"),
        taken=datetime.now(UTC),
        format=f"returned-{found.kind}",
        category="none",
        needs_person=False,
        why="",
        read={"case": found.case, "notice": found.notice},
        mail=mail,
    )
    session.add(kept)
    file_returned(session, found, digest)
    return True


def _file(session: Session, complaint: ComplaintRecord, accusations: list[AccusationRecord], cases: set[int]) -> str:
    if complaint.needs_person:
        return "for_a_person"
    if not accusations:
        return "no_complaint"
    by_address = {party["responsible"]: party for party in parties(complaint.read)}
    kind = "not_ours"
    for accusation in accusations:
        if accusation.ours is False:
            continue
        case, is_new = take_in(session, complaint, accusation, by_address[accusation.responsible])
        cases.add(case.id)
        kind = "opened" if is_new or kind == "opened" else "joined"
    return kind


def parties(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The accused addresses of a read complaint, each with who answers for it; never the same one twice."""
    found: dict[str, Mapping[str, Any]] = {}
    for party in read.get("parties") or []:
        found.setdefault(party["responsible"], party)
    return list(found.values())


def _accusation(party: Mapping[str, Any]) -> AccusationRecord:
    return AccusationRecord(
        address=party["ip"],
        responsible=party["responsible"],
        port=party.get("port"),
        time=moment(party.get("time")),
        ours=party.get("ours"),
    )


def _first_of(session: Session, complaint: ComplaintRecord, accusations: list[AccusationRecord]) -> int | None:
    """The complaint that this one repeats: the same message, or the same address, kind and moment."""
    from sqlalchemy import select

    first = (
        select(ComplaintRecord.id).where(ComplaintRecord.duplicate_of.is_(None)).order_by(ComplaintRecord.id).limit(1)
    )
    for named in (complaint.message_id, complaint.read.get("duplicate_of")):
        if named:
            found = session.scalars(first.where(ComplaintRecord.message_id == named)).first()
            if found is not None:
                return found
    timed = [accusation for accusation in accusations if accusation.time is not None]
    if len(timed) != len(accusations) or not timed:
        return None
    same = (
        first.join(AccusationRecord, AccusationRecord.complaint_id == ComplaintRecord.id)
        .where(AccusationRecord.responsible == timed[0].responsible, AccusationRecord.time == timed[0].time)
        .where(ComplaintRecord.category == complaint.category)
    )
    return session.scalars(same).first()


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time with zone as a datetime; None for anything else."""
    if isinstance(value, datetime):
        return value if value.tzinfo else None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
