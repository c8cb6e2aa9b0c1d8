"""Ports of mail, and how TLS begins on them."""

MAIL_PORTS: dict[int, str] = {
    24: "lmtp",
    25: "smtp",
    110: "pop3",
    143: "imap",
    465: "smtp",
    587: "smtp",
    993: "imap",
    995: "pop3",
    4190: "managesieve",
}
"""Port and the protocol it is registered for."""

WEB_ALPN = ("h2", "http/1.1", "http/1.0", "h3")
"""What a TLS client offers that wants the web, not mail (RFC 7301)."""
