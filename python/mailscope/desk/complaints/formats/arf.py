"""Feedback reports: ARF (RFC 5965), authentication failures (RFC 6591), sparse ones as from JMRP.

The report's own `Source-IP` accuses. Where it is redacted or left out (RFC 6590), the sentence that machines
write into the first part does, and then the topmost foreign host of the quoted mail.
"""

import re

from mailscope.desk.complaints.addresses import canonical, undisguised
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Headers, Mail, Part
from mailscope.desk.complaints.received import origin
from mailscope.desk.complaints.times import Moment, parsed

_TYPES = {
    "abuse": "spam", "fraud": "phishing", "virus": "malware", "malware": "malware", "opt-out": "spam",
    "opt-out-list": "spam", "unsubscribe": "spam", "auth-failure": "spoofing", "dmarc": "spoofing", "other": "other",
    "miscategorized": "other", "complaint": "spam",
}  # fmt: skip
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})[ \t]*:[ \t]*(.*(?:\n[ \t]+.*)*)", re.M)
_SENTENCE = re.compile(
    r"(?:message|mail|email)\b[^\n]{0,200}?\breceived\s+from(?:\s+(?:the\s+)?IP(?:\s+address)?)?\s+\[?([0-9A-Fa-f:.]{3,45})\]?(?:\s+on\s+([^\n]{5,60}))?",
    re.I,
)
_JMRP = re.compile(r"complaint about message from\s+\[?([0-9A-Fa-f:.]{3,45})\]?", re.I)
_DAMAGE = {
    "no-closing-boundary",
    "raw-bytes-in-header",
    "zero-bytes",
    "broken-header",
    "header-cut",
    "base64-cut",
    "no-boundary",
}


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a feedback report; None for another mail."""
    part = next((part for part in mail.parts if part.content_type == "message/feedback-report"), None)
    is_report = "feedback-report" in mail.headers.parameter("content-type", "report-type").lower()
    jmrp = _JMRP.search(mail.headers.text("subject")) if mail.attached else None
    if part is None and not is_report and not jmrp:
        return None
    fields = report_fields(part) if part else Headers()
    kind = fields.first("feedback-type").split(" ", 1)[0].lower().strip('"')
    claim = Claim("arf" if part or is_report else "jmrp", categories=[_category(kind, fields)])
    claim.category_where = "report field Feedback-Type" if kind else "a feedback report"
    if kind == "auth-failure":
        claim.format = "dmarc-failure" if "dmarc" in fields.first("auth-failure").lower() else "auth-failure"
    if kind == "not-spam":
        claim.not_complaint = "not-spam-report"
    sample = next(iter(mail.attached), None)
    claim.quoted_id = sample.headers.first("message-id") or None if sample else None
    _accuse(claim, fields, mail, sample, jmrp[1] if jmrp else None, reading)
    claim.subject_of = fields.first("reported-uri") or fields.first("reported-domain") or None
    return claim


def report_fields(part: Part) -> Headers:
    """The fields of a machine-readable part; lines that are no field are passed over."""
    text = part.data[:262144].decode("utf-8", "replace").replace("\r\n", "\n")
    return Headers([(name.lower(), re.sub(r"\n[ \t]+", " ", value).strip()) for name, value in _FIELD.findall(text)])


def _category(kind: str, fields: Headers) -> str:
    return _TYPES.get(kind) or _TYPES.get(fields.first("abuse-type").lower(), "spam" if not kind else "other")


def _accuse(claim: Claim, fields: Headers, mail: Mail, sample: Mail | None, told: str | None, reading: Reading) -> None:
    address, where = canonical(fields.first("source-ip").split(" ", 1)[0] or ""), "report field Source-IP"
    time = _time(fields)
    if address is None and told:
        address, where = canonical(told), "subject"
    sentence = _SENTENCE.search(undisguised(mail.body)) if address is None or time is None else None
    if sentence and address is None:
        address, where = canonical(sentence[1].rstrip(".")), "sentence of the first part"
    time_where = "report field Arrival-Date"
    if time is None and sentence and sentence[2]:
        time, time_where = parsed(sentence[2]), "sentence of the first part"
    found = origin(sample.headers, reading.networks, address) if sample else None
    found = found or (origin(sample.headers, reading.networks) if sample and address is None else None)
    if address is None and found:
        address, where = found.reported, f"quoted mail, Received line {found.number}"
        if _DAMAGE & set(mail.damage):
            claim.doubts.append("address-only-in-damaged-sample")
    if address is None:
        claim.doubts.append("no-address")
        return
    if time is None and found:
        time, time_where = found.at, f"quoted mail, Received line {found.number}"
    port = fields.first("source-port")
    accusation = Accusation(address, time, int(port) if port.isdecimal() and 0 < int(port) < 65536 else None)
    accusation.where = {"accused": where, "time": time_where if time else "nowhere"}
    if accusation.port:
        accusation.where["port"] = "report field Source-Port"
    if found and found.behind:
        accusation.responsible = found.responsible
        accusation.where["responsible"] = f"quoted mail, Received line {found.behind}"
        if not found.is_relay_known:
            accusation.where["responsible"] += "; that the accused is a relay of ours is inferred"
    claim.accused.append(accusation)


def _time(fields: Headers) -> Moment | None:
    return parsed(fields.first("arrival-date")) or parsed(fields.first("received-date"))
