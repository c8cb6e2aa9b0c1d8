"""What Mailscope says in Chinese: what a notice is about."""

UNITS: dict[str, tuple[str, str]] = {
    "conversation": ("{n} 段通信", "{n} 段通信"),
}

TEMPLATES: dict[str, str] = {
    "notice.summary": "{category}：{complaints}",
    "notice.proof": "{conversations}的 {packets}",
    "notice.kind-spam": "垃圾邮件",
    "notice.kind-phishing": "网络钓鱼",
    "notice.kind-malware": "恶意软件",
    "notice.kind-copyright": "侵犯版权",
    "notice.kind-scan": "扫描",
    "notice.kind-bruteforce": "猜测密码",
    "notice.kind-ddos": "拒绝服务攻击",
    "notice.kind-attack": "攻击",
    "notice.kind-vulnerable": "存在弱点的服务",
    "notice.kind-child-abuse": "儿童色情内容",
    "notice.kind-content": "有害内容",
    "notice.kind-spoofing": "冒用域名发信",
    "notice.kind-delivery": "投递问题",
    "notice.kind-other": "其他滥用",
    "notice.kind-unknown": "未注明的滥用",
}
