"""Marks of a forged sender: what From says beside envelope, HELO, Reply-To, authentication and the owner's domains.

What it flags
    Mail in the owner's own name that comes from outside without a login; names and domains made to be taken for
    others; replies led elsewhere; failed SPF, DKIM or DMARC as the receiving server noted them.
Why it matters
    Who believes the sender clicks.
What it can get wrong
    A service that sends for the owner (newsletter, tickets) looks like own mail from outside unless it signs;
    forwarding breaks SPF.
"""

from __future__ import annotations

import re

from mailscope.detect.domains import domain_of
from mailscope.detect.endpoints import parsed
from mailscope.detect.finding import Fact
from mailscope.detect.phishing_brands import FREEMAIL, ORDINARY_WORDS
from mailscope.detect.phishing_hosts import CHEAP, FREE_HOSTS
from mailscope.detect.phishing_letter import Ground, Letter
from mailscope.detect.phishing_lookalike import (
    borrowed_brand,
    brands_in_name,
    imitated_brand,
    imitated_own,
    is_of_brand,
)
from mailscope.detect.phishing_signs import sign
from mailscope.detect.registrable import label_of, registrable, suffix_of

ROLE_NAMES = re.compile(
    r"\b(it (department|support|desk|service|team|admin|helpdesk)|help ?desk|administrator|mail ?admin|webmaster|"
    r"postmaster|system admin|technical support|account team|security (team|alert|center|centre)|webmail|"
    r"mail(box)? (team|support|service)|human resources|payroll|customer (service|support|care)|billing|no.?reply|"
    r"service client|kundenservice|atendimento|suporte|soporte)\b|管理员|信息中心|网络中心|客服|人力资源|财务部|技术部",
    re.IGNORECASE,
)
"""Display names of offices everybody has: they say nothing of who sends."""

_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_RESULT = re.compile(r"\b(spf|dkim|dmarc|compauth)\s*=\s*([a-z]+)", re.IGNORECASE)
_MIXED = re.compile(
    r"(?=\w*[A-Za-z])(?=\w*[\u0370-\u03ff\u0400-\u052f])\w+|[\U0001d400-\U0001d7ff]|[\u200b-\u200f\u2060\u00ad]"
)


def signals(letter: Letter, ground: Ground) -> list[Fact]:
    """What speaks against the sender; empty when nothing does."""
    found = [
        *_own_name(letter, ground),
        *_authentication(letter),
        *_elsewhere(letter, ground),
        *_display_name(letter, ground),
        *_domain(letter, ground),
        *_helo(letter, ground),
        *_header(letter),
    ]
    return [fact for fact in found if fact is not None]


def _own_name(letter: Letter, ground: Ground) -> list[Fact]:
    """The owner's domain as sender although an outside host hands the mail in without a login."""
    if ground.is_strange_login(letter):
        users = list(letter.row.get("auth_users") or ())
        return [sign("outside-login", users=users, client=letter.row["client_addr"])]
    if letter.is_logged_in or letter.is_list_mail:
        return []
    found = []
    is_outside = ground.is_from_outside(letter) or (
        not letter.is_handed_in and letter.sender_ip(ground.network) is not None
    )
    for address in dict.fromkeys([letter.from_addr, letter.envelope_from or ""]):
        if is_outside and address and ground.domains.is_own(address):
            where = letter.sender_ip(ground.network) or "-"
            found.append(sign("own-domain-outside", sender=address, client=where))
            break
    if is_outside and letter.from_addr and letter.from_addr in letter.recipients:
        found.append(sign("to-itself", sender=letter.from_addr))
    return found


def authentication(letter: Letter) -> dict[str, set[str]]:
    """Results by method as servers noted them: `{"spf": {"fail"}, "dmarc": {"none"}}`."""
    found: dict[str, set[str]] = {}
    for text in letter.row["authentication_results"] or ():
        for method, result in _RESULT.findall(text):
            found.setdefault(method.lower(), set()).add(result.lower())
    return found


def _authentication(letter: Letter) -> list[Fact]:
    results = authentication(letter)
    failed = sorted(
        f"{method}={result}" for method, seen in results.items() for result in seen if result in ("fail", "softfail")
    )
    passed = any("pass" in results.get(method, ()) for method in ("dkim", "dmarc"))
    if failed and not passed:
        return [sign("auth-failed", results=failed)]
    if results and not passed and "pass" not in results.get("spf", ()):
        return [sign("auth-absent")]
    return []


def _elsewhere(letter: Letter, ground: Ground) -> list[Fact]:
    found = []
    envelope = registrable(domain_of(letter.envelope_from)) if letter.envelope_from else ""
    signed = {registrable(domain) for domain in letter.row["dkim_domains"] or ()}
    is_signed = letter.from_domain in signed
    if envelope and letter.from_domain and envelope != letter.from_domain and not letter.is_list_mail and not is_signed:
        found.append(sign("envelope-elsewhere", envelope=letter.envelope_from, sender=letter.from_addr))
    replies = [registrable(domain_of(address)) for address in letter.row["reply_to"] or () if "@" in address]
    if replies and letter.from_domain and letter.from_domain not in replies and not letter.is_list_mail:
        is_worse = replies[0] in FREEMAIL or ground.domains.is_own(letter.from_addr)
        if is_worse or label_of(replies[0]) != label_of(letter.from_domain):
            kind = "reply-to-freemail" if replies[0] in FREEMAIL else "reply-elsewhere"
            found.append(sign(kind, reply=letter.row["reply_to"][0], sender=letter.from_addr))
    return found


