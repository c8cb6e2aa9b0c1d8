"""Addresses in what people write, and which of them is accused.

An address is not the accused because it stands in a complaint: the reporter's own, the target's and the
reporter's mail server's stand there too. Each occurrence is read with the words around it.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailscope.desk.complaints.bounds import MAX_ADDRESSES

_IPV4 = re.compile(
    r"(?<![\d.])(?<!\w[/_])((?:\d{1,3}\.){3}\d{1,3})(?:\.(?P<port>\d{1,5})(?!\.?\d)|(?!\.?\d))(?P<length>/\d{1,2}(?!\d))?"
)
_IPV6 = re.compile(
    r"(?<![\w:.])((?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}))(?![\w:])(?P<length>/\d{1,3})?"
)
_PORT_AFTER = re.compile(
    r"^(?:(?::|[ (]{1,2}port[ =:]{1,3}|\.|/(?=\d{4}))(?P<near>\d{1,5})(?![\d.:])|\s{1,4}(?P<arrow>\d{1,5})(?=\s{1,4}[-=]{1,2}>))",
    re.I,
)
_PORT_NAMED = re.compile(
    r"(?:\b(?:src|source|client|remote|attacker|origin(?:ating)?)[ _.-]?port|(?<![a-z])(?:spt|sport|s_port)|(?:来源|來源|源)(?:通訊|通讯|连接|連接)?(?:端口|埠)[号號]?)"
    r"(?:\s(?:is|was|number))?[\s:=：#\"'(为為是]{1,4}(\d{1,5})(?!\d|\.\d)",
    re.I,
)
_DOTS = re.compile(r"(?<=[\w])\s?(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\})\s?(?=[\w])", re.I)
_COLONS = re.compile(r"\[:\]")
_HXXP = re.compile(r"\bh(?:xx|\*\*|tt)p(s?)(?:\[:\]|:)//", re.I)
_HIDDEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\xad"))

_AUX = r"(?:has|have|is|was|were|are|been|being|also|now|still|again|just|which|who|that|only|a|an|the|in|your|network|net|\(?\S*\.\w{2,}\)?|[(),])"
_SOURCE_BEFORE = re.compile(
    r"(?:\b(?:from|src|source|sourceip|attacker|attackers|attacking|offender|offending|originating|originated|origin|by"
    r"|rip|rhost|client|remote|culprit|bot|zombie|infected|spammer|intruder|hacker|banned|ban|blocked|about|against abuse of)"
    r"|来自|來自|源于|源自|来源|來源|攻击源|攻擊源|攻击者|攻擊者|发自|發自|由|举报|舉報|投诉|檢舉|源ip|源地址)"
    r"(?:[ _-]?(?:ip|host|addr|address|addresses|machine|server|user|customer|at|the|your|system))*"
    r"[\s\"'*\[(<:=：,#-]{0,12}$",
    re.I,
)
_MILD_BEFORE = re.compile(
    r"(?:\b(?:ip|ips|ip[ _-]?addr(?:ess)?(?:es)?|address|addresses|host|hosts|hostname|your (?:[a-z]+ ){0,2}(?:host|server|customer|user|machine"
    r"|client|ip|address|system|network)s?|machines?|servers?|customers?|users?|computers?|systems?|of your \w+)"
    r"|ip地址|ip位址|ip|地址|位址|主机|主機|用户|用戶|服务器|伺服器|贵单位|貴單位|贵校|貴校)"
    r"(?:[ _-]?(?:is|with|at|the|ip|addr|address|involved|named|called|in question))*[\s\"'*\[(<:=：,#-]{0,12}$",
    re.I,
)
_VICTIM_BEFORE = re.compile(
    r"(?:\b(?:to|toward|towards|against|target|targets|targeting|targeted|victim|victims|dest|destination|dst|dstip|lip|laddr|local"
    r"|scanned|scanning|attacked|attacks|probed|hit|hits|hitting|attacking|probing|flooding|flooded|hammering|reporter|reported by|listening on"
    r"|our (?:own )?(?:[a-z-]+ ){0,3}(?:ip|ips|address|addresses|server|servers|host|hosts|network|net|mx|machine|machines|sensor|honeypot|relay|system)"
    r"|my (?:own )?(?:[a-z-]+ ){0,2}(?:ip|address|server|host|machine|router|firewall))"
    r"(?:[ _-]?(?:is|are|was|at|the|ip|address|host|server|port|your|our|my))*"
    r"|->|=>|-->|→|(?<=\s)>|目标|目標|目的|受害|被攻击|被攻擊|攻击了|攻擊了|扫描了|掃描了|[我敝本](?:方|们|們|校|司|公司|单位|單位|局|院)?的?(?:\S{0,6}(?:ip|地址|位址|主机|主機|服务器|伺服器)))"
    r"[\s\"'*\[(<:=：,是为為-]{0,12}$",
    re.I,
)
_VICTIM_AFTER = re.compile(
    r"^[\s)\]>,.'\"*]{0,4}(?:"
    + _AUX
    + r"\s+){0,6}(?:target|targets|targeted|victim|victims|attacked by|attacked from|being attacked"
    r"|scanned by|scanned from|probed by|hit by|hammered by|our own|our ip|our address|do not block|not the source|受害|被攻击|被攻擊|被扫描|被掃描)",
    re.I,
)
_SOURCE_AFTER = re.compile(
    r"^(?:[.:]\d{1,5})?[\s)\]>,'\"*:]{0,6}(?:" + _AUX + r"\s+){0,6}"
    r"(?:scan|attack|hammer|prob|send|sent|spam|flood|tried|tries|try|attempt|connect|brut|relay|open relay|open proxy|infect|compromis|hosting|hosts|hosted"
    r"|distribut|listed|abus|hit|knock|harvest|crawl|login|log in|logged|failed|banned|emit|emitt|generat|launch|running|run a|serving|phish|host of|member of|participat|transmi|deliver|offer|shar|upload|download|responsible"
    r"|->|=>|-->|→|>\s|对|對|向|大量|发送|發送|寄发|寄發|正在|扫描|掃描|攻击|攻擊|散布|散佈|尝试|嘗試|持续|持續|发出|發出|之)",
    re.I,
)
_APACHE_AFTER = re.compile(r"^ \S+ \S+ \[\d{1,2}/\w{3}/\d{4}:")
_URL_BEFORE = re.compile(r"\bhttps?://(?:[^\s/@]{1,80}@)?\[?$", re.I)
_LIST_BETWEEN = re.compile(
    r"^(?:[.:]\d{1,5})?[\s,;/&+)(*]{1,6}(?:(?:and|und|et|y|or|和|及|以及|与|與|、)\s*)?[\s(]{0,2}$|^、$", re.I
)
_SIGNATURE = re.compile(
    r"^(?:-- ?|_{5,}|(?:best|kind|warm|with kind|many)? ?(?:regards|wishes|greetings|thanks)\b.{0,20}"
    r"|sincerely.{0,10}|yours .{0,20}|mit freundlichen.{0,20}|cordialement.{0,5}|此致|敬上|谢谢[!！。]?|謝謝[!！。]?)\s*$",
    re.I | re.M,
)

SOURCE, MILD, BARE, VICTIM = 5, 3, 0, -6
OWN_BONUS, SIGNATURE_MALUS = 2, -7
ACCEPTED = 1


@dataclass(frozen=True, slots=True)
class Mention:
    """An address where it stands in a text, and how the words around it sound: above 0 accusing, below 0 not."""

    address: str
    start: int
    end: int
    port: int | None
    weight: int


def undisguised(text: str) -> str:
    """The text with disguises taken off: `10[.]1[.]2[.]3`, `hxxp://`, full-width digits, invisible characters."""
    text = unicodedata.normalize("NFKC", text).translate(_HIDDEN)
    text = _DOTS.sub(".", text)
    return _HXXP.sub(r"http\1://", _COLONS.sub(":", text))


def canonical(text: str) -> str | None:
    """An address in its canonical form; an IPv4 address mapped into IPv6 is the IPv4 address.

    >>> canonical("010.025.001.007"), canonical("::FFFF:192.0.2.1"), canonical("8.14.4")
    ('10.25.1.7', '192.0.2.1', None)
    """
    text = text.strip().strip("[]<>()\"' \t").split("%", 1)[0]
    if re.fullmatch(r"(?:\d{1,3}\.){3}\d{1,3}", text):
        text = ".".join(str(int(octet)) for octet in text.split("."))
    try:
        address = ipaddress.ip_address(text.removeprefix("IPv6:"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_host(address: str) -> bool:
    """Whether an address can be somebody's: not unspecified, loopback, multicast or link-local."""
    ip = ipaddress.ip_address(address)
    return not (
        ip.is_unspecified or ip.is_loopback or ip.is_multicast or ip.is_link_local or address.startswith(("0.", "255."))
    )


