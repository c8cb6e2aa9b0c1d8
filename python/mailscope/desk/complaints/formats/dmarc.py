"""DMARC aggregate reports (RFC 7489, appendix C): who sent in a domain's name, by XML, gzip or zip.

Such a report is statistics and not a complaint, unless a source failed both SPF and DKIM: then it says that an
address sends mail in a domain's name that the domain does not stand for.
"""

from datetime import UTC, datetime

from mailscope.desk.complaints.addresses import canonical
from mailscope.desk.complaints.bounds import MAX_ACCUSED
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.packed import files
from mailscope.desk.complaints.times import Moment
from mailscope.desk.complaints.xml_reading import Element, read_xml


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of an aggregate report; None for another mail."""
    for name, kind, data in files(mail):
        head = data[:4096]
        if b"<feedback" not in head and not (b"report_metadata" in head and "xml" in f"{name}{kind}"):
            continue
        root = read_xml(data)
        if root is None:
            return Claim("dmarc-aggregate", doubts=["report-not-readable"], categories=["spoofing"])
        if root.name == "feedback" and root.every("record"):
            return _claim(root, name)
    return None


def _claim(root: Element, name: str) -> Claim:
    claim = Claim("dmarc-aggregate", categories=["spoofing"], category_where="records that pass neither SPF nor DKIM")
    claim.subject_of = root.value("domain") or None
    time = _period(root)
    seen = set()
    for number, record in enumerate(root.every("record"), start=1):
        policy = next(iter(record.every("policy_evaluated")), Element(""))
        address = canonical(record.value("source_ip"))
        if not address or address in seen or "pass" in (policy.value("dkim").lower(), policy.value("spf").lower()):
            continue
        seen.add(address)
        where = f"{name[:60]}, record {number}"
        claim.accused.append(Accusation(address, time, where={"accused": where, "time": "date range of the report"}))
        if len(claim.accused) >= MAX_ACCUSED:
            claim.doubts.append("table-cut")
            break
    if not claim.accused:
        claim.not_complaint = "aggregate-without-failures"
    return claim


def _period(root: Element) -> Moment | None:
    begin, end = root.value("begin"), root.value("end")
    if not (begin.isdecimal() and end.isdecimal() and len(begin) < 12 and len(end) < 12):
        return None
    half = max((int(end) - int(begin)) / 2, 0.5)
    return Moment(datetime.fromtimestamp(int(begin) + half, UTC), half, "beside")
