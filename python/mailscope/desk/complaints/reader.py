"""Mails in, complaints out: which format, which address, whose it is, and whether a person must look."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache

from mailscope.contacts.lookup import Registry
from mailscope.desk.complaints import not_complaint
from mailscope.desk.complaints.categories import WEAK, History
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.complaint import Complaint, Party
from mailscope.desk.complaints.documents import as_mail
from mailscope.desk.complaints.duplicates import Joiner
from mailscope.desk.complaints.formats import READERS, free_text
from mailscope.desk.complaints.mail import Mail, unquoted
from mailscope.desk.complaints.mailboxes import RawMail
from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.quoted_heads import went_to_abuse
from mailscope.desk.complaints.received import hops
from mailscope.desk.complaints.times import Context, events
from mailscope.wording import phrase, render

_DAMAGING = {"mail-cut", "too-many-parts", "archive-too-large", "archive-broken", "nested-too-deep"}
"""Damage that may hide a complaint: a mail with it that accuses nobody is looked at by a person."""


class Reader:
    """Reads one mail after the other; remembers what it must to tell duplicates."""

    def __init__(self, networks: Networks, registry: Registry | None = None, language: str = "en") -> None:
        known = _is_in_registry(registry) if registry and not networks.own else None
        self._networks = replace(networks, is_known=known) if known else networks
        self._registry = registry
        self._language = language
        self._joiner = Joiner()
        self._history = History()

    def read_all(self, mails: Iterable[RawMail]) -> Iterator[Complaint]:
        """A complaint for every mail, in their order; nothing is dropped."""
        for raw in mails:
            yield self.read(raw)

    def read(self, raw: RawMail) -> Complaint:
        """The complaint of one mail."""
        mail = as_mail(raw)
        sent = mail.headers.first("date")
        context = Context.of_date(sent) if sent else Context()
        if context.sent is None:
            context = Context(_received_at(mail), None)
        claim = self._claim(mail, Reading(self._networks, context))
        complaint = self._complaint(raw, mail, claim, context)
        self._judge(complaint, claim, mail, context)
        return complaint

    def _claim(self, mail: Mail, reading: Reading) -> Claim:
        if reason := not_complaint.reason(mail):
            return Claim("none", not_complaint=reason)
        if mail.size == 0:
            return Claim("none", doubts=["empty"])
        claim = next((claim for read in READERS if (claim := read(mail, reading))), None)
        if claim is None or claim.format == "forwarded-attached":
            claim = _passed_on(mail, reading) or claim
        if claim is None or claim.format == "forwarded-inline":
            claim = _copied(mail, reading) or claim
        if claim is None or (claim.doubts == ["no-address"] and not claim.accused):
            written = free_text.read(mail, reading)
            if claim is None:
                claim = written
            elif written.accused:
                claim.accused, claim.doubts = written.accused, ["address-from-text-only"]
        if not claim.accused and claim.format in ("free-text", "html") and not claim.not_complaint:
            claim.not_complaint = not_complaint.advertising(mail)
        return claim

    def _complaint(self, raw: RawMail, mail: Mail, claim: Claim, context: Context) -> Complaint:
        name = parseaddr(mail.headers.first("from"))[1] or None
        received = _received_at(mail)
        first = claim.accused[0] if claim.accused else None
        complaint = Complaint(
            message_id=mail.headers.first("message-id")[:998] or None,
            place=raw.place,
            format=claim.format,
            reporter=name,
            received=received.strftime("%Y-%m-%dT%H:%M:%SZ") if received else None,
            category="none" if claim.not_complaint else self._category(claim),
            parties=[self._party(accusation) for accusation in claim.accused],
            about=claim.subject_of,
            damage=list(mail.damage),
        )
        if first and first.time is None and claim.format not in ("free-text", "html"):
            self._time_of_text(first, mail, context)
            complaint.parties[0] = self._party(first)
        if first and first.time:
            complaint.time, complaint.time_uncertainty = str(first.time), first.time.off_by
            complaint.provenance["zone"] = first.time.zone
        elif context.sent:
            complaint.not_after = context.sent.strftime("%Y-%m-%dT%H:%M:%SZ")
        complaint.provenance |= (first.where if first else {}) | {"category": claim.category_where}
        return complaint

    def _time_of_text(self, accusation: Accusation, mail: Mail, context: Context) -> None:
        """A structured report without a time: the first event that its words tell."""
        accusation.time = next(iter(events(mail.body, context)), None)
        if accusation.time:
            accusation.where["time"] = f"text, character {accusation.time.start}"

    def _category(self, claim: Claim) -> str:
        """The first category named; where several are, what was told of this address before decides."""
        choices = [kind for kind in claim.categories if kind not in WEAK] or claim.categories or ["other"]
        first = claim.accused[0].address if claim.accused else None
        category = self._history.decide(first, choices)
        if len(choices) == 1:
            for accusation in claim.accused:
                self._history.add(accusation.address, category)
        elif category != choices[0]:
            claim.category_where += "; of those named, the one that others told of this address"
        return category

    def _party(self, accusation: Accusation) -> Party:
        responsible = accusation.responsible or accusation.address
        entry = self._registry.find(responsible) if self._registry else None
        is_known = bool(self._networks.own) or self._registry is not None
        is_ours = self._networks.is_own(responsible) if is_known else None
        party = Party(accusation.address, responsible, is_ours, port=accusation.port)
        if accusation.time:
            party.time, party.time_uncertainty = str(accusation.time), accusation.time.off_by
        if entry and is_ours:
            party.prefix, party.next_hop = entry.prefix, entry.next_hop
            party.organization, party.contact, party.stale = entry.organization, entry.email, entry.is_stale
            party.disputed = any(conflict.kind == "two-next-hops" for conflict in entry.conflicts)
        return party

    def _judge(self, complaint: Complaint, claim: Claim, mail: Mail, context: Context) -> None:
        """Whether a person must look, and why, in slugs and in sentences."""
        why = [claim.not_complaint] if claim.not_complaint else list(claim.doubts)
        if not claim.not_complaint:
            if not complaint.parties and not why:
                why.append("no-address")
            if (
                complaint.parties
                and complaint.time is None
                and not mail.headers.first("date")
                and claim.accused[0].address
            ):
                why.append("no-time-and-no-date")
            if not complaint.parties and _DAMAGING & set(mail.damage):
                why += [damage for damage in mail.damage if damage in _DAMAGING]
            complaint.needs_person = bool(why)
            if complaint.parties and all(party.ours is False for party in complaint.parties):
                why.append("not-ours")
            elif any(party.ours and self._registry and not party.contact for party in complaint.parties):
                why.append("no-contact")
                complaint.needs_person = complaint.needs_person or any(
                    not party.organization and party.ours for party in complaint.parties
                )
            if any(party.disputed for party in complaint.parties):
                why.append("contact-disputed")
                complaint.needs_person = True
            if self._joined(complaint, claim, mail):
                why.append("duplicate")
        complaint.reasons = list(dict.fromkeys(why))
        complaint.why = " ".join(self._sentence(slug, complaint) for slug in complaint.reasons)

    def _joined(self, complaint: Complaint, claim: Claim, mail: Mail) -> bool:
        earlier = self._joiner.duplicate_of(complaint, f"{mail.body}\n{_attached_text(mail)}", claim.quoted_id)
        if earlier is None:
            return False
        complaint.duplicate_of, complaint.duplicate_place = earlier.message_id, earlier.place
        return True

    def _sentence(self, slug: str, complaint: Complaint) -> str:
        key, _, detail = slug.partition(":")
        values = {"detail": detail, "place": complaint.duplicate_place or ""}
        return render(phrase(f"complaint.{key}", **values), self._language)


def _copied(mail: Mail, reading: Reading) -> Claim | None:
    """A report that somebody passes on with quote marks before its lines: its own format is read without them."""
    inner = unquoted(mail)
    if inner is None:
        return None
    for read in READERS:
        claim = read(inner, reading)
        if claim is not None and claim.accused and not claim.format.startswith("forwarded"):
            return claim
    return None


def _passed_on(mail: Mail, reading: Reading) -> Claim | None:
    """A complaint that somebody passes on whole, as a national team does: its own format is read, not its way here.

    Words of a person are read only in a mail that went to an abuse mailbox: any other attached mail is the evidence,
    and what it says accuses nobody.
    """
    for inner in mail.attached:
        sent = inner.headers.first("date")
        context = Context.of_date(sent) if sent else reading.context
        inside = Reading(reading.networks, context)
        is_complaint = went_to_abuse(f"{inner.headers.first('to')} {inner.headers.first('cc')}")
        for read in (*READERS, *([free_text.read] if is_complaint else [])):
            claim = read(inner, inside)
            if claim is None or not claim.accused or (claim.format.startswith("forwarded") and not is_complaint):
                continue
            return claim
    return None


def _is_in_registry(registry: Registry) -> Callable[[str], bool]:
    """Without networks given, ours is what the registry knows a contact of."""

    @lru_cache(maxsize=65536)
    def is_known(address: str) -> bool:
        entry = registry.find(address)
        return bool(entry and (entry.organization or entry.email))

    return is_known


def _attached_text(mail: Mail) -> str:
    """What else tells one report from another: the quoted mails and the files."""
    quoted = " ".join(value for inner in mail.attached for _, value in inner.headers.fields)
    files = " ".join(str(hash(part.data)) for part in mail.parts if not part.content_type.startswith("text/plain"))
    return f"{quoted} {files}"[:20_000]


def _received_at(mail: Mail) -> datetime | None:
    """When our own server took the mail: the topmost `Received` line."""
    return next((hop.at.at for hop in hops(mail.headers)[:1] if hop.at), None)