def _display_name(letter: Letter, ground: Ground) -> list[Fact]:
    name, domain = letter.from_name, letter.from_domain
    if not name or not domain:
        return []
    found = []
    brands = brands_in_name(name)
    foreign = [brand for brand in brands if not is_of_brand(domain, brand)]
    if foreign and len(foreign) == len(brands) and not letter.is_list_mail:
        found.append(sign("brand-name", name=name, brand=foreign[0], sender=letter.from_addr))
    elif _poses_as_own(name, letter, ground):
        found.append(sign("brand-name", name=name, brand=_own_label(name, ground), sender=letter.from_addr))
    elif ROLE_NAMES.search(name) and not letter.is_logged_in and _is_nobodys_office(letter, ground):
        found.append(sign("role-name", name=name, sender=letter.from_addr))
    inside = _ADDRESS.search(name)
    if inside and registrable(inside[1]) != domain:
        found.append(sign("address-in-name", name=name, sender=letter.from_addr))
    return found


def _is_nobodys_office(letter: Letter, ground: Ground) -> bool:
    """The office's name says nothing of a company, and the mail comes from outside or from a mail provider."""
    return letter.from_domain in FREEMAIL or ground.is_from_outside(letter) or not letter.is_handed_in


def _own_label(name: str, ground: Ground) -> str:
    words = set(re.split(r"\W+", name.lower()))
    return next((label for label in (label_of(own) for own in sorted(ground.domains.own)) if label in words), "")


def _poses_as_own(name: str, letter: Letter, ground: Ground) -> bool:
    label = _own_label(name, ground)
    return len(label) >= 4 and not ground.domains.is_own(letter.from_addr) and ground.is_from_outside(letter)


def _domain(letter: Letter, ground: Ground) -> list[Fact]:
    host = domain_of(letter.from_addr)
    if not host:
        return []
    own = imitated_own(host, ground.own_names)
    if own:
        return [sign("lookalike-sender", sender=letter.from_addr, real=own)]
    if host.endswith(FREE_HOSTS):
        return [sign("free-hosting-sender", sender=letter.from_addr)]
    if suffix_of(host).rpartition(".")[2] in CHEAP:
        return [sign("cheap-suffix-sender", sender=letter.from_addr)]
    if brand := imitated_brand(host):
        return [sign("lookalike-sender", sender=letter.from_addr, real=brand)]
    if (brand := borrowed_brand(host)) and not letter.is_list_mail:
        return [sign("brand-in-sender", sender=letter.from_addr, brand=brand)]
    return []


def _helo(letter: Letter, ground: Ground) -> list[Fact]:
    helo = (letter.row.get("helo") or "").strip().lower()
    if not helo or not ground.is_from_outside(letter) or letter.is_logged_in:
        return []
    own = {registrable(domain) for domain in ground.domains.own}
    literal = parsed(helo.removeprefix("[").removesuffix("]").removeprefix("ipv6:"))
    if registrable(helo) in own or (literal is not None and ground.network.is_own(str(literal))):
        return [sign("own-helo", helo=helo, client=letter.row["client_addr"])]
    if literal is not None or "." not in helo.strip("."):
        return [sign("odd-helo", helo=helo)]
    return []


def _header(letter: Letter) -> list[Fact]:
    found = []
    subject = letter.row["subject"] or ""
    named = [b for b in brands_in_name(subject) if b not in ORDINARY_WORDS and not is_of_brand(letter.from_domain, b)]
    if named and not letter.is_list_mail and not letter.row["in_reply_to"] and letter.links:
        found.append(sign("brand-in-subject", brand=named[0], sender=letter.from_addr))
    if letter.from_name and not re.search(r"\w", letter.from_name.replace("_", "")):
        found.append(sign("odd-name", name=letter.from_name))
    if _MIXED.search(f"{letter.from_name} {letter.row['subject'] or ''}"):
        found.append(sign("odd-letters"))
    if _is_machine_made(letter.from_addr):
        found.append(sign("machine-sender", sender=letter.from_addr))
    envelope = letter.envelope_from or ""
    if envelope and domain_of(envelope) != domain_of(letter.from_addr) and _is_random(domain_of(envelope)):
        found.append(sign("machine-envelope", envelope=envelope))
    if letter.is_handed_in and not letter.row["message_id"] and not letter.row["truncated"]:
        found.append(sign("no-message-id"))
    return found


def _is_random(host: str) -> bool:
    """A host of which a label mixes letters and digits several times, or has no vowel for long, as programs make it."""
    labels = [label for label in host.split(".")[:-1] if len(label) >= 8]
    changes = [len(re.findall(r"[a-z]\d|\d[a-z]", label)) for label in labels]
    return any(count >= 3 for count in changes) or any(re.search(r"[bcdfghjklmnpqrstvwxz]{6,}", x) for x in labels)


def _is_machine_made(address: str) -> bool:
    """A local part or domain label of many digits or of letters without vowels, as programs make them."""
    local, _at, domain = address.partition("@")
    label = label_of(domain) if domain else ""
    many_digits = sum(c.isdigit() for c in local) >= 6 or sum(c.isdigit() for c in label) >= 4
    consonants = re.search(r"[bcdfghjklmnpqrstvwxz]{6,}", label) is not None
    return bool(domain) and (
        many_digits or consonants or (len(label) >= 18 and "-" not in label and domain.endswith(".com"))
    )
