"""What to change, with concrete lines for the proxy software that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailscope.detect.finding import Finding
from mailscope.detect.registry import MAIL_PORTS
from mailscope.investigation.investigate import Investigation
from mailscope.wording import Phrase, phrase


@dataclass(frozen=True, slots=True)
class Advice:
    """One step, and lines of configuration where there are any."""

    what: Phrase
    lines: str = ""


TITLES = {
    "squid": "Squid (squid.conf)",
    "tinyproxy": "Tinyproxy (tinyproxy.conf)",
    "apache": "Apache mod_proxy (httpd.conf)",
    "nginx": "nginx (nginx.conf)",
    "dante": "Dante (danted.conf)",
    "3proxy": "3proxy (3proxy.cfg)",
    "haproxy": "HAProxy (haproxy.cfg)",
    "privoxy": "Privoxy (config, user.action)",
}
"""Software for which there are lines, and the file they belong in."""


def advice(finding: Finding, found: Investigation) -> list[Advice]:
    """Steps in the order in which they should be taken."""
    match finding.kind:
        case "open-proxy-relay":
            return _for_relay(finding, found)
        case "proxy-policy":
            return [Advice(phrase("advice.policy")), *_configuration(finding, found)]
        case "phishing-campaign" | "credential-theft":
            return _for_phishing(finding)
        case "web-intrusion":
            return _for_intrusion(finding)
        case "direct-sender":
            return [
                Advice(phrase("advice.host", host=finding.subject)),
                Advice(phrase("advice.firewall")),
                _firewall(finding, found),
            ]
        case "open-mail-relay":
            return [Advice(phrase("advice.relay"))]
        case "account-abuse":
            return [
                Advice(phrase("advice.account-lock")),
                Advice(phrase("advice.account-limits")),
                Advice(phrase("advice.complain")),
                Advice(phrase("report.recheck")),
            ]
        case _:
            return []


def _for_relay(finding: Finding, found: Investigation) -> list[Advice]:
    steps = [
        Advice(phrase("advice.block-outsiders")),
        Advice(phrase("advice.block-mail-ports")),
        Advice(phrase("advice.authenticate")),
        *_configuration(finding, found),
        Advice(phrase("advice.firewall")),
        _firewall(finding, found),
        Advice(phrase("advice.update")),
    ]
    if any(account.is_used for account in finding.details.get("accounts", [])):
        steps.append(Advice(phrase("advice.account")))
    if finding.roles.get("commander"):
        steps.append(Advice(phrase("advice.complain")))
    return [*steps, Advice(phrase("report.recheck"))]


def _for_phishing(finding: Finding) -> list[Advice]:
    told = finding.details["answers"]
    hosts = sorted({url.partition("://")[2].partition("/")[0] for url in told["lure_url"]})
    steps = []
    if told["submitted"]:
        steps.append(Advice(phrase("advice.phishing-passwords", people=told["submitted"])))
    if hosts:
        steps.append(Advice(phrase("advice.phishing-block", hosts=hosts)))
    if told["delivered"]["accepted"]:
        steps.append(Advice(phrase("advice.phishing-remove", people=told["delivered"]["accepted"])))
    steps.append(Advice(phrase("advice.phishing-refuse")))
    return [*steps, Advice(phrase("advice.phishing-report", sender=told["sender_ip"]))]


def _for_intrusion(finding: Finding) -> list[Advice]:
    phases = finding.details["phases"]
    shells = sorted({path for phase in phases for path in phase.get("shell", ())})
    entered = sorted({user for phase in phases for user in phase.get("entered", ())})
    steps = []
    if shells:
        steps.append(Advice(phrase("advice.intrusion-isolate")))
        steps.append(Advice(phrase("advice.intrusion-shell", files=shells, since=finding.details["first"])))
    if entered:
        steps.append(Advice(phrase("advice.intrusion-passwords", users=entered)))
    for weakness in finding.details["answers"]["weaknesses"]:
        steps.append(Advice(phrase("advice.intrusion-weakness", weakness=weakness["what"])))
    return [*steps, Advice(phrase("advice.intrusion-block", attacker=finding.roles["attacker"]))]


def _configuration(finding: Finding, found: Investigation) -> list[Advice]:
    software = finding.details.get("software")
    kinds = finding.details.get("command_kinds", [])
    names = [software["name"]] if software and software["name"] in TITLES else _likely(kinds)
    own = _own(found)
    if software and software["name"] in TITLES:
        what = phrase("advice.config-seen", software=TITLES[software["name"]], said=software["said"])
        return [Advice(what, _LINES[software["name"]](own))]
    return [Advice(phrase("advice.config", software=TITLES[name]), _LINES[name](own)) for name in names]


def _likely(kinds: Sequence[str]) -> list[str]:
    """Without a name, the commonest software that speaks the protocol."""
    return ["dante", "3proxy"] if any(kind.startswith("socks") for kind in kinds) else ["squid"]


def _own(found: Investigation) -> list[str]:
    return [str(prefix) for prefix in found.scene.network.prefixes] or ["192.0.2.0/24"]


def _ports(separator: str) -> str:
    return separator.join(str(port) for port in MAIL_PORTS)


def _squid(own: Sequence[str]) -> str:
    return f"""acl inside src {" ".join(own)}
