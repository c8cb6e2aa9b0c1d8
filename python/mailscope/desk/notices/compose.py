"""A case as a mail to the one who is responsible: in their language, for their part in it, with the proof."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from mailscope.errors import UsageError
from mailscope.harmless import visible
from mailscope.report.complaints import arf
from mailscope.report.complaints.accusation import Accusation, Proof
from mailscope.report.complaints.xarf import xarf

LANGUAGES = ("en", "zh-Hant", "zh-Hans")
AUDIENCES = ("customer", "administrator", "foreign-network")
FORMS = ("arf", "xarf")
PROOF_LIMIT = 2 * 1024 * 1024
"""Bytes of evidence attached to one notice; larger pieces are named in the text and kept for who asks."""

LOOP_FIELD = "X-Mailscope-Notice"
"""Every notice carries it; a mail that comes in with it is our own and is never answered."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the desk's name, address and domain, and the secret that its case numbers are sealed with."""

    name: str
    address: str
    secret: bytes

    @property
    def domain(self) -> str:
        """What Message-IDs end with."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Matter:
    """What a notice tells of a case."""

    case: int
    accusation: Accusation
    organisation: str | None
    count: int
    first: datetime | None
    last: datetime | None
    findings: Sequence[str] = ()
    advice: Sequence[str] = ()
    summary: str | None = None
    """What it is about in the notice's language; the report for machines has its own."""
    kind: str = "notice"
    since: datetime | None = None
    """Of a reminder or an escalation: when the contact was first told."""


def case_tag(sender: Sender, case: int) -> str:
    """The mark that replies are known by; nobody else can make one for another case.

    >>> case_tag(Sender("Desk", "abuse@example.org", b"secret"), 7)[:10]
    '[case 7-ab'
    """
    seal = hmac.new(sender.secret, f"case {case}".encode(), hashlib.sha256).hexdigest()[:8]
    return f"[case {case}-{seal}]"


def compose(
    sender: Sender,
    recipient: str,
    matter: Matter,
    *,
    audience: str = "customer",
    language: str = "en",
    form: str = "xarf",
    answers: str | None = None,
) -> EmailMessage:
    """The whole notice as a message; `answers` is the Message-ID of the notice before it in the same case.

    Plain text and HTML, the report in `form` for machines, and the evidence as files.
    """
    for value, known in ((audience, AUDIENCES), (language, LANGUAGES), (form, FORMS)):
        if value not in known:
            raise UsageError(f"`{value}` is not known", hint="known are " + ", ".join(known))
    subject, text, html = _written(sender, matter, audience, language)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"{sender.name} <{sender.address}>"
    mail["To"] = _address(recipient)
    mail["Subject"] = f"{subject} {case_tag(sender, matter.case)}"
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(f"case-{matter.case}", sender.domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers, please
    mail[LOOP_FIELD] = str(matter.case)
    if answers is not None:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    _attach_report(mail, matter.accusation, form)
    for number, proof in enumerate(matter.accusation.proofs, 1):
        if len(proof.content) <= PROOF_LIMIT:
            main, _slash, sub = proof.media_type.partition("/")
            name = f"evidence-{number}" + {"application/vnd.tcpdump.pcap": ".pcapng", "text/plain": ".txt"}.get(
                proof.media_type, ".bin"
            )
            mail.add_attachment(proof.content, maintype=main, subtype=sub, filename=name)
    return mail


def _attach_report(mail: EmailMessage, accusation: Accusation, form: str) -> None:
    if form == "xarf":
        body = json.dumps(xarf(accusation), ensure_ascii=False, indent=1)
        mail.add_attachment(body.encode(), maintype="application", subtype="json", filename="xarf.json")
        return
    arf.attach(mail, accusation)


def _written(sender: Sender, matter: Matter, audience: str, language: str) -> tuple[str, str, str]:
    """Subject, plain text and HTML of the notice."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("mailscope.desk.notices")
    values = {
        "matter": matter,
        "report": matter.accusation,
        "desk": sender.name,
        "address": sender.address,
        "audience": audience,
        "proofs": [proof for proof in matter.accusation.proofs if len(proof.content) <= PROOF_LIMIT],
        "left_out": [proof for proof in matter.accusation.proofs if len(proof.content) > PROOF_LIMIT],
    }
    plain = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    marked = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True
    )
    for environment in (plain, marked):
        environment.filters["safe_text"] = lambda value: visible(str(value), 300)
        environment.filters["utc"] = lambda value: value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    template = plain.get_template(f"{language}/notice.txt")
    subject, _break, text = template.render(values).partition("\n")
    html = marked.get_template("notice.html").render(
        lang=language, subject=subject, paragraphs=[part for part in text.strip().split("\n\n") if part.strip()]
    )
    return " ".join(subject.split()), text.strip() + "\n", html


def _address(recipient: str) -> str:
    """One plain address; anything that could name a second recipient or field is refused."""
    from email.headerregistry import Address

    local, at, domain = recipient.strip().rpartition("@")
    if not at or not local or any(char in recipient for char in "\r\n,;<> \t\0"):
        raise UsageError(f"`{visible(recipient, 80)}` is no mail address")
    return str(Address(username=local, domain=domain))


def evidence_file(description: str, content: bytes) -> Proof:
    """Packets cut out of a capture, as an attachment."""
    return Proof("application/vnd.tcpdump.pcap", description, content)
