import pytest

from mailscope.desk.cases.transitions import STATES, TRANSITIONS, next_state
from mailscope.errors import UsageError


def test_every_state_is_known_and_can_be_left():
    assert {state for state, _event in TRANSITIONS} == set(STATES)
    assert set(TRANSITIONS.values()) | {"new"} == set(STATES)


def test_every_state_can_reach_resolved():
    for start in STATES:
        reached, seen = {start}, set()
        while reached - seen:
            seen |= reached
            reached |= {to for (state, _event), to in TRANSITIONS.items() if state in seen}
        assert "resolved" in reached


def test_a_way_that_is_not_in_the_table_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="cannot `notify`") as caught:
        next_state("resolved", "notify")
    assert caught.value.hint == "it can complain, reopen"


@pytest.mark.parametrize("state", STATES)
def test_complaints_answers_and_bounces_may_come_at_any_time(state):
    for event in ("complain", "answer", "bounce"):
        assert next_state(state, event) in STATES
