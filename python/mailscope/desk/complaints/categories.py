"""What a complaint is about: one closed list, and how others' words map to it.

The list is short because it decides who is told and how fast, not how a report is written:

    spam        unsolicited mail, relaying, form spam          scan        probing of ports or addresses
    phishing    imitation of somebody to steal                 bruteforce  trying passwords
    malware     infection, botnets, malicious files            ddos        floods, amplification
    copyright   copyright and trademark notices                attack      attempts to break in by other ways
    vulnerable  an open or outdated service, nobody harmed yet child-abuse pictures of child abuse
    content     other forbidden or harmful content             spoofing    mail that fails its domain's policy
    none        no complaint                                   other       a complaint, but of what is not said
"""

import re
from collections import Counter

CATEGORIES = (
    "spam", "phishing", "malware", "copyright", "scan", "bruteforce", "ddos", "attack", "vulnerable", "child-abuse",
    "content", "spoofing", "delivery", "other", "none",
)  # fmt: skip

_WORDS: dict[str, str] = {
    "phishing": r"phish\w*|hameçonnage|fraud\w*|scam\w*|fake (?:bank|login|site|shop)|credential (?:theft|harvest\w*)|identity theft|钓鱼|釣魚|诈骗|詐騙|仿冒|欺诈",
    "child-abuse": r"child (?:sexual )?(?:abuse|porn\w*|exploitation)|csam|儿童色情|兒童色情",
    "copyright": r"copyright\w*|infring\w*|dmca|piracy|pirated|bit ?torrent|edonkey|p2p|trademark|counterfeit|版权|版權|著作权|著作權|侵权|侵權|盗版|盜版",
    "malware": r"malware|virus\w*|trojan\w*|botnets?|bots?\b|drones?\b|worms?\b|infect\w*|c&c|command and control|zombies?|ransomware|木马|木馬|病毒|僵尸|殭屍|植入|中繼站|肉鸡|肉雞|惡意程式|恶意程序|恶意软件|惡意軟體|蠕虫|蠕蟲",
    "ddos": r"d?dos\b|denial[- ]of[- ]service|(?:syn|icmp|ping|udp|ack|http|tcp) ?flood\w*|flood(?:ing|ed)? (?:attack|us|our)|amplification|reflection attack|拒绝服务|阻斷服務|阻断服务|洪水|泛洪",
    "bruteforce": r"brute[- ]?forc\w*|dictionary attack|password guess\w*|failed (?:\w+ ){0,2}(?:log-?[io]n|password|auth)\w*|log-?[io]n (?:attempts?|attack|fail\w*)|auth(?:entication)? fail\w*|invalid user|unauthori[sz]ed (?:login|access attempt)\w*|credential stuffing|暴力破解|密码猜测|密碼猜測|爆破|撞库|登录失败|登入失敗|破解密[码碼]|密[码碼]破解",
    "scan": r"net[- ]?scan\w*|(?:port|ssh|network|address|vulnerability|host|telnet|rdp|smb|udp|tcp|syn)[- ]?(?:scan|prob|sweep)\w*|scann?(?:ed|ing|s|er)?\b|prob(?:e|es|ed|ing)\b|sweep\w*|扫描|掃描|探测|探測",
    "attack": r"(?:sql|code|command) injection|exploit\w*|web ?attack\w*|hack\w*|intrusion|break[- ]?in|deface\w*|shell upload|attack(?:s|ed|ing)?\b|attaques?\b|angriff\w*|ataques?\b|入侵|攻击|攻擊|注入",
    "spam": r"spam\w*|junk|pourriel|correo no deseado|unerwünschte (?:mail|werbung)|uce\b|ube\b|unsolicited|bulk e?-?mail|open (?:mail )?relay|relay(?:ing|ed)?\b|advertis\w* mail|unwanted (?:e-?mail|mail|message)\w*|垃圾邮件|垃圾郵件|垃圾信|广告信|廣告信|广告邮件|廣告郵件|邮件中继|郵件轉發|垃圾短信|群发|群發",
    "vulnerable": r"open (?:resolver|proxy|dns|ntp|snmp|redis|mongodb|memcached|elasticsearch|recursive)\w*|vulnerab\w*|misconfigur\w*|outdated|开放代理|開放代理|漏洞",
    "content": r"illegal content|hate speech|harass\w*|threats?\b|gambling|pornograph\w*|赌博|賭博|色情",
}  # fmt: skip
_PATTERNS = {
    category: re.compile(r"(?:(?<![A-Za-z])|(?![A-Za-z]))(?:" + words.replace(r"\b", "(?![A-Za-z])") + ")", re.I)
    for category, words in _WORDS.items()
}
"""A word ends where no letter follows: Chinese stands beside Latin words without a space."""
WEAK = {"attack", "vulnerable", "content"}
"""Words that other complaints use as well (a flood is an attack): they decide only where nothing else does."""

