"""ARF (RFC 5965): the machine-readable part of a feedback report."""

from __future__ import annotations

import re
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailscope.report.complaints.accusation import Accusation

USER_AGENT = "Mailscope/1"
_FEEDBACK = {"spam": "abuse", "phishing": "fraud", "fraud": "fraud", "malware": "virus", "bulk_messaging": "abuse"}


def feedback_report(report: Accusation) -> str:
    """The fields of the `message/feedback-report` part, CRLF at each end (RFC 5965, section 3)."""
    fields = [
        ("Feedback-Type", _FEEDBACK.get(report.kind, "abuse" if report.category == "messaging" else "other")),
        ("User-Agent", USER_AGENT),
        ("Version", "1"),
        ("Source-IP", report.address),
        ("Arrival-Date", format_datetime(report.time.astimezone(UTC))),
        ("Incidents", str(report.incidents)),
    ]
    if report.port is not None:
        fields.append(("Source-Port", str(report.port)))  # RFC 6692
    if report.mail_from is not None:
        fields.append(("Original-Mail-From", f"<{report.mail_from}>"))
    fields += [("Original-Rcpt-To", f"<{address}>") for address in report.rcpt_to[:20]]
    fields += [("Reported-Uri", url) for url in report.urls[:20]]
    return "".join(f"{name}: {_one_line(value)}\r\n" for name, value in fields)


def attach(mail: EmailMessage, report: Accusation) -> None:
    """Makes the mail, whose text is set, a feedback report (`multipart/report`, RFC 5965, section 2)."""
    mail.make_mixed()
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = "message/feedback-report"
    part["Content-Transfer-Encoding"] = "7bit"
    part.set_payload(feedback_report(report))
    mail.attach(part)
    mail.replace_header("Content-Type", "multipart/report")
    mail.set_param("report-type", "feedback-report")


def _one_line(value: str) -> str:
    """A field's value that cannot begin another field, however hostile the packet it came from."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value)[:900].encode("ascii", "backslashreplace").decode()
