"""What Mailscope says in English: what a notice is about."""

UNITS: dict[str, tuple[str, str]] = {
    "conversation": ("{n} conversation", "{n} conversations"),
}

TEMPLATES: dict[str, str] = {
    "notice.summary": "{category}: {complaints}",
    "notice.proof": "{packets} of {conversations}",
    "notice.kind-spam": "Spam",
    "notice.kind-phishing": "Phishing",
    "notice.kind-malware": "Malware",
    "notice.kind-copyright": "Copyright",
    "notice.kind-scan": "Scanning",
    "notice.kind-bruteforce": "Password guessing",
    "notice.kind-ddos": "Denial of service",
    "notice.kind-attack": "Attacks",
    "notice.kind-vulnerable": "A vulnerable service",
    "notice.kind-child-abuse": "Pictures of child abuse",
    "notice.kind-content": "Harmful content",
    "notice.kind-spoofing": "Mail in another domain's name",
    "notice.kind-delivery": "Delivery trouble",
    "notice.kind-other": "Other abuse",
    "notice.kind-unknown": "Abuse of a kind not told",
}
