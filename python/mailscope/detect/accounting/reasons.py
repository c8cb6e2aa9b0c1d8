"""Why a session shows what it shows: the closed list, each reason with its class and its meaning.

The slugs of the decoders (`mail_sessions.outcome`) are all here; the rest is what only the connection itself
can tell. A session that is carried by HTTP or begins with TLS is of class `HTTP` or `SSL` whatever its reason.
"""

from typing import Literal, NamedTuple

Class = Literal["MAIL", "BASE", "HTTP", "SSL"]

CLASSES: dict[str, str] = {
    "MAIL": "a mail protocol was decoded beyond its greeting",
    "BASE": "a connection of which no mail was decoded",
    "HTTP": "HTTP carries it: mail through a proxy, or no mail at all",
    "SSL": "TLS from its first byte",
}
"""Every class and its meaning; each session has exactly one."""


class Reason(NamedTuple):
    """One reason: the class of sessions that HTTP or TLS does not carry, and a sentence."""

    decoded: bool
    meaning: str


REASONS: dict[str, Reason] = {
    # Mail was decoded, wholly or as far as it went.
    "complete": Reason(True, "Both sides were seen, and mail was decoded to the server's answer."),
    "one-way-client": Reason(True, "Only the client's bytes were captured; what the server said is not visible."),
    "one-way-server": Reason(True, "Only the server's bytes were captured; what the client said is not visible."),
    "opaque-after-starttls": Reason(True, "The session went on under TLS after STARTTLS."),
    "opaque-after-compress": Reason(True, "The session went on compressed."),
    "ehlo-only": Reason(True, "The client introduced itself and began no mail."),
    "starttls-refused": Reason(
        True, "The client asked for STARTTLS, the server refused it, and no login or mail followed."
    ),
    "commands-only": Reason(True, "Commands were given, and none of them began a mail or read one."),
    "login-only": Reason(True, "A login was tried, and nothing more is visible."),
    "login-failed": Reason(True, "The login failed, and no mail moved."),
    "login-logout": Reason(True, "The client logged in and left, and no message moved between."),
    "reset-before-mail": Reason(True, "The connection was reset before a mail began."),
    "reset-before-data": Reason(True, "The connection was reset after a mail began and before its content."),
    "cut-in-content": Reason(True, "The connection ended inside the content of a message."),
    "rejected-before-data": Reason(True, "The sender or every recipient was refused, so that no content followed."),
    "rejected-data": Reason(True, "The server refused the content of the mail."),
    "unanswered": Reason(True, "The content was sent to its end, and no answer to it is visible."),
    "no-data": Reason(True, "A mail was begun, no content followed, and no refusal is visible."),
    # A mail protocol, and no mail in it.
    "greeting-only": Reason(False, "The server greeted, and the client said nothing, or nothing but goodbye."),
    "rejected-greeting": Reason(False, "The server refused the session in its greeting."),
    "tls-without-starttls": Reason(
        False, "The client began TLS without STARTTLS where the server expected plain text."
    ),
    "mid-stream": Reason(False, "The session began before the capture did, and no mail is visible in the rest."),
    "gap": Reason(False, "Bytes are missing, so that mail may have been overlooked."),
    "cut-by-snaplen": Reason(False, "Packets were cut short when they were captured; mail may have been overlooked."),
    "limit-reached": Reason(False, "A limit ended the decoding before any mail was seen."),
    "implicit-tls": Reason(False, "The session ran under TLS from its first byte."),
    # No connection, or nothing in it.
    "connection-attempt": Reason(False, "The client asked for a connection; no answer is visible."),
    "connection-refused": Reason(False, "The server refused the connection."),
    "half-open": Reason(False, "The server agreed to the connection, and the client never took it up."),
    "scan": Reason(False, "One of many hosts on which this client tried ports of mail without sending a byte."),
    "silent-side": Reason(False, "Only one side's packets were captured, and this side sent nothing."),
    "no-payload": Reason(False, "The connection carried no payload."),
    # Something else.
    "proxy-refused": Reason(False, "A proxy was asked for a mail server and refused."),
    "tunnel-without-mail": Reason(False, "A proxy was asked for a mail server, and no mail is visible inside."),
    "not-mail-on-mail-port": Reason(False, "A port of mail carried something else."),
    "unknown": Reason(False, "None of the other reasons fits; the first bytes are given."),
}
"""Every reason; each session has exactly one."""

DECODED = tuple(slug for slug, reason in REASONS.items() if reason.decoded)
"""Reasons of sessions in which a mail protocol was decoded beyond its greeting."""

LOSSES = ("gap", "cut-by-snaplen")
"""Reasons that name what the capture lacks: such a session is decoded when commands were read beside the loss."""
