"""X-ARF reports of every version.

JSON of version 4 (category and type), of versions 1 to 3 (ReportClass and ReportType), and the
older 0.1 and 0.2 whose report is a list of `Name: value` lines, as blocklist.de and Netcraft send it.

What a report gives is checked as its schema demands: a report that contradicts it goes to a person, with the
field that is wrong, and is not read as if it were right.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import canonical, found_in, is_host
from mailscope.desk.complaints.bounds import MAX_JSON_CHARS
from mailscope.desk.complaints.charsets import decoded
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.formats.arf import report_fields
from mailscope.desk.complaints.mail import Mail, Part, read_mail
from mailscope.desk.complaints.packed import files
from mailscope.desk.complaints.received import origin
from mailscope.desk.complaints.times import parsed
from mailscope.desk.complaints.xarf_schema import mistakes_of_v3, mistakes_of_v4

_SENDERS = (("blocklist.de", "blocklist.de"), ("netcraft", "netcraft"), ("clean-mx", "clean-mx"))


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of an X-ARF report in any version; None for another mail."""
    for name, kind, data in files(mail):
        if "json" in kind or name.lower().endswith(".json") or data.lstrip()[:1] == b"{":
            claim = of_json(data, reading)
            if claim is not None:
                return claim
    for part in mail.parts:
        if part.inner is None and (claim := _of_lines(part, mail)):
            return claim
    return None


def of_json(data: bytes, reading: Reading) -> Claim | None:
    """The claim of one JSON report; None where the JSON is something else."""
    text = decoded(data, "utf-8")[0]
    if len(text) > MAX_JSON_CHARS or not ("xarf_version" in text or "ReporterInfo" in text or '"Report"' in text):
        return None
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        return Claim("xarf", doubts=["report-not-readable"]) if "xarf_version" in text else None
    if not isinstance(report, dict):
        return None
    return _v4(report, reading) if "xarf_version" in report else _v3(report, reading)


def _v4(report: dict[str, Any], reading: Reading) -> Claim:
    claim = Claim("xarf-v4", doubts=[f"report-invalid:{field}" for field in mistakes_of_v4(report)[:3]])
    kind = categories.of_word(str(report.get("type"))) or categories.of_word(str(report.get("category")))
    if report.get("category") == "copyright":
        kind = "copyright"
    claim.categories, claim.category_where = [kind or "other"], "report members category and type"
    source = str(report.get("source_identifier") or "")
    time = parsed(str(report.get("timestamp") or ""))
    _accuse(claim, source, report.get("source_port"), time, "source_identifier", "timestamp")
    _quoted(claim, report.get("evidence"), "payload", reading)
    claim.subject_of = _first_text(report, "url", "infringing_url", "domain") or (source or None)
    return claim


def _v3(report: dict[str, Any], reading: Reading) -> Claim | None:
    inner = report.get("Report")
    if not isinstance(inner, dict):
        if "ReporterInfo" in report or "Version" in report:
            return Claim("xarf-v3", doubts=["report-invalid:Report"])
        return None
    version = str(report.get("Version", ""))
    claim = Claim("xarf-v3", doubts=[f"report-invalid:{field}" for field in mistakes_of_v3(report)[:3]])
    kind = categories.of_word(str(inner.get("ReportType") or "")) or categories.of_word(
        str(inner.get("ReportClass") or "")
    )
    if str(inner.get("ReportType", "")).upper() == "DOS":
        kind = "ddos"
    claim.categories, claim.category_where = [kind or "other"], "report members ReportClass and ReportType"
    nested = inner.get("Source")
    source = nested.get("IP") if isinstance(nested, dict) else None
    port = (
        inner.get("SourcePort")
        or inner.get("AttackerPort")
        or (nested.get("Port") if isinstance(nested, dict) else None)
    )
    time = parsed(str(inner.get("Date") or ""))
    _accuse(
        claim, str(inner.get("SourceIp") or inner.get("AttackerIp") or source or ""), port, time, "SourceIp", "Date"
    )
    claim.subject_of = _first_text(inner, "SourceUrl", "RpzDomain") or _account(inner)
    if not claim.accused:
        _from_url_or_sample(claim, inner, time)
    _quoted(claim, inner.get("Samples"), "Payload", reading)
    claim.category_where += f", version {version[:20]}"
    return claim


