"""What may go out without a person: rules of the owner for first notices, reminders and escalation.

[rules]                  remind_after_days, reminders, escalate_after_days, most_a_day
[[rules.send]]           name, category (a list), audience, language, form, complaints (at least),
                         evidence ("seen", "around", "any"), confidence (of our own findings, at least)
[rules.escalate]         PREFIX = ADDRESS: whom to tell when the contact does nothing
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mailscope.errors import UsageError

NEVER = frozenset({"child-abuse", "delivery", "none", "unknown", "other"})
"""Categories that always need a person: too grave, or nobody knows what they are about."""

EVIDENCE = {"seen": ("seen",), "around": ("seen", "seen-around"), "any": ()}
"""What our own records must say of the moments told; empty: nothing."""

MOST_RULES = 100

_KNOWN = ("remind_after_days", "reminders", "escalate_after_days", "most_a_day", "send", "escalate")
_SEND: Mapping[str, tuple[type, Any]] = {
    "name": (str, "rule"),
    "category": (list, []),
    "audience": (str, "customer"),
    "language": (str, ""),
    "form": (str, "xarf"),
    "complaints": (int, 1),
    "evidence": (str, "seen"),
    "confidence": (float, 0.0),
}


@dataclass(frozen=True, slots=True)
class SendRule:
    """Which cases' first notice goes out by itself."""

    name: str
    category: tuple[str, ...]
    audience: str = "customer"
    language: str = ""
    form: str = "xarf"
    complaints: int = 1
    evidence: str = "seen"
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules; without any, everything waits for a person."""

    send: tuple[SendRule, ...] = ()
    remind_after: timedelta | None = None
    reminders: int = 2
    escalate_after: timedelta | None = None
    escalate: Mapping[str, str] = field(default_factory=dict)
    most_a_day: int = 50

    def next_contact(self, address: str) -> str | None:
        """Whom to tell above the contact: the longest prefix of `escalate` that covers the address."""
        host = ipaddress.ip_address(address)
        found = [
            (network.prefixlen, to)
            for prefix, to in self.escalate.items()
            if host.version == (network := ipaddress.ip_network(prefix, strict=False)).version and host in network
        ]
        return max(found)[1] if found else None


def rules_of(values: Mapping[str, Any]) -> Rules:
    """The rules from parsed TOML; UsageError names what is unknown or of the wrong kind."""
    for key in values:
        if key not in _KNOWN:
            raise UsageError(f"[rules] has no `{key}`", hint="it has " + ", ".join(_KNOWN))
    send = values.get("send", [])
    if not isinstance(send, list) or len(send) > MOST_RULES:
        raise UsageError(f"[[rules.send]] is written so, at most {MOST_RULES} times")
    return Rules(
        send=tuple(_send_rule(rule) for rule in send),
        remind_after=_days(values, "remind_after_days"),
        reminders=_whole(values, "reminders", 2),
        escalate_after=_days(values, "escalate_after_days"),
        escalate=_escalate(values.get("escalate", {})),
        most_a_day=_whole(values, "most_a_day", 50),
    )


def _send_rule(values: Any) -> SendRule:
    from mailscope.desk.complaints.categories import CATEGORIES
    from mailscope.desk.notices.compose import AUDIENCES, FORMS, LANGUAGES

    if not isinstance(values, Mapping):
        raise UsageError("[[rules.send]] is written so, with two brackets")
    for key, value in values.items():
        kind = _SEND.get(key, (None, None))[0]
        if kind is None:
            raise UsageError(f"[[rules.send]] has no `{key}`", hint="it has " + ", ".join(_SEND))
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise UsageError(f"[[rules.send]] `{key}` must be a {kind.__name__}, not {value!r}")
    rule = SendRule(**{key: values.get(key, default) for key, (_kind, default) in _SEND.items()})
    allowed = [name for name in CATEGORIES if name not in NEVER]
    wrong = [name for name in rule.category if name not in allowed]
    if wrong or not rule.category:
        raise UsageError(f"[[rules.send]] category {wrong or '[]'}", hint="may be " + ", ".join(allowed))
    for value, known in (
        (rule.audience, AUDIENCES),
        (rule.form, FORMS),
        (rule.evidence, tuple(EVIDENCE)),
        (rule.language or "en", LANGUAGES),
    ):
        if value not in known:
            raise UsageError(f"[[rules.send]]: `{value}` is not known", hint="known are " + ", ".join(known))
    return rule


def _escalate(values: Any) -> Mapping[str, str]:
    if not isinstance(values, Mapping):
        raise UsageError('[rules.escalate] is written as "203.0.113.0/24" = "noc@example.net"')
    for prefix, to in values.items():
        try:
            ipaddress.ip_network(prefix, strict=False)
        except ValueError:
            raise UsageError(f"[rules.escalate]: `{prefix}` is no network") from None
        if not isinstance(to, str) or "@" not in to:
            raise UsageError(f"[rules.escalate]: {to!r} is no mail address")
    return dict(values)


def _days(values: Mapping[str, Any], key: str) -> timedelta | None:
    value = values.get(key)
    if value is None:
        return None
    if type(value) not in (int, float) or value <= 0:
        raise UsageError(f"[rules] `{key}` must be a number of days above 0, not {value!r}")
    return timedelta(days=value)


def _whole(values: Mapping[str, Any], key: str, default: int) -> int:
    value = values.get(key, default)
    if type(value) is not int or value < 0:
        raise UsageError(f"[rules] `{key}` must be a whole number, not {value!r}")
    return value
