"""What speaks for ordinary mail: answers in a thread, mailing lists, newsletters, links that stay at home."""

from __future__ import annotations

import re

from mailscope.detect.domains import domain_of
from mailscope.detect.finding import Fact
from mailscope.detect.phishing_letter import Ground, Letter
from mailscope.detect.phishing_sender import authentication
from mailscope.detect.phishing_signs import ordinary
from mailscope.detect.registrable import label_of, registrable

_ANSWER = re.compile(
    r"\s*(\[[^]]*\]\s*)?(re|aw|sv|antw|ref|rv|res|fw|fwd|wg|tr|enc|回复|答复|转发)\s*(\[\d+\])?[:：]", re.IGNORECASE
)

LIST_FIELDS = frozenset({"list-post", "mailing-list", "x-mailing-list", "list-archive", "list-help", "x-beenthere"})
"""Fields that list software adds beside List-Id; who only forges a List-Id seldom does."""


WAYS_OUT = frozenset({"form", "data-link", "script-link", "refresh"})
"""Marks of a mail that leads somewhere without an address that can be followed."""


def is_real_list(letter: Letter) -> bool:
    """A List-Id with the other marks of list software."""
    return letter.is_list_mail and not LIST_FIELDS.isdisjoint(letter.row["header_names"] or ())


def signals(letter: Letter, ground: Ground, is_strong: bool = False) -> list[Fact]:
    """Marks of ordinary mail; their weights are negative. `is_strong`: something weighty speaks against it."""
    found = []
    row = letter.row
    links_home = _links_stay_home(letter, ground)
    if row["in_reply_to"] and _ANSWER.match(row["subject"] or ""):
        found.append(ordinary("thread"))
    if is_real_list(letter):
        found.append(ordinary("list", name=row["list_id"]))
    elif row["list_unsubscribe"]:
        is_home = not is_strong and _unsubscribes_at_home(letter)
        found.append(ordinary("newsletter-home" if is_home else "newsletter"))
    if row["bulk_marks"]:
        found.append(ordinary("automatic", marks=list(row["bulk_marks"])))
    if _is_signed(letter):
        found.append(ordinary("signed", domain=letter.from_domain))
    if letter.links and links_home:
        found.append(ordinary("own-links", domain=letter.from_domain))
    if not letter.links and not letter.files and not row["reply_to"] and letter.marks.isdisjoint(WAYS_OUT):
        found.append(ordinary("no-way-out"))
    return found


_HOST = re.compile(r"<(?:https?://|mailto:[^@>]*@)([\w.-]+)", re.IGNORECASE)


def _unsubscribes_at_home(letter: Letter) -> bool:
    """List-Unsubscribe leads to the sender's domain, or to that of the envelope (the service that sends for it)."""
    home = {letter.from_domain, registrable(domain_of(letter.envelope_from))} - {""}
    hosts = {registrable(host) for host in _HOST.findall(letter.row["list_unsubscribe"] or "")}
    return bool(hosts & home)


def _links_stay_home(letter: Letter, ground: Ground) -> bool:
    """All links lead to the sender's domain or the owner's."""
    home = {label_of(letter.from_domain)} if letter.from_domain else set()
    home |= {label_of(registrable(own)) for own in ground.domains.own}
    return all(label_of(domain) in home for domain in letter.link_domains)


def _is_signed(letter: Letter) -> bool:
    results = authentication(letter)
    signed = letter.from_domain in {registrable(domain) for domain in letter.row["dkim_domains"] or ()}
    return "pass" in results.get("dmarc", ()) or (signed and "pass" in results.get("dkim", ()))
