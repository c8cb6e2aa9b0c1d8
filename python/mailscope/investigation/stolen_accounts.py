"""Accounts that were guessed, or typed into a page outside, and are then opened from outside.

A person away from the office logs in from outside, too: an account is called stolen only when its password was
guessed before, or when its name was sent with a password to a server outside before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ibis import _

from mailscope.investigation.conversation import rows
from mailscope.investigation.phases import GUESSES, Phase
from mailscope.investigation.scene import Scene

LOGINS_MOST = 50_000
"""Pairs of client and account looked at."""


@dataclass(frozen=True, slots=True)
class Theft:
    """How an account's password got out: `guessed` or `submitted`, where, by whose hand, and when."""

    user: str
    how: str
    where: str
    by: str
    time: datetime

    def as_row(self) -> dict[str, Any]:
        """As the answer shows it."""
        return {"user": self.user, "how": self.how, "where": self.where, "by": self.by, "time": self.time}


def name_of(user: str | None) -> str:
    """An account's name without its domain, lower case: people log in with and without it."""
    return (user or "").lower().partition("@")[0]


def thefts(scene: Scene, trails: Mapping[str, Sequence[Phase]]) -> dict[str, list[Theft]]:
    """By account: how its password got out, earliest first."""
    found: dict[str, list[Theft]] = {}
    for client, phases in trails.items():
        for phase in phases:
            if phase.slug in GUESSES:
                for user in phase.details.get("entered", ()):
                    theft = Theft(name_of(user), "guessed", phase.target, client, phase.start)
                    found.setdefault(theft.user, []).append(theft)
    for row in _forms_outside(scene):
        theft = Theft(name_of(row["user"]), "submitted", row["server_addr"], row["client_addr"], row["first"])
        found.setdefault(theft.user, []).append(theft)
    return {user: sorted(of_user, key=lambda theft: theft.time) for user, of_user in found.items()}


def _forms_outside(scene: Scene) -> list[dict[str, Any]]:
    """Names that the owner's people sent with a password to servers outside."""
    forms = scene.tables["logins"].filter(_.service == "http-form", _.user.notnull())
    sent = forms.group_by(["client_addr", "server_addr", "user"]).agg(first=_.start.min()).limit(LOGINS_MOST)
    network = scene.network
    return [r for r in rows(sent) if network.is_own(r["client_addr"]) and network.is_outside(r["server_addr"])]


def strangers(scene: Scene, stolen: Mapping[str, Sequence[Theft]], known: Iterable[str]) -> dict[str, list[str]]:
    """Other outside addresses that opened a stolen account at an own server, with the accounts."""
    if not stolen:
        return {}
    opened = scene.tables["logins"].filter(_.success == "yes", _.user.notnull())
    used = opened.group_by(["client_addr", "server_addr", "user"]).agg(first=_.start.min()).limit(LOGINS_MOST)
    skip = set(known)
    found: dict[str, list[str]] = {}
    for row in rows(used):
        client, user = row["client_addr"], name_of(row["user"])
        is_theft = any(theft.time < row["first"] for theft in stolen.get(user, ()))
        if client in skip or not is_theft or not scene.network.is_outside(client):
            continue
        if scene.network.is_own(row["server_addr"]):
            found.setdefault(client, []).append(user)
    return found


def tell_thefts(phases: Iterable[Phase], stolen: Mapping[str, Sequence[Theft]]) -> None:
    """Adds to phases that opened accounts how these had been stolen."""
    for phase in phases:
        if phase.slug == "account-use" and phase.details.get("entered"):
            told = [
                theft.as_row()
                for user in phase.details["entered"]
                for theft in stolen.get(name_of(user), ())[:1]
                if theft.time < phase.end
            ]
            if told:
                phase.details["stolen"] = told