def found_in(text: str) -> Iterator[tuple[str, int, int, int | None]]:
    """Address, start, end, port of every host address in an undisguised text; networks are left out."""
    count = 0
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            address = canonical(match[1])
            is_network = match["length"] not in (None, "/32", "/128")
            if address is None or is_network or not is_host(address):
                continue
            port = match["port"] if pattern is _IPV4 else None
            if port is None and (after := _PORT_AFTER.match(text[match.end(1) : match.end(1) + 20])):
                port = after["near"] or after["arrow"]
            yield address, match.start(1), match.end(1), int(port) if port and 0 < int(port) < 65536 else None
            count += 1
            if count >= MAX_ADDRESSES:
                return


def named_port(text: str) -> int | None:
    """The one source port that a text names by a label; None where it names none or several.

    >>> named_port("SRC=192.0.2.1 DST=192.0.2.2 SPT=45555 DPT=22"), named_port("port 22")
    (45555, None)
    """
    found = {int(port) for port in _PORT_NAMED.findall(text) if 0 < int(port) < 65536}
    return found.pop() if len(found) == 1 else None


def mentions(text: str, is_own: Callable[[str], bool]) -> list[Mention]:
    """Every address of a text with its weight, in the order of the text."""
    signature = _signature_start(text)
    found: list[Mention] = []
    for address, start, end, port in sorted(found_in(text), key=lambda item: item[1]):
        if found and _LIST_BETWEEN.match(text[found[-1].end : start]) and start - found[-1].end < 14:
            weight = _continued(found[-1].weight, is_own(found[-1].address), is_own(address))
        else:
            weight = _weight(text, start, end) + (OWN_BONUS if is_own(address) else 0)
        if start >= signature:
            weight += SIGNATURE_MALUS
        found.append(Mention(address, start, end, port, weight))
    return found


