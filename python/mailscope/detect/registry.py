"""The kinds of finding, in the order a report shows them, and what each can get wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: `severity` 3 needs action now, 2 soon, 1 is a question of policy."""

    slug: str
    severity: int
    flags: str
    can_get_wrong: str


KINDS: tuple[Kind, ...] = (
    Kind(
        "open-proxy-relay",
        3,
        "A proxy of the network carried SMTP to an outside mail server for somebody outside.",
        "A partner's host that may use the proxy looks the same: give its network with --own.",
    ),
    Kind(
        "open-mail-relay",
        3,
        "A mail server of the network took mail from outside for outside and passed it on.",
        "A backup MX or a mailing list host for another domain looks the same: give it with --own-domain.",
    ),
    Kind(
        "account-abuse",
        3,
        "An account of the network's mail server hands in mail that is not its owner's: a guessed or stolen password.",
        "A customer's list software that sends for several domains looks the same: give these with --own-domain.",
    ),
    Kind(
        "web-intrusion",
        3,
        "An address attacked a web server, guessed its way into an account, or runs commands on a server.",
        "A security test that the owner ordered looks the same; so does a shared address with one attacker behind it.",
    ),
    Kind(
        "phishing-campaign",
        3,
        "Mails that are made to be taken for somebody else's lead the network's people to a lure.",
        "An exercise looks the same; a service that sends in the owner's name without signing looks similar.",
    ),
    Kind(
        "credential-theft",
        3,
        "People typed a password into the page that a phishing mail leads to.",
        "An exercise looks the same; whether the password was the right one is not known.",
    ),
    Kind(
        "direct-sender",
        3,
        "A host of the network that is no mail server sent mail between foreign addresses.",
        "A mail server whose incoming mail was not captured looks the same: give it with --role.",
    ),
    Kind(
        "proxy-policy",
        1,
        "An inside host sent mail through a proxy to a mail port.",
        "The owner may allow it.",
    ),
    Kind(
        "indicator-match",
        2,
        "An address, name, URL or hash from the owner's list of indicators stands in the traffic.",
        "The list may be old, and a shared host serves the good and the bad.",
    ),
    Kind(
        "rule-match",
        1,
        "Rows match one of the owner's Sigma rules.",
        "Whatever the rule's author names as false positives.",
    ),
)

SEVERITY = {kind.slug: kind.severity for kind in KINDS}
"""Severity by kind."""

MAIL_PORTS = (25, 465, 587, 2525)
"""Server ports on which mail is handed in (SMTP, submissions, submission, and its common stand-in)."""

SUBMISSION_PORTS = (465, 587)
"""Ports where a person's mail program hands in mail, after a login (RFC 6409, RFC 8314)."""