acl mail_ports port {_ports(" ")}
acl SSL_ports port 443
http_access deny mail_ports
http_access deny CONNECT !SSL_ports
http_access deny !inside
# with logins: acl known proxy_auth REQUIRED
# and in place of the next line: http_access allow inside known
http_access allow inside
http_access deny all"""


def _tinyproxy(own: Sequence[str]) -> str:
    return "\n".join(
        [*(f"Allow {network}" for network in own), "ConnectPort 443", "# with logins: BasicAuth USER PASSWORD"]
    )


def _apache(own: Sequence[str]) -> str:
    return f"""# if no forward proxy is needed at all:  ProxyRequests Off
AllowCONNECT 443
<Proxy "*">
    Require ip {" ".join(own)}
</Proxy>
<ProxyMatch ":({_ports("|")})(/|$)">
    Require all denied
</ProxyMatch>"""


def _nginx(own: Sequence[str]) -> str:
    allow = "\n".join(f"allow {network};" for network in own)
    return f"""# in the server that proxies
{allow}
deny all;
if ($http_host ~ ":({_ports("|")})$") {{ return 403; }}
if ($request_uri ~ "^[a-z]+://[^/]+:({_ports("|")})(/|$)") {{ return 403; }}"""


def _dante(own: Sequence[str]) -> str:
    passes = "\n".join(f"client pass {{ from: {network} to: {_any(network)} }}" for network in own)
    ports = "\n".join(f"socks block {{ from: 0/0 to: 0/0 port = {port} }}" for port in MAIL_PORTS)
    rules = "\n".join(f"socks pass {{ from: {network} to: {_any(network)} }}" for network in own)
    closing = "socks block { from: 0/0 to: 0/0 }\n# with logins: socksmethod: username"
    return "\n".join([passes, "client block { from: 0/0 to: 0/0 }", ports, rules, closing])


def _any(network: str) -> str:
    return "::/0" if ":" in network else "0.0.0.0/0"


def _3proxy(own: Sequence[str]) -> str:
    return f"deny * * * {_ports(',')}\nallow * {','.join(own)}\ndeny *\n# with logins: auth strong"


def _haproxy(own: Sequence[str]) -> str:
    return f"""http-request deny unless {{ src {" ".join(own)} }}
http-request deny if {{ path_reg :({_ports("|")})(/|$) }}
http-request deny if {{ method CONNECT }} !{{ path_end :443 }}"""


def _privoxy(own: Sequence[str]) -> str:
    return "\n".join(f"permit-access {network}" for network in own) + "\n# user.action\n{+limit-connect{443}}\n/"


_LINES = {
    "squid": _squid,
    "tinyproxy": _tinyproxy,
    "apache": _apache,
    "nginx": _nginx,
    "dante": _dante,
    "3proxy": _3proxy,
    "haproxy": _haproxy,
    "privoxy": _privoxy,
}


def _firewall(finding: Finding, found: Investigation) -> Advice:
    """Lines for nftables at the edge: mail out only from the mail server; the proxy's port only from inside."""
    servers = [a for a in found.scene.hosts.with_role("mail-server") if found.scene.is_own_mail_server(a)]
    lines = [
        "table inet mailscope {",
        "  chain forward {",
        "    type filter hook forward priority filter; policy accept;",
    ]
    lines += [f"    {_family(server)} saddr {server} tcp dport 25 accept" for server in servers]
    own4 = ", ".join(n for n in _own(found) if ":" not in n)
    proxies = finding.roles.get("proxy", []) if finding.kind == "open-proxy-relay" else []
    for proxy in (p for p in proxies if ":" not in p and own4):
        for port in finding.details.get("proxy_ports", []):
            lines.append(f"    ip saddr != {{ {own4} }} ip daddr {proxy} tcp dport {port} reject")
    if own4:
        lines.append(f"    ip saddr {{ {own4} }} ip daddr != {{ {own4} }} tcp dport 25 reject")
    return Advice(phrase("advice.config-generic"), "\n".join([*lines, "  }", "}"]))


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip"
