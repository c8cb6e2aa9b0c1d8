"""Rules are read strictly: what goes out by itself must be what the owner wrote."""

from datetime import timedelta

import pytest

from mailscope.desk.rules import rules_of
from mailscope.errors import UsageError

SEND = {"name": "seen spam", "category": ["spam"], "language": "zh-Hant"}


def test_without_rules_nothing_goes_out():
    rules = rules_of({})
    assert (rules.send, rules.remind_after, rules.next_contact("10.1.2.3")) == ((), None, None)


def test_what_is_left_out_is_careful():
    (rule,) = rules_of({"send": [SEND]}).send
    assert (rule.evidence, rule.complaints, rule.audience) == ("seen", 1, "customer")


@pytest.mark.parametrize(
    "values",
    [
        {"sned": []},
        {"send": [{"category": ["spma"]}]},
        {"send": [{"category": ["child-abuse"]}]},
        {"send": [{"category": []}]},
        {"send": [SEND | {"evidence": "maybe"}]},
        {"send": [SEND | {"audience": "all"}]},
        {"send": [SEND | {"complaints": "2"}]},
        {"send": "all"},
        {"remind_after_days": 0},
        {"reminders": -1},
        {"escalate": {"somewhere": "a@b.example"}},
        {"escalate": {"10.0.0.0/8": "nobody"}},
    ],
)
def test_what_is_not_understood_is_refused(values):
    with pytest.raises(UsageError):
        rules_of(values)


def test_the_longest_prefix_says_who_is_above():
    above = {"10.0.0.0/8": "noc@a.example", "10.1.0.0/16": "noc@b.example", "2001:db8::/32": "noc@c.example"}
    rules = rules_of({"escalate": above, "escalate_after_days": 1.5})
    assert rules.escalate_after == timedelta(hours=36)
    assert rules.next_contact("10.1.2.3") == "noc@b.example"
    assert rules.next_contact("2001:db8::1") == "noc@c.example"
    assert rules.next_contact("192.0.2.1") is None
