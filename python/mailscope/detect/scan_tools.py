"""Which program an attacker used: by what it calls itself, and by what only it sends.

The name is a guess: a User-Agent is whatever its sender wants it to be. What a program sends by itself is surer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMES = (
    "sqlmap", "gobuster", "hydra", "nikto", "nmap", "ffuf", "wfuzz", "fuzz faster", "dirbuster", "dirb", "feroxbuster",
    "dirsearch", "wpscan", "nuclei", "acunetix", "nessus", "openvas", "burp", "zap", "masscan", "zgrab", "medusa",
    "patator",
    "w3af", "arachni", "whatweb", "joomscan", "commix", "xsstrike", "skipfish", "wapiti", "havij", "jbrofuzz",
    "netsparker", "appscan", "qualys", "jaeles", "weevely", "antsword", "ncrack", "curl", "wget", "python-requests",
    "python-urllib", "aiohttp", "httpx", "go-http-client", "libwww-perl", "java", "okhttp", "powershell",
)  # fmt: skip
"""What User-Agents name, the telling ones first; a name must begin at a word."""

SCANNERS = frozenset(NAMES[: NAMES.index("curl")])
"""Programs made for attacks and tests; the rest are libraries that anybody uses."""

SHAPES: tuple[tuple[str, str], ...] = (
    ("sqlmap", r"(?i)\b(and|or) (\d{4})=\2\b|char\(113,\d+,\d+,\d+,113\)|0x71[0-9a-f]{6}71|union all select (null,)+"),
    ("sqlmap", r"(?i)-- [a-z]{4}$|\band \d{4}=\d{4} and \d table_name from information_schema"),
    ("nikto", r"(?i)nikto|/[A-Za-z0-9]{8}\.(asp|cfm|php|jsp|pl)\b.*cgi-bin"),
    ("nuclei", r"(?i)\boast\.(pro|live|site|online|fun|me)\b|\binteract\.sh\b"),
    ("burp", r"(?i)\bburpcollaborator\.net\b|\boastify\.com\b"),
    ("acunetix", r"(?i)\bacunetix\b|\bbxss\.me\b"),
    ("antsword", r"(?i)@ini_set\(.display_errors|asenc\("),
    ("china chopper", r"(?i)\beval\(base64_decode\(\$_post\[.?z0"),
    ("log4shell scanner", r"(?i)\$\{jndi:"),
)
"""What programs send by themselves, on decoded values."""


def tool_of(agents: Iterable[str | None], values: Iterable[str | None] = ()) -> str | None:
    """The program's name, lower case; None when nothing tells.

    >>> tool_of(["Mozilla/5.0 (Hydra)"])
    'hydra'
    >>> tool_of(["Mozilla/5.0 (X11)"], ["1) AND 5073=5073 AND (1138=1138"])
    'sqlmap'
    """
    told = " ".join(agent for agent in agents if agent).lower()
    named = [name for name in NAMES if re.search(rf"\b{re.escape(name)}", told)]
    if named and named[0] in SCANNERS:
        return named[0]
    for name, shape in SHAPES:
        if any(value and re.search(shape, value[:2048]) for value in values):
            return name
    return named[0] if named else None
