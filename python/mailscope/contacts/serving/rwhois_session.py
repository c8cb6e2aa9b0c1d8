"""One RWhois conversation (RFC 2167), without its connection: lines in, lines out.

Every line that begins with `-` is a directive, any other is a query. What the registry serves is read-only:
directives that would change it are answered with 400, as the RFC provides.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network

from mailscope.contacts.lookup import Entry, Registry
from mailscope.harmless import visible

MAX_LINE = 1024
DEFAULT_LIMIT, MAX_LIMIT = 20, 512
_TERM = re.compile(r"^(?:(?P<attribute>[A-Za-z][A-Za-z0-9-]{0,40})\s*=\s*)?(?P<value>.+)$")
_CLASSES = ("network", "contact", "referral")
_DIRECTIVES = {
    "class": "-class <auth-area> [<class>]",
    "directive": "-directive [<name>]",
    "display": "-display [<format>]",
    "forward": "-forward [on|off]",
    "holdconnect": "-holdconnect [on|off]",
    "limit": "-limit [<number>]",
    "load": "-load",
    "notify": "-notify <reason> <server> <query>",
    "quit": "-quit",
    "rwhois": "-rwhois <versions> [<implementation>]",
    "schema": "-schema <auth-area> [<class>]",
    "soa": "-soa [<auth-area>]",
    "status": "-status",
}
_READ_ONLY = ("register", "xfer", "security")
_ATTRIBUTES = (
    ("ID", "text"), ("IP-Network", "prefix"), ("Organization", "organization"), ("Admin-Contact", "admin_contact"),
    ("Email", "email"), ("Phone", "tel"), ("Address", "address"), ("Next-Hop", "next_hop"), ("Source", "source"),
    ("Updated", "updated"), ("Updated-By", "updated_by"),
)  # fmt: skip

INVALID_VERSION, NO_OBJECTS = "300 Not Compatible With Version", "230 No Objects Found"
LIMIT_REACHED, INVALID_LIMIT = "330 Exceeded Response Limit", "331 Invalid Limit"
BAD_AREA, BAD_CLASS, BAD_SYNTAX, BAD_QUERY = (
    "340 Invalid Authority Area",
    "341 Invalid Class",
    "338 Invalid Directive Syntax",
    "350 Invalid Query Syntax",
)
NOT_AVAILABLE, BAD_DISPLAY = "400 Directive Not Available", "436 Invalid Display Format"
TOO_COMPLEX = "351 Query Too Complex"


class RwhoisSession:
    """What a client has set, and the answers to its lines."""

    def __init__(self, registry: Registry, host: str, referrals: dict[str, str], load: Callable[[], int]) -> None:
        self._registry = registry
        self._host = host
        self._referrals = referrals
        self._load = load
        self._limit = DEFAULT_LIMIT
        self._holds = False
        self.is_over = False

    def banner(self) -> str:
        """The first line, which says the versions and what the server can do."""
        return f"%rwhois V-1.5,V-1.0:0078b6:00 {self._host} (Mailscope)"

    def answer(self, line: str) -> list[str]:
        """The lines that answer one line; `is_over` says whether the connection is to be closed."""
        line = line.strip()
        if not line:
            return []
        if len(line) > MAX_LINE:
            self.is_over = True
            return [f"%error {BAD_SYNTAX}"]
        if line.startswith("-"):
            name, _, rest = line[1:].strip().partition(" ")
            return self._directive(name.lower(), rest.split())
        self.is_over = not self._holds
        return self._query(line)

    def _directive(self, name: str, words: list[str]) -> list[str]:
        if name in _READ_ONLY or (name not in _DIRECTIVES and re.fullmatch(r"[a-z][a-z0-9-]*", name)):
            return [f"%error {NOT_AVAILABLE}"]
        if name not in _DIRECTIVES:
            return [f"%error {BAD_SYNTAX}"]
        answer: list[str] = getattr(self, f"_do_{name}")(words)
        return answer

    def _do_rwhois(self, words: list[str]) -> list[str]:
        versions = words[0].upper().split(",") if words else []
        if not any(version.startswith("V-1.") for version in versions):
            return [f"%error {INVALID_VERSION}"]
        return [self.banner(), "%ok"]

    def _do_quit(self, _words: list[str]) -> list[str]:
        self.is_over = True
        return ["%ok"]

    def _do_holdconnect(self, words: list[str]) -> list[str]:
        if not words:
            return [f"%holdconnect {'on' if self._holds else 'off'}", "%ok"]
        if words[0].lower() not in ("on", "off"):
            return [f"%error {BAD_SYNTAX}"]
        self._holds = words[0].lower() == "on"
        return ["%ok"]

    def _do_forward(self, words: list[str]) -> list[str]:
        """Queries are answered with referrals and never forwarded: a server that forwards can be made to attack."""
        if words and words[0].lower() == "on":
            return [f"%error {NOT_AVAILABLE}"]
        return ["%ok"] if not words or words[0].lower() == "off" else [f"%error {BAD_SYNTAX}"]

    def _do_limit(self, words: list[str]) -> list[str]:
        if not words:
            return [f"%limit {self._limit}", "%ok"]
        if not re.fullmatch(r"[1-9]\d{0,4}", words[0]) or int(words[0]) > MAX_LIMIT:
            return [f"%error {INVALID_LIMIT}"]
        self._limit = int(words[0])
        return ["%ok"]

    def _do_load(self, _words: list[str]) -> list[str]:
        return [f"%load {self._load()}", "%ok"]

    def _do_notify(self, words: list[str]) -> list[str]:
        """A client that tells of a bad referral is heard; nothing is stored of what strangers say."""
        is_known = bool(words) and words[0].lower() in ("badref", "recurref", "noauth", "update", "inssec", "delsec")
        return ["%ok"] if is_known else [f"%error {BAD_SYNTAX}"]

    def _do_display(self, words: list[str]) -> list[str]:
        if not words:
            return ["%display name:dump", "%display length:single", "%ok"]
        return ["%ok"] if words[0].lower() == "dump" else [f"%error {BAD_DISPLAY}"]

    def _do_directive(self, words: list[str]) -> list[str]:
        known = [name for name in _DIRECTIVES if not words or name == words[0].lower().lstrip("-")]
        if not known:
            return [f"%error {NOT_AVAILABLE}"]
        lines = []
        for name in known:
            lines += [f"%directive directive:{name}", f"%directive description:{_DIRECTIVES[name]}", "%directive"]
        return [*lines[:-1], "%ok"]

    def _do_class(self, words: list[str]) -> list[str]:
        def of_class(name: str) -> list[str]:
            return [f"%class {name}:description:{name}", f"%class {name}:version:1"]

        return self._about_class("class", words, of_class)

    def _do_schema(self, words: list[str]) -> list[str]:
        def of_class(name: str) -> list[str]:
            return [f"%schema {name}:attribute:{attribute}" for attribute, _ in _ATTRIBUTES]

        return self._about_class("schema", words, of_class)

    def _about_class(self, directive: str, words: list[str], of_class: Callable[[str], list[str]]) -> list[str]:
        if not words:
            return [f"%error {BAD_SYNTAX}"]
        names = [name for name in _CLASSES if len(words) < 2 or name == words[1].lower()]
        if not names:
            return [f"%error {BAD_CLASS}"]
        lines: list[str] = []
        for name in names:
            lines += [*of_class(name), f"%{directive}"]
        return [*lines[:-1], "%ok"]

    def _do_soa(self, words: list[str]) -> list[str]:
        area = words[0] if words else "."
        if area != "." and area not in self._registry.routes:
            return [f"%error {BAD_AREA}"]
        return [
            f"%soa authority:{area}",
            "%soa ttl:3600",
            "%soa serial:1",
            "%soa refresh:3600",
            f"%soa primary:{self._host}",
            "%ok",
        ]

    def _do_status(self, _words: list[str]) -> list[str]:
        return [
            f"%status limit:{self._limit}",
            f"%status load:{self._load()}",
            "%status cache:off",
            f"%status holdconnect:{'on' if self._holds else 'off'}",
            "%status forward:off",
            f"%status Authority Records:{len(self._registry.routes)}",
            "%ok",
        ]

    def _query(self, line: str) -> list[str]:
        """`[class] [attribute=]value`; an address, a prefix, or words that an organisation's name contains."""
        words = line.split(None, 1)
        if len(words) == 2 and words[0].lower() in _CLASSES:
            if words[0].lower() != "network":
                return [f"%error {NO_OBJECTS}"]
            line = words[1]
        if re.search(r"\s(?:and|or)\s", line, re.I) and "=" in line:
            return [f"%error {TOO_COMPLEX}"]
        if line.lower() in _CLASSES:
            return [f"%error {BAD_QUERY}"]
        term = _TERM.match(line)
        value = term["value"].strip().strip('"') if term else ""
        if not value:
            return [f"%error {BAD_QUERY}"]
        network = _network(value)
        found = self._by_network(network) if network else self._by_word(value, term["attribute"] if term else None)
        if not found:
            referral = self._referral(network) if network else None
            return [f"%referral {referral}", "%ok"] if referral else [f"%error {NO_OBJECTS}"]
        lines = [text for entry in found[: self._limit] for text in _shown(entry)][:-1]
        return [*lines, f"%error {LIMIT_REACHED}" if len(found) > self._limit else "%ok"]

    def _by_network(self, network: str) -> list[Entry]:
        address = network.split("/", 1)[0]
        length = ip_network(network).prefixlen
        covering = [entry for entry in self._registry.every(address) if entry.organization or entry.email]
        return [entry for entry in covering if ip_network(entry.prefix).prefixlen <= length][:1]

    def _by_word(self, value: str, attribute: str | None) -> list[Entry]:
        member = {name.lower(): member for name, member in _ATTRIBUTES}.get((attribute or "organization").lower())
        if member is None or member == "text":
            return []
        wanted, is_start = value.casefold().rstrip("*"), value.endswith("*")
        found = []
        for prefix in self._registry.prefixes():
            entry = self._registry.entry(prefix)
            text = str(getattr(entry, member) or "").casefold()
            if text == wanted or (is_start and text.startswith(wanted)):
                found.append(entry)
                if len(found) > MAX_LIMIT:
                    break
        return found

    def _referral(self, network: str) -> str | None:
        """Where a network that is not ours is looked up, by the longest prefix that was given."""
        wanted = ip_network(network)
        best = None
        for prefix, url in self._referrals.items():
            known = ip_network(prefix)
            if known.version == wanted.version and known.supernet_of(wanted):  # type: ignore[arg-type]
                best = max(best or (-1, ""), (known.prefixlen, f"{url}/auth-area={prefix}"))
        return best[1] if best else None


def _network(value: str) -> str | None:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        return None


def _shown(entry: Entry) -> list[str]:
    """One object as `class:attribute:value` lines and an empty line."""
    lines = ["network:Class-Name:network", f"network:Auth-Area:{entry.prefix}"]
    for name, member in _ATTRIBUTES:
        value = f"NET-{entry.prefix}" if name == "ID" else getattr(entry, member)
        if value is not None:
            lines.append(f"network:{name}:{visible(str(value), 400)}")
    if entry.is_stale:
        lines.append("network:Remarks:this contact was not confirmed for more than a year")
    lines += [f"network:Remarks:disputed: {visible(f'{item.one} / {item.other}', 400)}" for item in entry.conflicts]
    return [*lines, ""]