def _accuse(claim: Claim, source: str, port: Any, time: Any, source_field: str, time_field: str) -> None:
    address = canonical(source)
    if address is None and "://" in source:
        address = canonical(_host_of(source))
    if address is None or not is_host(address):
        return
    number = port if isinstance(port, int) and 0 < port < 65536 else None
    where = {"accused": f"report member {source_field}", "time": f"report member {time_field}"}
    claim.accused.append(Accusation(address, time, number, where=where))


def _from_url_or_sample(claim: Claim, inner: dict[str, Any], time: Any) -> None:
    """A report without an address: the one in its URL; else it is about a name, which is no doubt but a fact."""
    address = canonical(_host_of(str(inner.get("SourceUrl") or "")))
    if address:
        claim.accused.append(
            Accusation(address, time, where={"accused": "report member SourceUrl", "time": "report member Date"})
        )
    else:
        claim.doubts.append("names-no-address")


def _quoted(claim: Claim, samples: Any, member: str, reading: Reading) -> None:
    """The quoted mail of a report, for a relay of ours and for telling duplicates."""
    import base64
    import binascii

    for sample in samples[:20] if isinstance(samples, list) else []:
        kind = str(sample.get("ContentType") or sample.get("content_type") or "") if isinstance(sample, dict) else ""
        if not kind.startswith("message/"):
            continue
        payload = str(sample.get(member) or "")
        try:
            data = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            data = payload.encode("utf-8", "replace")
        quoted = read_mail(data)
        claim.quoted_id = quoted.headers.first("message-id") or None
        for accusation in claim.accused:
            found = origin(quoted.headers, reading.networks, accusation.address)
            if found and found.behind:
                accusation.responsible = found.responsible
                accusation.where["responsible"] = f"quoted mail, Received line {found.behind}"
        return


def _of_lines(part: Part, mail: Mail) -> Claim | None:
    """X-ARF 0.1 and 0.2: `report.txt` with `Report-Type`, `Source`, `Source-Type`."""
    if not part.content_type.startswith("text/") or b"Report-Type" not in part.data[:65536]:
        return None
    fields = report_fields(part)
    if not fields.first("report-type") or not (fields.first("source") or fields.first("category")):
        return None
    sender = f"{fields.first('reported-from')} {fields.first('user-agent')}".lower()
    claim = Claim(next((name for sign, name in _SENDERS if sign in sender), "xarf-v0"))
    kinds = (fields.first("report-type"), fields.first("category"), fields.first("service"))
    claim.categories = [next((kind for word in kinds if (kind := categories.of_word(word))), "other")]
    claim.category_where = "report fields Report-Type and Category"
    source, time = fields.first("source"), parsed(fields.first("date"))
    where, address = "report field Source", canonical(source)
    if address is None:
        claim.subject_of = source[:2000] or None
        address, where = _address_of_url(source, mail.body)
    if address is None:
        claim.doubts.append("names-no-address")
        return claim
    port = fields.first("port") if address == canonical(source) else ""
    accusation = Accusation(address, time, int(port) if port.isdecimal() and 0 < int(port) < 65536 else None)
    accusation.where = {"accused": where, "time": "report field Date" if time else "nowhere"}
    claim.accused.append(accusation)
    return claim


def _address_of_url(url: str, body: str) -> tuple[str | None, str]:
    """The address of a reported URL: its host, or the one that the text gives in brackets behind such a URL."""
    if address := canonical(_host_of(url)):
        return address, "report field Source"
    told = re.findall(r"https?://\S+(?:\s+\[[\d/]+\])?\s+\[([0-9A-Fa-f:.]{3,45})\]", body)
    addresses = {address for text in told if (address := canonical(text))}
    if not addresses:
        addresses = {address for address, start, _, _ in found_in(body) if body[max(start - 1, 0) : start] == "["}
    return (addresses.pop(), "text, in brackets behind the URL") if len(addresses) == 1 else (None, "")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _first_text(report: dict[str, Any], *names: str) -> str | None:
    return next((str(report[name])[:2000] for name in names if isinstance(report.get(name), str)), None)


def _account(inner: dict[str, Any]) -> str | None:
    account = inner.get("Account")
    return str(account.get("AccountEmail") or account.get("AccountName"))[:200] if isinstance(account, dict) else None
