"""What X-ARF's schemas demand of a report, as far as a case depends on it."""

import re
from typing import Any
from urllib.parse import urlsplit

from mailscope.desk.complaints.addresses import canonical
from mailscope.desk.complaints.times import parsed

V4_CATEGORIES = {"connection", "content", "copyright", "infrastructure", "messaging", "reputation", "vulnerability"}
_V3_CLASSES = {"activity", "content", "system", "network", "vulnerability", "messaging", "copyright", "connection"}
_V3_TYPES = {
    "spam", "phishing", "malware", "botnet", "portscan", "ddos", "dos", "loginattack", "webhack", "exploit",
    "openservice", "copyright", "trademark", "childabuse", "childsexualabusematerial", "harassment", "harassed",
    "potentiallycompromisedaccount", "fraud", "rpz", "scan", "bruteforce",
}  # fmt: skip
_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_NAME = re.compile(r"^(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_-]{1,63}\.?$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
_TEXTS = (
    "SmtpMailFromAddress", "MalwareName", "InfringedMaterial", "TrademarkedMaterial", "FileName", "ReporterCaseID", "ReporterNotes",
    "ReporterSeverity",
    "MaterialType", "RegistrationOffice", "ServiceName", "ApiName", "ReportSubType", "HarassmentDescription",
)  # fmt: skip


def mistakes_of_v4(report: dict[str, Any]) -> list[str]:
    """The members of a version 4 report that break its core schema."""
    wrong = [
        name
        for name in ("report_id", "timestamp", "source_identifier", "type")
        if not isinstance(report.get(name), str)
    ]
    wrong += ["timestamp"] if isinstance(report.get("timestamp"), str) and not _is_time(report["timestamp"]) else []
    wrong += ["category"] if report.get("category") not in V4_CATEGORIES else []
    reporter = report.get("reporter")
    if not isinstance(reporter, dict) or not _MAIL.match(str(reporter.get("contact", ""))):
        wrong.append("reporter")
    if not _is_port(report.get("source_port")):
        wrong.append("source_port")
    return list(dict.fromkeys(wrong))


def mistakes_of_v3(report: dict[str, Any]) -> list[str]:
    """The members of a version 1 to 3 report that break its schema."""
    inner = report["Report"]
    wrong = [] if isinstance(report.get("Version", ""), str) else ["Version"]
    wrong += _reporter(report.get("ReporterInfo"))
    wrong += ["Disclosure"] if "Disclosure" in report and not isinstance(report["Disclosure"], bool) else []
    wrong += _behalf(report.get("OnBehalfOf")) if "OnBehalfOf" in report else []
    wrong += ["ReportClass"] if str(inner.get("ReportClass", "")).lower() not in _V3_CLASSES else []
    kind = str(inner.get("ReportType", "")).lower().replace("-", "").replace("_", "")
    wrong += ["ReportType"] if kind not in _V3_TYPES else []
    wrong += [name for name in ("Date", "FirstSeen", "LastSeen") if name in inner and not _is_time(inner[name])]
    wrong += [] if "Date" in inner else ["Date"]
    wrong += _ends(inner) + _amounts(inner) + _samples(inner) + _needs_of(kind, inner) + _exploit(inner)
    wrong += [name for name in _TEXTS if name in inner and not isinstance(inner[name], str)]
    wrong += _custom(inner)
    return list(dict.fromkeys(wrong))


def _custom(inner: dict[str, Any]) -> list[str]:
    """Members of the sender's own making are scalars; a hash is a text or one text an algorithm."""
    custom = inner.get("Custom", {})
    is_flat = isinstance(custom, dict) and not any(isinstance(value, (dict, list)) for value in custom.values())
    wrong = [] if is_flat else ["Custom"]
    digest = inner.get("FileHash", "")
    digests = digest.values() if isinstance(digest, dict) else [digest]
    wrong += [] if all(isinstance(value, str) for value in digests) else ["FileHash"]
    protocol = str(inner.get("TransportProtocol", "tcp")).lower()
    return wrong + ([] if protocol in ("tcp", "udp", "sctp", "icmp", "dccp") else ["TransportProtocol"])


def _reporter(info: Any) -> list[str]:
    if not isinstance(info, dict):
        return ["ReporterInfo"]
    is_person = info.get("ReporterType") == "Person"
    needed = ("ReporterType",) if is_person else ("ReporterOrg", "ReporterOrgDomain", "ReporterOrgEmail")
    wrong = [name for name in needed if not isinstance(info.get(name), str)]
    mails = [name for name in ("ReporterOrgEmail", "ReporterContactEmail") if name in info]
    return wrong + [name for name in mails if not _MAIL.match(str(info[name]))] + _not_text(info)


def _behalf(info: Any) -> list[str]:
    return _not_text(info) if isinstance(info, dict) and info.get("ComplainantOrg") else ["OnBehalfOf"]


def _not_text(info: dict[str, Any]) -> list[str]:
    known = ("Reporter", "Complainant")
    wrong = [name for name, value in info.items() if name.startswith(known) and not isinstance(value, str)]
    return wrong + [name for name in info if name.endswith("Domain") and not _NAME.match(str(info[name]))]


def _ends(inner: dict[str, Any]) -> list[str]:
    wrong: list[str] = [
        name for name in ("SourceIp", "DestinationIp") if name in inner and not _is_address(inner[name])
    ]
    wrong += [name for name in ("SourcePort", "DestinationPort") if not _is_port(inner.get(name))]
    if "SourceUrl" in inner and not _is_url(inner["SourceUrl"]):
        wrong.append("SourceUrl")
    if "RpzDomain" in inner and not _NAME.match(str(inner["RpzDomain"])):
        wrong.append("RpzDomain")
    asn = inner.get("ASN", 0)
    return wrong + ([] if isinstance(asn, int) and 0 <= asn < 2**32 else ["ASN"])


def _amounts(inner: dict[str, Any]) -> list[str]:
    names = ("ByteCount", "PacketCount", "FileSize", "Attempts", "Count")
    wrong = [
        name for name in names if name in inner and (isinstance(inner[name], bool) or not isinstance(inner[name], int))
    ]
    return wrong + (["Ongoing"] if "Ongoing" in inner and not isinstance(inner["Ongoing"], bool) else [])


def _samples(inner: dict[str, Any]) -> list[str]:
    samples = inner.get("Samples", [])
    if not isinstance(samples, list):
        return ["Samples"]
    kinds = {"ContentType": str, "Base64Encoded": bool, "Payload": str}
    for sample in samples[:50]:
        if not isinstance(sample, dict) or any(not isinstance(sample.get(name), kind) for name, kind in kinds.items()):
            return ["Samples"]
        if not isinstance(sample.get("Description", ""), str):
            return ["Samples"]
    return []


def _needs_of(kind: str, inner: dict[str, Any]) -> list[str]:
    """What a report of that type cannot be without."""
    if kind in ("harassment", "harassed"):
        return [] if "SourceIp" in inner or "SourceUrl" in inner else ["SourceIp"]
    if kind == "potentiallycompromisedaccount":
        account = inner.get("Account")
        if not isinstance(account, dict) or not account:
            return ["Account"]
        wrong = [] if not ({"SourceIp", "SourceUrl"} & inner.keys()) or "Attacker" in inner else ["SourceIp"]
        names = ("AccountEmail", "AccountName", "AccountIdentifier")
        is_text = all(isinstance(account.get(name, ""), str) for name in names)
        mail = account.get("AccountEmail", "a@b")
        return wrong + ([] if is_text and set(account) & set(names) and _MAIL.match(str(mail)) else ["Account"])
    if kind in ("copyright", "trademark", "phishing", "childsexualabusematerial"):
        return [] if {"SourceIp", "SourceUrl"} & inner.keys() else ["SourceIp"]
    if kind in ("openservice",):
        return (
            []
            if "SourceIp" in inner and (isinstance(inner.get("ServiceName"), str) or "SourcePort" in inner)
            else ["SourceIp"]
        )
    return [] if "SourceIp" in inner or "Source" in inner else ["SourceIp"]


def _exploit(inner: dict[str, Any]) -> list[str]:
    cve = inner.get("CVE")
    wrong = [] if cve is None or re.fullmatch(r"CVE-\d{4}-\d{4,19}", str(cve)) else ["CVE"]
    score = inner.get("CVSS")
    if score is not None and (
        not isinstance(score, dict) or str(score.get("Version")) not in ("2.0", "3.0", "3.1", "4.0")
    ):
        wrong.append("CVSS")
    return wrong


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and bool(_DATE.match(value)) and parsed(value) is not None


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and canonical(value) is not None


def _is_port(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 65536)


def _is_url(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(urlsplit(value).scheme and urlsplit(value).netloc)
    except ValueError:
        return False
