"""How likely one message is phishing: named signals for it and against it, and what they come to together.

The score is what is left of the doubt after all signals, `1 - product(1 - weight)`, less what speaks for ordinary
mail. Mail that came from inside or after a login is not judged: who sends it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailscope.detect import phishing_content, phishing_links, phishing_ordinary, phishing_sender
from mailscope.detect.finding import Fact, doubt
from mailscope.detect.phishing_letter import Ground, Letter
from mailscope.wording import Phrase, phrase

THRESHOLD = 0.6
"""From this score on a message is called phishing (docs/concepts/phishing-signals.md shows the curve)."""

SUSPECT = 0.4
"""From this score on a message is looked at together with others of its kind."""

CEILING = 0.99

STRONG = 0.4
"""A signal of this weight is not outweighed by what any bulk mail has."""

SENDER_ALONE = 0.55
"""A false sender without anything that lures is no phishing yet: at most this."""

NO_LURE = frozenset(
    """own-domain-outside outside-login to-itself auth-failed auth-absent envelope-elsewhere lookalike-sender
    odd-helo own-helo machine-sender machine-envelope no-message-id free-hosting-sender cheap-suffix-sender
    odd-name role-name brand-name address-in-name many-recipients guessed-recipients dominant-sender""".split()  # noqa: SIM905
)
"""Signals that say something of the sender, and nothing of what is wanted of the reader."""


@dataclass(slots=True)
class Judgement:
    """What was found of one message; `facts` that speak for ordinary mail have negative weights."""

    letter: Letter
    score: float
    facts: list[Fact]
    cleared: Phrase | None = None

    @property
    def is_phishing(self) -> bool:
        """The score reaches the threshold."""
        return self.score >= THRESHOLD


def judged(letter: Letter, ground: Ground) -> Judgement:
    """The signals of one message and its score."""
    why = _known_sender(letter, ground)
    if why is not None:
        return Judgement(letter, 0.0, [], why)
    against = [
        *phishing_sender.signals(letter, ground),
        *phishing_links.signals(letter, ground),
        *phishing_content.signals(letter),
    ]
    is_strong = any(fact.weight >= STRONG for fact in against)
    ordinary = phishing_ordinary.signals(letter, ground, is_strong)
    score = total(against, ordinary)
    cleared = phrase("phishing.cleared-ordinary", why=[fact.what for fact in ordinary]) if ordinary else None
    return Judgement(letter, score, [*sorted(against, key=lambda fact: -fact.weight), *ordinary], cleared)


def total(against: list[Fact], ordinary: list[Fact]) -> float:
    """The score: 0 without any signal, at most CEILING."""
    left = doubt(Fact(fact.name, -fact.weight, fact.what) for fact in ordinary)
    most = CEILING if any(fact.name not in NO_LURE for fact in against) else SENDER_ALONE
    return min(most, round((1.0 - doubt(against)) * left, 3))


def _known_sender(letter: Letter, ground: Ground) -> Phrase | None:
    """Why a message need not be judged: its sender is a user or a host of the owner's."""
    if letter.is_handed_in and letter.is_logged_in and not ground.is_strange_login(letter):
        users = list(letter.row.get("auth_users") or ()) or ["-"]
        return phrase("phishing.cleared-login", users=users)
    if (
        letter.is_handed_in
        and ground.network.is_own(letter.row["client_addr"])
        and letter.sender_ip(ground.network) is None
    ):
        return phrase("phishing.cleared-inside", client=letter.row["client_addr"])
    first = next(iter(letter.row["received_ips"] or ()), None)
    if not letter.is_handed_in and first and ground.network.is_own(first) and letter.sender_ip(ground.network) is None:
        return phrase("phishing.cleared-received", client=first)
    return None
