"""What registries gave to whom: the `delegated` and `delegated-extended` statistics of the five registries.

apnic|JP|ipv4|192.0.2.0|256|20020801|allocated[|opaque-id]
"""

from collections.abc import Iterable
from datetime import date
from ipaddress import IPv4Address, ip_network, summarize_address_range

from mailscope.contacts.route import Gathered, Route

_REGISTRIES = ("afrinic", "apnic", "arin", "lacnic", "ripencc", "iana")
_GIVEN = ("allocated", "assigned")


def is_delegated(first_line: str) -> bool:
    """Whether a text begins as such statistics do."""
    words = first_line.split("|")
    return len(words) >= 6 and (words[0] in _REGISTRIES or (words[0][:1].isdigit() and words[1] in _REGISTRIES))


def read(lines: Iterable[str], source: str) -> Gathered:
    """One route a delegated block, with registry and country as its organisation; it names no contact."""
    gathered = Gathered()
    for line in lines:
        words = line.strip().split("|")
        if len(words) < 7 or words[2] not in ("ipv4", "ipv6") or words[6] not in _GIVEN:
            continue
        try:
            given = date(int(words[5][:4]), int(words[5][4:6]), int(words[5][6:8])) if words[5].isdecimal() else None
            if words[2] == "ipv6":
                blocks = [ip_network(f"{words[3]}/{words[4]}")]
            else:
                first = IPv4Address(words[3])
                blocks = list(summarize_address_range(first, first + (int(words[4]) - 1)))
        except ValueError:
            gathered.unread.append(f"{source}: {line[:60]}")
            continue
        about = f"{words[0].upper()} delegation, {words[1]}"
        gathered.routes += [Route(block, None, source, "delegated", given, organization=about) for block in blocks]
    return gathered
