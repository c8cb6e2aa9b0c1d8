"""Copyright notices with ACNS XML (`<Infringement>`), in the text or attached, and with labelled lines only.

PGP signing puts `- ` before lines that begin with a dash; that is why the XML is searched by its tags.
"""

import re

from mailscope.desk.complaints.addresses import canonical, undisguised
from mailscope.desk.complaints.bounds import MAX_ACCUSED
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.packed import files
from mailscope.desk.complaints.times import events, parsed
from mailscope.desk.complaints.xml_reading import read_xml

_XML = re.compile(r"<Infringement\b.{10,200000}?</Infringement\s*>", re.S)
_LABELS = {
    "address": re.compile(r"^[ \t>*-]*(?:infringer'?s? |infringing )?IP(?: ?v[46])?(?:[ _-]?address)?[ \t]*[:=][ \t]*\[?([0-9A-Fa-f:.]{3,45})", re.I | re.M),
    "time": re.compile(r"^[ \t>*-]*(?:(?:initial|first|recent|last|most recent)[ \t])?(?:infringement )?(?:date/?)?(?:timestamp|time ?stamp|date/time|time of infringement|first seen|date)[ \t]*[:=][ \t]*(.{8,50})$", re.I | re.M),
    "port": re.compile(r"^[ \t>*-]*(?:infringer'?s? |IP )?port(?: id)?[ \t]*[:=][ \t]*(\d{1,5})\s*$", re.I | re.M),
}  # fmt: skip
_NOTICE = re.compile(r"infring\w+|copyright|dmca|著作[权權]|侵[权權]", re.I)


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a copyright notice; None for another mail."""
    text = mail.body
    found: dict[tuple[str, str], Accusation] = {}
    places = [("text", match.group()) for match in _XML.finditer(text)]
    for name, kind, data in files(mail):
        if b"<Infringement" in data and not kind.startswith("text/plain"):
            content = data.decode("utf-8", "replace")
            places += [(f"attached {name[:60]}", match.group()) for match in _XML.finditer(content)]
    for place, xml in places[:MAX_ACCUSED]:
        for accusation in _of_xml(xml, place):
            found.setdefault((accusation.address, str(accusation.time)), accusation)
    if found:
        return Claim("acns", list(found.values()), ["copyright"], "ACNS XML")
    return _of_labels(undisguised(text), mail, reading)


def _of_xml(xml: str, place: str) -> list[Accusation]:
    root = read_xml(re.sub(r"\n- -", "\n-", xml))
    if root is None:
        return []
    found = []
    for source in root.every("Source") or [root]:
        if address := canonical(source.value("IP_Address")):
            port = source.value("Port")
            where = dict.fromkeys(("accused", "time", "port"), f"ACNS XML in {place}")
            time = parsed(source.value("TimeStamp")) or parsed(root.value("TimeStamp"))
            found.append(
                Accusation(
                    address, time, int(port) if port.isdecimal() and 0 < int(port) < 65536 else None, where=where
                )
            )
    return found


def _of_labels(text: str, mail: Mail, reading: Reading) -> Claim | None:
    """A notice in labelled lines without XML."""
    told = _LABELS["address"].search(text)
    address = canonical(told[1].rstrip(".")) if told else None
    if not address or len(_NOTICE.findall(f"{mail.headers.text('subject')} {text[:20000]}")) < 2:
        return None
    when, port = _LABELS["time"].search(text, max(told.start() - 2000, 0) if told else 0), _LABELS["port"].search(text)
    time = parsed(when[1], reading.context) if when else next(iter(events(text, reading.context)), None)
    accusation = Accusation(address, time, int(port[1]) if port and 0 < int(port[1]) < 65536 else None)
    accusation.where = {
        "accused": "labelled line",
        "time": "labelled line" if when else "text",
        "port": "labelled line",
    }
    return Claim("copyright-notice", [accusation], ["copyright"], "words of the notice")
