"""A mail that a person passes on: attached whole, or copied into the text below a few words.

The accused is the host that handed the mail to the reporter's own server (:mod:`..received`), never an
address that only stands in the quoted text.
"""

import re

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Headers, Mail, Part, read_mail
from mailscope.desk.complaints.received import Origin, origin
from mailscope.desk.complaints.times import Context, parsed

_QUOTE_MARK = re.compile(r"^(?:> ?){1,3}", re.M)
_START = re.compile(r"^(?:Received|Return-Path|Delivered-To|X-Original-To|Envelope-To):[ \t]", re.M | re.I)
_RECEIVED = re.compile(r"^Received:[ \t]", re.M | re.I)


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a forwarded mail; None where none with a `Received` line is passed on."""
    attached = next((inner for inner in mail.attached if inner.headers.all("received")), None)
    form, headers = "forwarded-attached", attached.headers if attached else None
    if headers is None:
        form, headers = "forwarded-inline", _header_file(mail.parts) or quoted_header(mail.body)
    if headers is None or not headers.all("received"):
        return None
    claim = Claim(form)
    said = "\n".join([mail.headers.text("subject"), _before_quote(mail.body)])
    claim.categories = categories.named(said) or ["spam"]
    claim.category_where = "words of the reporter" if categories.named(said) else "a mail is passed on"
    claim.quoted_id = headers.first("message-id") or None
    found = origin(headers, reading.networks)
    if found is None:
        claim.doubts.append("no-address")
        return claim
    claim.accused.append(_accusation(found, headers))
    return claim


def _accusation(found: Origin, headers: Headers) -> Accusation:
    place = f"quoted mail, Received line {found.number}"
    accusation = Accusation(found.reported, found.at, found.port, where={"accused": place, "time": place})
    if found.at is None:
        accusation.time = parsed(headers.first("date"), Context.of_date(headers.first("date")))
        accusation.where["time"] = "quoted mail, field Date" if accusation.time else "nowhere"
    if found.port:
        accusation.where["port"] = place
    if found.behind:
        accusation.responsible = found.responsible
        accusation.where["responsible"] = f"quoted mail, Received line {found.behind}"
        if not found.is_relay_known:
            accusation.where["responsible"] += "; that the accused is a relay of ours is inferred"
    return accusation


def quoted_header(text: str) -> Headers | None:
    """The header of a mail copied into a text, with quote marks taken off; None where there is none."""
    for candidate in (text, _QUOTE_MARK.sub("", text)):
        first = _RECEIVED.search(candidate)
        if not first:
            continue
        start = next((match.start() for match in _START.finditer(candidate)), first.start())
        if candidate.count("\n", start, first.start()) > 12:
            start = first.start()
        lines = candidate[start : start + 65536].split("\n")
        headers = read_mail(_rejoined(lines).encode("utf-8", "surrogateescape")).headers
        if headers.all("received"):
            return headers
    return None


def _rejoined(lines: list[str]) -> str:
    """A copied header whose long lines were broken by the reporter's program: such a rest is a continuation."""
    kept: list[str] = []
    for line in lines:
        if not line.strip():
            break
        is_field = re.match(r"^[!-9;-~]{1,60}:(?:\s|$)", line)
        kept.append(line if is_field or line[:1] in " \t" or not kept else f" {line}")
    return "\n".join(kept) + "\n\n"


def _header_file(parts: list[Part]) -> Headers | None:
    """A header or a whole mail attached as a text file."""
    for part in parts:
        is_file = part.name.lower().endswith((".eml", ".txt", ".msg", ".headers"))
        if part.inner is None and is_file and _RECEIVED.search(part.data[:65536].decode("utf-8", "replace")):
            return quoted_header(part.data[:262144].decode("utf-8", "replace").replace("\r\n", "\n"))
    return None


def _before_quote(text: str) -> str:
    found = _RECEIVED.search(_QUOTE_MARK.sub("", text))
    return text[: found.start()] if found else text