_LOG_SIGNS = (
    (re.compile(r"sshd\[\d+\]|auth failed|Failed password|authentication failure|NOQUEUE.*SASL|LOGIN FAILED", re.I), "bruteforce"),
    (re.compile(r"\"POST /\S*(?:contact|comment|form|guestbook|register|wp-comments)\S*", re.I), "spam"),
    (re.compile(r"\"(?:POST|GET) /\S*(?:wp-login|xmlrpc|administrator)\S*", re.I), "bruteforce"),
    (re.compile(r"\"(?:GET|POST|HEAD) /\S*(?:\.\./|union[+% ]|select[+% ]|etc/passwd|cmd=|\.env|phpunit|jndi:)", re.I), "attack"),
    (re.compile(r"Flags \[S\].*\n.*Flags \[S\]|\bSYN\b.*\n.*\bSYN\b"), "scan"),
)  # fmt: skip


def named(text: str) -> list[str]:
    """The categories that a text names, the most insistent first; a word in the title weighs as two."""
    found = {category: len(pattern.findall(text[:40_000])) for category, pattern in _PATTERNS.items()}
    order = list(_PATTERNS)
    strong = [category for category, count in found.items() if count and category not in WEAK]
    weak = [category for category, count in found.items() if count and category in WEAK]
    ranked = sorted(strong, key=lambda category: (-found[category], order.index(category)))
    return ranked + sorted(weak, key=order.index)


def of_log(text: str) -> str | None:
    """The category that log lines show where no word names one."""
    return next((category for pattern, category in _LOG_SIGNS if pattern.search(text)), None)


def of_word(word: str) -> str | None:
    """The category of one field, such as a feed's `infection` or X-ARF's report type.

    >>> of_word("spambot"), of_word("Login-Attack"), of_word("openresolver"), of_word("?")
    ('malware', 'bruteforce', 'vulnerable', None)
    """
    word = re.sub(r"[^a-z0-9]", "", word.lower())
    return next((category for sign, category in _FIELD_WORDS if sign in word), None)


_FIELD_WORDS = (
    ("childabuse", "child-abuse"), ("childsexual", "child-abuse"), ("csam", "child-abuse"), ("csem", "child-abuse"),
    ("phish", "phishing"), ("fraud", "phishing"), ("scam", "phishing"), ("fakeshop", "phishing"),
    ("copyright", "copyright"), ("trademark", "copyright"), ("infring", "copyright"), ("cyberlocker", "copyright"),
    ("linksite", "copyright"), ("usenet", "copyright"), ("p2p", "copyright"), ("ugc", "copyright"),
    ("spambot", "malware"), ("drone", "malware"), ("botnet", "malware"), ("malware", "malware"), ("sinkhole", "malware"),
    ("infect", "malware"), ("trojan", "malware"), ("worm", "malware"), ("virus", "malware"), ("ransom", "malware"),
    ("cnc", "malware"), ("candc", "malware"), ("commandandcontrol", "malware"), ("microsoftsinkhole", "malware"),
    ("compromisedwebsite", "malware"), ("compromised", "malware"), ("remotecompromise", "malware"), ("rpz", "malware"),
    ("amplif", "ddos"), ("ddos", "ddos"), ("denialofservice", "ddos"), ("flood", "ddos"), ("dosattack", "ddos"),
    ("brute", "bruteforce"), ("loginattack", "bruteforce"), ("login", "bruteforce"), ("sshd", "bruteforce"),
    ("ssh", "bruteforce"), ("imap", "bruteforce"), ("pop3", "bruteforce"), ("ftp", "bruteforce"), ("sasl", "bruteforce"),
    ("auth", "bruteforce"), ("account", "bruteforce"), ("dovecot", "bruteforce"), ("telnet", "vulnerable"),
    ("openservice", "vulnerable"), ("openresolver", "vulnerable"), ("openproxy", "vulnerable"), ("exposed", "vulnerable"),
    ("vulnerabilityscan", "scan"), ("portscan", "scan"), ("scanning", "scan"), ("scanner", "scan"), ("probe", "scan"),
    ("reconnaissance", "scan"), ("harvest", "spam"), ("scraping", "attack"), ("portflood", "ddos"),
    ("vulnerab", "vulnerable"), ("cve", "vulnerable"), ("ssl", "vulnerable"), ("poodle", "vulnerable"),
    ("accessible", "vulnerable"), ("scan", "scan"), ("sqlinjection", "attack"), ("webhack", "attack"), ("exploit", "attack"),
    ("badbot", "attack"), ("regbot", "spam"), ("apache", "attack"), ("sip", "attack"), ("deface", "attack"),
    ("ircbot", "attack"), ("attack", "attack"), ("harassment", "content"), ("hate", "content"), ("doxing", "content"),
    ("content", "content"), ("spam", "spam"), ("abuse", "spam"), ("unsolicited", "spam"), ("uce", "spam"), ("mail", "spam"),
    ("postfix", "spam"), ("bulk", "spam"), ("messaging", "spam"), ("blocklist", "spam"), ("blacklist", "spam"),
    ("bot", "malware"),
)  # fmt: skip


class History:
    """What earlier complaints said of each address, to decide a text that names two categories."""

    LIMIT = 100_000

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {}

    def add(self, address: str, category: str) -> None:
        """Remembers a category that was told without doubt."""
        if address in self._seen or len(self._seen) < self.LIMIT:
            self._seen.setdefault(address, Counter())[category] += 1

    def decide(self, address: str | None, choices: list[str]) -> str:
        """The first choice, unless only another of them has been told of this address before."""
        seen = self._seen.get(address or "", Counter())
        best = max(choices, key=lambda category: seen[category])
        return best if seen[best] > seen[choices[0]] else choices[0]
