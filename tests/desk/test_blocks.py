from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mailscope.desk import blocks
from mailscope.desk.cases.history import broken_at, of_case
from mailscope.desk.database import open_desk
from mailscope.desk.intake import take
from mailscope.desk.records import BlockRecord
from mailscope.errors import DeliveryError, UsageError
from mailscope.response.plan import Guards, Plan, network
from mailscope.response.targets.bgp import FlowSpec
from tests.fixtures.complaints import read

GUARDS = Guards(own=[network("10.0.0.0/8")], protected=[network("10.0.0.25")], most=2)


@pytest.fixture
def desk(tmp_path):
    desk = open_desk(tmp_path / "d.db")
    take(desk, [read()])
    return desk


def plan(prefix="10.1.2.3", hours=1):
    return Plan(network(prefix), "mail", datetime.now(UTC) + timedelta(hours=hours), "spam")


def planned(desk, target, wanted=None, guards=GUARDS):
    with desk.transaction() as session:
        return blocks.plan_block(session, wanted or plan(), target, guards, "wang", case=1).id


def approve(desk, number, *people):
    with desk.transaction() as session:
        for person in people:
            blocks.approve_block(session, number, person)


def actions(desk):
    with desk.transaction() as session:
        entries = of_case(session, 1)
        assert broken_at(entries) is None
        return [entry.action for entry in entries]


def test_a_plan_changes_nothing_outside(desk, tmp_path):
    planned(desk, FlowSpec(tmp_path / "routes"))
    assert not (tmp_path / "routes").exists()


def test_from_plan_to_undo_and_the_history_tells_it(desk, tmp_path):
    target = FlowSpec(tmp_path / "routes")
    number = planned(desk, target)
    approve(desk, number, "wang")
    assert blocks.apply_block(desk, number, target, GUARDS, "wang").state == "applied"
    assert target.is_applied(plan())
    assert blocks.undo_block(desk, number, target, "li").state == "undone"
    assert not target.is_applied(plan())
    assert actions(desk)[1:] == [
        "block-planned", "block-approved", "block-applying", "block-applied", "block-undoing", "block-undone",
    ]  # fmt: skip


def test_without_approval_nothing_is_applied(desk, tmp_path):
    target = FlowSpec(tmp_path / "routes")
    with pytest.raises(UsageError, match="0 of 1 approvals"):
        blocks.apply_block(desk, planned(desk, target), target, GUARDS, "wang")


def test_two_persons_are_two_persons(desk, tmp_path):
    target = FlowSpec(tmp_path / "routes")
    strict = Guards(own=GUARDS.own, two_persons=True)
    number = planned(desk, target)
    approve(desk, number, "wang")
    with pytest.raises(UsageError, match="has approved"):
        approve(desk, number, "wang")
    with pytest.raises(UsageError, match="1 of 2"):
        blocks.apply_block(desk, number, target, strict, "wang")
    approve(desk, number, "li")
    assert blocks.apply_block(desk, number, target, strict, "wang").state == "applied"


def test_guards_are_asked_again_when_it_is_applied(desk, tmp_path):
    target = FlowSpec(tmp_path / "routes")
    number = planned(desk, target)
    approve(desk, number, "wang")
    with pytest.raises(UsageError, match="protected"):
        blocks.apply_block(desk, number, target, Guards(own=GUARDS.own, protected=[network("10.1.2.3")]), "wang")


def test_the_cap_counts_what_stands(desk, tmp_path):
    target = FlowSpec(tmp_path / "routes")
    for prefix in ("10.1.2.4", "10.1.2.5"):
        number = planned(desk, target, plan(prefix))
        approve(desk, number, "wang")
        blocks.apply_block(desk, number, target, GUARDS, "wang")
    with pytest.raises(UsageError, match="at most 2"):
        planned(desk, target, plan("10.1.2.6"))


def test_what_is_over_is_undone(desk, tmp_path):
    target = FlowSpec(tmp_path / "routes")
    number = planned(desk, target)
    approve(desk, number, "wang")
    blocks.apply_block(desk, number, target, GUARDS, "wang")
    assert blocks.expire(desk, {target.name: target}) == []
    later = datetime.now(UTC) + timedelta(hours=2)
    assert [block.state for block in blocks.expire(desk, {target.name: target}, later)] == ["expired"]
    assert not target.is_applied(plan())


class Broken(FlowSpec):
    def apply(self, plan):
        super().apply(plan)
        raise DeliveryError("the session went down")


def test_a_device_that_fails_is_on_record_and_can_be_asked_again(desk, tmp_path):
    target = Broken(tmp_path / "routes")
    number = planned(desk, target)
    approve(desk, number, "wang")
    with pytest.raises(DeliveryError):
        blocks.apply_block(desk, number, target, GUARDS, "wang")
    assert actions(desk)[-1] == "block-failed"
    assert blocks.apply_block(desk, number, FlowSpec(tmp_path / "routes"), GUARDS, "wang").state == "applied"


class Killed(FlowSpec):
    def apply(self, plan):
        super().apply(plan)
        raise KeyboardInterrupt


def test_after_a_crash_the_device_is_asked(desk, tmp_path):
    target = Killed(tmp_path / "routes")
    number = planned(desk, target)
    approve(desk, number, "wang")
    with pytest.raises(KeyboardInterrupt):
        blocks.apply_block(desk, number, target, GUARDS, "wang")
    with desk.transaction() as session:
        assert session.scalars(select(BlockRecord.state)).all() == ["applying"]
    assert [block.state for block in blocks.settle(desk, {target.name: target})] == ["applied"]
    assert blocks.settle(desk, {target.name: target}) == []
