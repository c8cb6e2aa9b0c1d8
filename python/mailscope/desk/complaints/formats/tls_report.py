"""TLS reports (RFC 8460): how other servers' TLS to a domain went. Never about an abuser; kept by name."""

import json

from mailscope.desk.complaints.claim import Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.packed import files


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a TLS report, which is no complaint; None for another mail."""
    is_report = "tlsrpt" in mail.headers.parameter("content-type", "report-type").lower()
    for _name, kind, data in files(mail):
        if "tlsrpt" not in kind and not (b'"policies"' in data[:65536] and b'"organization-name"' in data[:65536]):
            continue
        try:
            report = json.loads(data[:8_000_000])
        except (ValueError, RecursionError):
            return Claim("tls-rpt", categories=["delivery"], doubts=["report-not-readable"])
        failures = _failures(report)
        reason = "tls-report-with-failures" if failures else "tls-report-without-failures"
        return Claim("tls-rpt", categories=["delivery"], category_where="a TLS report", not_complaint=reason)
    return Claim("tls-rpt", categories=["delivery"], doubts=["report-not-readable"]) if is_report else None


def _failures(report: object) -> int:
    policies = report.get("policies") if isinstance(report, dict) else None
    total = 0
    for policy in policies if isinstance(policies, list) else []:
        summary = policy.get("summary") if isinstance(policy, dict) else None
        count = summary.get("total-failure-session-count") if isinstance(summary, dict) else 0
        total += count if isinstance(count, int) else 0
    return total
