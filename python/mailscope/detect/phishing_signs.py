"""The signals of phishing by name: how much each says, and how it is said.

A weight is the chance that a message with this mark alone is phishing, as judged on two thirds of labelled real mail
and rounded to what a person would defend; docs/concepts/phishing-signals.md has the figures each was set by.
"""

from __future__ import annotations

from typing import Any

from mailscope.detect.finding import Fact
from mailscope.wording import phrase

WEIGHTS: dict[str, float] = {
    # --- who says to have sent it
    "own-domain-outside": 0.6,
    "outside-login": 0.2,
    "to-itself": 0.3,
    "auth-failed": 0.4,
    "auth-absent": 0.15,
    "envelope-elsewhere": 0.2,
    "reply-elsewhere": 0.15,
    "reply-to-freemail": 0.4,
    "brand-in-subject": 0.25,
    "free-hosting-sender": 0.6,
    "cheap-suffix-sender": 0.3,
    "machine-envelope": 0.1,
    "odd-name": 0.3,
    "brand-name": 0.55,
    "role-name": 0.3,
    "address-in-name": 0.35,
    "lookalike-sender": 0.55,
    "brand-in-sender": 0.45,
    "odd-helo": 0.2,
    "own-helo": 0.4,
    "odd-letters": 0.35,
    "machine-sender": 0.15,
    "no-message-id": 0.1,
    # --- where it leads
    "shown-elsewhere": 0.35,
    "raw-address-link": 0.45,
    "shortener-link": 0.3,
    "free-hosting-link": 0.5,
    "lookalike-link": 0.5,
    "brand-in-link": 0.4,
    "punycode-link": 0.35,
    "user-in-link": 0.4,
    "recipient-in-link": 0.25,
    "machine-host-link": 0.25,
    "site-folder-link": 0.1,
    "cheap-suffix-link": 0.25,
    "redirecting-link": 0.15,
    "odd-port-link": 0.1,
    "links-elsewhere": 0.15,
    # --- what it says and how it is made
    "says-confirm": 0.3,
    "says-threat": 0.3,
    "says-password": 0.2,
    "says-mailbox": 0.3,
    "says-click": 0.2,
    "says-urgent": 0.1,
    "says-gain": 0.15,
    "says-payment": 0.15,
    "says-parcel": 0.25,
    "says-stranger": 0.2,
    "says-new-system": 0.15,
    "form": 0.1,
    "password-input": 0.5,
    "page-attached": 0.45,
    "program-attached": 0.4,
    "pictures-only": 0.25,
    "mixed-alphabets": 0.4,
    "invisible-characters": 0.25,
    "hidden-text": 0.15,
    "script-in-mail": 0.15,
    # --- what only the whole of a campaign shows
    "many-recipients": 0.15,
    "guessed-recipients": 0.2,
    "dominant-sender": 0.15,
    "page-took-password": 0.5,
}
"""Weight by name of the signal."""

ORDINARY: dict[str, float] = {
    "thread": 0.5,
    "list": 0.5,
    "newsletter": 0.1,
    "newsletter-home": 0.4,
    "automatic": 0.2,
    "signed": 0.1,
    "own-links": 0.3,
    "no-way-out": 0.5,
}
"""What speaks for ordinary mail: the part of the score that it takes away."""


def sign(slug: str, /, **values: Any) -> Fact:
    """A signal that a message has."""
    return Fact(slug, WEIGHTS[slug], phrase(f"phishing.{slug}", **values))


def ordinary(slug: str, /, **values: Any) -> Fact:
    """A mark of ordinary mail."""
    return Fact(f"ordinary-{slug}", -ORDINARY[slug], phrase(f"phishing.ordinary-{slug}", **values))
