"""Fail2ban's mails: who was banned for which service, and the log lines that led to it."""

import re

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import canonical, undisguised
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.times import events, moments, stated_offset

_BANNED = re.compile(
    r"The IP\s+([0-9A-Fa-f:.]{3,45}?)\s+has just been banned by Fail2Ban\s+after\s+(\d+)?\s*attempts?\s+against\s+([\w.-]+)",
    re.I,
)
_SUBJECT = re.compile(r"\[Fail2Ban\]\s*([\w.-]+):\s*banned\s+([0-9A-Fa-f:.]{3,45})", re.I)
_LOGINS = re.compile(
    r"ssh|dovecot|imap|pop|ftp|sasl|login|auth|mysqld|asterisk|vnc|rdp|telnet|webmin|cyrus|exim|postfix|sieve|recidive",
    re.I,
)
_PORT = re.compile(r"\bport\s+(\d{1,5})\b")


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a Fail2ban mail; None for another mail."""
    text = undisguised(mail.body)
    banned = _BANNED.search(text)
    subject = _SUBJECT.search(mail.headers.text("subject"))
    if not banned and not subject:
        return None
    address = canonical(banned[1]) if banned else canonical(subject[2]) if subject else None
    service = banned[3] if banned else subject[1] if subject else ""
    claim = Claim("fail2ban", category_where=f"banned service {service[:40]}")
    claim.categories = [
        "bruteforce" if _LOGINS.search(service) else categories.of_word(service) or categories.of_log(text) or "attack"
    ]
    if address is None:
        claim.doubts.append("no-address")
        return claim
    lines = [line for line in text.split("\n") if address in line]
    zone = stated_offset(text)
    time = next((moment for line in lines for moment in moments(line, reading.context, zone)), None)
    time = time or next(iter(events(text, reading.context)), None)
    port = next((found[1] for line in lines if (found := _PORT.search(line))), "")
    accusation = Accusation(address, time, int(port) if port and 0 < int(port) < 65536 else None)
    accusation.where = {
        "accused": "sentence of the ban" if banned else "subject",
        "time": "first log line" if time else "nowhere",
    }
    if accusation.port:
        accusation.where["port"] = "first log line"
    claim.accused.append(accusation)
    return claim
