"""Marks of a lure's links: shown text that differs from the target, hosts that cost nothing, names of others.

What it flags
    Links whose text names another place than they lead to; addresses in place of names; shorteners and free hosting;
    known names, or the owner's, inside hosts of somebody else; the recipient's address inside the link.
Why it matters
    The link is what the sender wants to be followed; it can be looked for in all other traffic.
What it can get wrong
    Newsletters count clicks through other hosts, and small companies use free hosting.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from mailscope.detect.domains import domain_of
from mailscope.detect.endpoints import parsed
from mailscope.detect.finding import Fact
from mailscope.detect.phishing_hosts import CHEAP, FREE_HOSTS, FREE_PAGES, SHORTENERS
from mailscope.detect.phishing_letter import Ground, Letter, Link
from mailscope.detect.phishing_lookalike import borrowed_brand, imitated_brand, imitated_own
from mailscope.detect.phishing_signs import sign
from mailscope.detect.registrable import label_of, registrable

SITE_FOLDERS = re.compile(
    r"/(wp-(content|includes|admin|json)|\.well-known)/",
    re.IGNORECASE,
)
"""Folders of web software in which no owner puts a page for readers: the site was broken into."""

_SHOWN_HOST = re.compile(r"^\s*(?:https?://|www\.)?((?:[\w-]+\.)+[a-z]{2,})(?:[/:?#]\S*)?\s*$", re.IGNORECASE)
_REDIRECT = re.compile(
    r"[?&/#](url|u|redirect\w*|redir|dest\w*|target|next|goto|link|q|adurl|continue)=https?(:|%3a)", re.IGNORECASE
)
_FILE_ENDINGS = frozenset(
    [
        "asp",
        "aspx",
        "css",
        "doc",
        "exe",
        "gif",
        "htm",
        "html",
        "jpg",
        "js",
        "jsp",
        "pdf",
        "php",
        "pl",
        "png",
        "py",
        "sh",
        "txt",
        "xls",
        "xml",
        "zip",
    ]
)


NESTED = 3
"""Redirectors one inside the other whose targets are read."""


def targets_inside(url: str) -> list[str]:
    """Addresses that a redirector's link carries as values of its query: where it leads in the end.

    >>> targets_inside("https://links.example/?d=1&u=http%3A%2F%2Fevil.example%2Flogin")
    ['http://evil.example/login']
    """
    found: list[str] = []
    step = [url]
    for _depth in range(NESTED):
        values = [value for link in step for value in _values(link)]
        step = [value for value in values if value.lower().startswith(("http://", "https://")) and value not in found]
        found += step
    return found


def _values(url: str) -> list[str]:
    try:
        fields = parse_qsl(urlsplit(url).query, max_num_fields=100)
    except ValueError:
        return []
    return [value.strip() for _name, value in fields]


def signals(letter: Letter, ground: Ground) -> list[Fact]:
    """What speaks against the links, each kind once, with the first link that shows it."""
    found: dict[str, Fact] = {}
    recipients = [address for address in letter.recipients if "@" in address]
    for link in letter.links:
        for fact in _of_link(link, letter, ground, recipients):
            found.setdefault(fact.name, fact)
    elsewhere = _elsewhere(letter, ground)
    return [*found.values(), *elsewhere]


def _of_link(link: Link, letter: Letter, ground: Ground, recipients: list[str]) -> list[Fact]:
    return [
        *_shown(link, letter),
        *_name(link, letter, ground),
        *_kind_of_host(link, letter, ground),
        *_way_it_is_written(link, recipients, letter),
    ]


def _shown(link: Link, letter: Letter) -> list[Fact]:
    shown = _SHOWN_HOST.match(link.shown or "")
    if shown is None or shown[1].rpartition(".")[2].lower() in _FILE_ENDINGS:
        return []
    domain = registrable(shown[1])
    if domain == link.domain or label_of(domain) == label_of(link.domain) or link.domain == letter.from_domain:
        return []
    return [sign("shown-elsewhere", shown=link.shown, url=link.url)]


def _name(link: Link, letter: Letter, ground: Ground) -> list[Fact]:
    """Names of others in the host; nothing when the link leads where the sender's address is."""
    if link.domain == letter.from_domain and not letter.links:
        return []
    own = imitated_own(link.host, ground.own_names)
    if own:
        return [sign("lookalike-link", url=link.url, real=own)]
    if brand := imitated_brand(link.host):
        return [sign("lookalike-link", url=link.url, real=brand)]
    if brand := borrowed_brand(link.host):
        return [sign("brand-in-link", url=link.url, brand=brand)]
    return []


def _kind_of_host(link: Link, letter: Letter, ground: Ground) -> list[Fact]:
    host = link.host
    address = parsed(host)
    if address is not None or host.isdigit() or host.startswith("0x"):
        is_own = address is not None and ground.network.is_own(str(address)) and not ground.is_from_outside(letter)
        return [] if is_own else [sign("raw-address-link", url=link.url)]
    found = []
    path = link.url.partition("://")[2]
    if link.domain in SHORTENERS or host in SHORTENERS:
        found.append(sign("shortener-link", url=link.url))
    elif host.endswith(FREE_HOSTS) or path.startswith(FREE_PAGES):
        found.append(sign("free-hosting-link", url=link.url))
    elif host.rpartition(".")[2] in CHEAP and link.domain != letter.from_domain:
        found.append(sign("cheap-suffix-link", url=link.url))
    # As written: letters of other widths and styles are plain ones to a browser, and hide a name from filters.
    if "xn--" in host or not path.partition("/")[0].isascii():
        found.append(sign("punycode-link", url=link.url))
    if re.search(r"\d{5,}", host) or re.search(r"(^|[.-])[bcdfghjklmnpqrstvwxz]{6,}", label_of(host)):
        found.append(sign("machine-host-link", url=link.url))
    return found


def _way_it_is_written(link: Link, recipients: list[str], letter: Letter) -> list[Fact]:
    found = []
    try:
        parts = urlsplit(link.url)
        port = parts.port
    except ValueError:
        return []
    if "@" in parts.netloc:
        found.append(sign("user-in-link", url=link.url))
    if port not in (None, 80, 443):
        found.append(sign("odd-port-link", url=link.url))
    if SITE_FOLDERS.search(parts.path) and link.domain != letter.from_domain and not _is_picture(parts.path):
        found.append(sign("site-folder-link", url=link.url))
    if _REDIRECT.search(link.url):
        found.append(sign("redirecting-link", url=link.url))
    rest = unquote(link.url[link.url.find(parts.netloc) + len(parts.netloc) :]).lower() if parts.netloc else ""
    if any(address in rest or _encoded(address) in link.url for address in recipients):
        found.append(sign("recipient-in-link", url=link.url))
    return found


def _is_picture(path: str) -> bool:
    return path.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".css"))


def _encoded(address: str) -> str:
    return base64.b64encode(address.encode()).decode().rstrip("=")[:-1]


def _elsewhere(letter: Letter, ground: Ground) -> list[Fact]:
    """Few links, and none to where the sender, the list or the owner is."""
    domains = set(letter.link_domains)
    if not domains or len(domains) > 3 or letter.is_list_mail or letter.row["in_reply_to"]:
        return []
    known = {letter.from_domain, registrable(domain_of(letter.envelope_from))}
    known |= {registrable(own) for own in ground.domains.own}
    labels = {label_of(domain) for domain in known if domain}
    if domains & known or {label_of(domain) for domain in domains} & labels:
        return []
    return [sign("links-elsewhere", domains=sorted(domains), sender=letter.from_addr or "-")]
