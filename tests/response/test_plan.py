from datetime import UTC, datetime, timedelta

import pytest

from mailscope.errors import UsageError
from mailscope.response.plan import Guards, Plan, network, refusals

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OWN = Guards(
    own=[network("10.0.0.0/8"), network("2001:db8::/32")], protected=[network("10.0.0.25"), network("10.0.0.53")]
)


def plan(prefix="10.1.2.3", scope="mail", hours=24):
    return Plan(network(prefix), scope, NOW + timedelta(hours=hours), "spam")


def test_an_own_address_may_be_blocked():
    assert refusals(plan(), OWN, 0, NOW) == []
    assert refusals(plan("2001:db8::7"), OWN, 0, NOW) == []


@pytest.mark.parametrize(
    ("wanted", "guards", "active", "why"),
    [
        (plan("198.51.100.7"), OWN, 0, "not in your own"),
        (plan(), Guards(own=[]), 0, "not in your own"),
        (plan("10.0.0.25"), OWN, 0, "protected"),
        (plan("10.0.0.0/26"), OWN, 0, "protected"),
        (plan("10.4.0.0/16"), OWN, 0, "more than 256"),
        (plan("0.0.0.0/0"), OWN, 0, "not in your own"),
        (plan(), OWN, 20, "at most 20"),
        (plan(hours=-1), OWN, 0, "in the past"),
        (plan(hours=24 * 30), OWN, 0, "longer than"),
        (plan(scope="all"), Guards(own=OWN.own, scopes=("mail",)), 0, "not allowed"),
    ],
)
def test_what_must_not_be_blocked_is_refused_with_the_reason(wanted, guards, active, why):
    assert any(why in reason for reason in refusals(wanted, guards, active, NOW))


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everything", "10.0.0.256", "", "10.0.0.1; reboot"])
def test_a_prefix_is_written_exactly(text):
    with pytest.raises(UsageError, match="is no prefix"):
        network(text)
