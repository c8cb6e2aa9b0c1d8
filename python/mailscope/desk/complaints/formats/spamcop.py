"""SpamCop's reports: one line of who and when, and the offending mail quoted below.

[ SpamCop V5.1.0 ]
Email from 192.0.2.1 / Sat, 21 Nov 2026 20:08:35 +0000
[ Offending message ]
"""

import re

from mailscope.desk.complaints.addresses import canonical, undisguised
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.formats.forwarded import quoted_header
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.received import origin
from mailscope.desk.complaints.times import parsed

_LINE = re.compile(r"^(?:Email|Spam\w*|Mail) from\s+\[?([0-9A-Fa-f:.]{3,45})\]?\s*(?:/\s*(.{6,60}))?$", re.M)
_SITE = re.compile(
    r"^(?:Spamvertised web ?site|Web ?site):\s*(\S+)(?:.*\n){0,3}?.*?(?:is|at)\s+\[?([0-9.]{7,15})\]?(?:[;,]?\s*(.{6,60}))?$",
    re.M | re.I,
)
_MARK = re.compile(r"^\[ ?SpamCop V[\d.]+ ?\]", re.M)
_SUBJECT = re.compile(r"^\[SpamCop \((?:https?://\S+|([0-9A-Fa-f:.]{3,45}))\)[^\]]{0,60}\]", re.I)


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a SpamCop report; None for another mail."""
    text = undisguised(mail.body)
    subject = _SUBJECT.match(mail.headers.text("subject"))
    header = canonical(mail.headers.first("x-spamcop-sourceip"))
    if not header and not subject and not _MARK.search(text):
        return None
    line = _LINE.search(text) or None
    site = _SITE.search(text) if not line else None
    address = canonical(line[1]) if line else canonical(site[2]) if site else None
    where = "line `Email from`" if line else "line of the web site"
    if address is None:
        address, where = (
            (header, "field X-SpamCop-sourceip")
            if header
            else (canonical(subject[1] or ""), "subject")
            if subject
            else (None, "")
        )
    claim = Claim("spamcop", categories=["spam"], category_where="a SpamCop report")
    quoted = quoted_header(text)
    found = origin(quoted, reading.networks, address) if quoted else None
    claim.quoted_id = quoted.first("message-id") or None if quoted else None
    if address is None:
        claim.doubts.append("no-address")
        return claim
    told = (line[2] if line else site[3] if site else None) or ""
    time = parsed(told, reading.context)
    accusation = Accusation(address, time or (found.at if found else None))
    accusation.where = {"accused": where, "time": where if time else "quoted mail"}
    if found and found.behind:
        accusation.responsible = found.responsible
        accusation.where["responsible"] = f"quoted mail, Received line {found.behind}"
    claim.accused.append(accusation)
    return claim