def _continued(weight: int, was_own: bool, is_own: bool) -> int:
    """In a list (`from A, B and C`) each address has the role of the one before."""
    return weight - (OWN_BONUS if was_own else 0) + (OWN_BONUS if is_own else 0)


def _weight(text: str, start: int, end: int) -> int:
    line = text.rfind("\n", 0, start) + 1
    before = text[max(line, start - 60) : start]
    if not before.strip() and line > 1:
        # A label may stand alone on the line above its value.
        previous = text[max(text.rfind("\n", 0, line - 1) + 1, line - 41) : line - 1]
        before = previous + " " if previous.rstrip().endswith((":", "：")) else before
    line_end = text.find("\n", end)
    after = text[end : min(end + 70, line_end if line_end >= 0 else len(text))]
    if _VICTIM_AFTER.match(after):
        return VICTIM
    if _URL_BEFORE.search(before):
        return MILD
    after_weight = SOURCE if _SOURCE_AFTER.match(after) or _APACHE_AFTER.match(after) else BARE
    if _VICTIM_BEFORE.search(before):
        return VICTIM + (2 if after_weight else 0)
    if _SOURCE_BEFORE.search(before):
        return SOURCE
    return max(after_weight, MILD if _MILD_BEFORE.search(before) else BARE)


def _signature_start(text: str) -> int:
    """Where the closing formula begins; only in the last part of a text is it one."""
    last = len(text)
    for match in _SIGNATURE.finditer(text):
        if text[match.end() :].count("\n") <= 12:
            return match.start()
    return last


def accused(found: list[Mention]) -> list[str]:
    """The addresses that a text accuses, in its order: those whose words say so most clearly."""
    total: dict[str, int] = {}
    for mention in found:
        total[mention.address] = max(total.get(mention.address, mention.weight), mention.weight)
    if not total:
        return []
    top = max(total.values())
    if top < ACCEPTED:
        return []
    return [address for address, weight in total.items() if weight >= max(ACCEPTED, top - 1)]


def merely_named(found: list[Mention]) -> list[str]:
    """The addresses that a text only names: the accused of a complaint that accuses in no sentence."""
    least: dict[str, int] = {}
    for mention in found:
        least[mention.address] = min(least.get(mention.address, 0), mention.weight)
    return [address for address, weight in least.items() if weight >= BARE]
