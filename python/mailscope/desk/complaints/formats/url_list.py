"""Lists of malicious URLs in XML or JSON with the host's address beside each, as Safe Browsing notifies."""

import re
from urllib.parse import urlsplit

from mailscope.desk.complaints import categories
from mailscope.desk.complaints.addresses import canonical
from mailscope.desk.complaints.bounds import MAX_ACCUSED
from mailscope.desk.complaints.claim import Accusation, Claim, Reading
from mailscope.desk.complaints.mail import Mail
from mailscope.desk.complaints.times import parsed
from mailscope.desk.complaints.xml_reading import read_xml

_XML = re.compile(r"<(notification_message|notification|report|abuse_report)\b.{10,400000}</\1\s*>", re.S)


def read(mail: Mail, reading: Reading) -> Claim | None:
    """The claim of a URL list; None for another mail."""
    found = _XML.search(mail.body)
    root = read_xml(found.group()) if found else None
    if root is None:
        return None
    claim = Claim(
        "url-list",
        categories=categories.named(mail.headers.text("subject")) or ["malware"],
        category_where="a list of URLs",
    )
    time = parsed(root.attributes.get("date", "") + " 12:00 UTC")
    seen: set[str] = set()
    for element in root.every("url_info") + root.every("url"):
        url = element.attributes.get("url") or element.text.strip()
        try:
            address = canonical(element.attributes.get("ip", "")) or canonical(urlsplit(url).hostname or "")
        except ValueError:
            continue
        if address and address not in seen and len(seen) < MAX_ACCUSED:
            seen.add(address)
            moment = type(time)(time.at, 43200.0, "beside") if time else None
            claim.accused.append(
                Accusation(address, moment, where={"accused": "list of URLs", "time": "date of the list"})
            )
    return claim if claim.accused else None
