"""Which state a case may go to, and by what: the table, and nothing else decides."""

from __future__ import annotations

from mailscope.errors import UsageError

STATES = ("new", "open", "waiting", "notified", "resolved", "reopened")
"""`new`: nobody looked yet. `waiting`: for an answer or a person. `notified`: the contact was told."""

TRANSITIONS: dict[tuple[str, str], str] = {
    # state, what happens -> state
    ("new", "open"): "open",
    ("new", "wait"): "waiting",
    ("new", "notify"): "notified",
    ("new", "resolve"): "resolved",
    ("open", "wait"): "waiting",
    ("open", "notify"): "notified",
    ("open", "resolve"): "resolved",
    ("waiting", "open"): "open",
    ("waiting", "answer"): "open",
    ("waiting", "notify"): "notified",
    ("waiting", "resolve"): "resolved",
    ("notified", "wait"): "waiting",
    ("notified", "answer"): "open",
    ("notified", "bounce"): "open",
    ("notified", "notify"): "notified",
    ("notified", "resolve"): "resolved",
    ("resolved", "complain"): "reopened",
    ("resolved", "reopen"): "reopened",
    ("reopened", "open"): "open",
    ("reopened", "wait"): "waiting",
    ("reopened", "notify"): "notified",
    ("reopened", "resolve"): "resolved",
}

STAYS = frozenset({"complain", "answer", "bounce"})
"""What may happen in any state, and leaves it as it is where the table says nothing."""


def next_state(state: str, event: str) -> str:
    """The state after `event`; UsageError where the table has no such way.

    >>> next_state("resolved", "complain")
    'reopened'
    """
    found = TRANSITIONS.get((state, event))
    if found is not None:
        return found
    if event in STAYS:
        return state
    ways = sorted({name for place, name in TRANSITIONS if place == state})
    raise UsageError(f"a case that is `{state}` cannot `{event}`", hint="it can " + ", ".join(ways))
