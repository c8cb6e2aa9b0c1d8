"""Blocks from plan to undo, on record: what is done to a device is written down before and after it is done.

States: planned -> (approved by enough people) -> applying -> applied -> undoing -> undone | expired; a device that
refuses leaves `failed`. Whoever dies between leaves `applying` or `undoing`, and `settle` asks the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailscope.desk.cases.case_store import MACHINE, by_id
from mailscope.desk.cases.history import append
from mailscope.desk.records import BlockRecord
from mailscope.errors import DeliveryError, UsageError
from mailscope.response.plan import Guards, Plan, Target, network, refusals

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailscope.desk.database import Desk

STANDING = ("applying", "applied", "undoing")
"""States in which a device may block."""


def plan_block(
    session: Session, plan: Plan, target: Target, guards: Guards, actor: str, case: int | None = None
) -> BlockRecord:
    """Keeps the plan with the commands it would run; UsageError with every reason why it may not be."""
    if case is not None:
        by_id(session, case)
    _refuse(session, plan, target, guards)
    block = BlockRecord(
        case_id=case,
        target=target.name,
        prefix=str(plan.prefix),
        scope=plan.scope,
        state="planned",
        planned=datetime.now(UTC),
        planned_by=actor,
        approvals=[],
        expires=plan.expires,
        reason=plan.reason,
        commands=target.commands(plan),
    )
    session.add(block)
    session.flush()
    _tell(session, block, actor, "block-planned")
    return block


def approve_block(session: Session, number: int, actor: str) -> BlockRecord:
    """One person's yes; the one who planned may be the first, never the second."""
    block = of_number(session, number)
    if block.state != "planned":
        raise UsageError(f"block {number} is `{block.state}`", hint="only planned blocks are approved")
    if actor in block.approvals:
        raise UsageError(f"{actor} has approved block {number} already", hint="the second yes is another person's")
    block.approvals = [*block.approvals, actor]
    _tell(session, block, actor, "block-approved")
    return block


def apply_block(desk: Desk, number: int, target: Target, guards: Guards, actor: str) -> BlockRecord:
    """Does what was planned. The guards are asked again: the network may have changed since."""
    with desk.transaction() as session:
        block = of_number(session, number)
        if block.state not in ("planned", "failed"):
            raise UsageError(f"block {number} is `{block.state}`", hint="only a planned block is applied")
        needed = 2 if guards.two_persons else 1
        if len(set(block.approvals)) < needed:
            raise UsageError(
                f"block {number} has {len(set(block.approvals))} of {needed} approvals",
                hint=f"`mailscope block approve {number}`",
            )
        _refuse(session, plan_of(block), target, guards)
        block.state = "applying"
        _tell(session, block, actor, "block-applying")
    return _carry_out(desk, number, target, actor, "applied")


def undo_block(desk: Desk, number: int, target: Target, actor: str, *, ended: str = "undone") -> BlockRecord:
    """Takes the block back; may be asked again when a device was not there the first time."""
    with desk.transaction() as session:
        block = of_number(session, number)
        if block.state not in STANDING:
            raise UsageError(f"block {number} is `{block.state}`", hint="nothing stands that could be undone")
        block.state = "undoing"
        _tell(session, block, actor, "block-undoing")
    return _carry_out(desk, number, target, actor, ended)


def expire(desk: Desk, targets: Mapping[str, Target], now: datetime | None = None) -> list[BlockRecord]:
    """Undoes every block whose time is over."""
    from sqlalchemy import select

    now = now or datetime.now(UTC)
    with desk.transaction() as session:
        over = select(BlockRecord).where(BlockRecord.state.in_(STANDING), BlockRecord.expires <= now)
        due = [(block.id, block.target) for block in session.scalars(over) if block.target in targets]
    return [undo_block(desk, number, targets[name], MACHINE, ended="expired") for number, name in due]


def settle(desk: Desk, targets: Mapping[str, Target]) -> list[BlockRecord]:
    """After a crash: asks each device what became of what was under way, and writes that down."""
    from sqlalchemy import select

    settled = []
    with desk.transaction() as session:
        open_ones = select(BlockRecord).where(BlockRecord.state.in_(("applying", "undoing")))
        for block in session.scalars(open_ones):
            target = targets.get(block.target)
            if target is None:
                continue
            stands = target.is_applied(plan_of(block))
            block.state = "applied" if stands else ("failed" if block.state == "applying" else "undone")
            block.applied = block.applied or (datetime.now(UTC) if stands else None)
            _tell(session, block, MACHINE, "block-settled", {"stands": stands})
            settled.append(block)
    return settled


def of_number(session: Session, number: int) -> BlockRecord:
    """One block; UsageError when there is none."""
    found = session.get(BlockRecord, number)
    if found is None:
        raise UsageError(f"there is no block {number}", hint="`mailscope block list` shows all")
    return found


def plan_of(block: BlockRecord) -> Plan:
    """The plan that a record keeps."""
    return Plan(network(block.prefix), block.scope, block.expires, block.reason)


def _refuse(session: Session, plan: Plan, target: Target, guards: Guards) -> None:
    from sqlalchemy import func, select

    standing = select(func.count()).select_from(BlockRecord).where(BlockRecord.state.in_(STANDING))
    reasons = refusals(plan, guards, session.scalar(standing) or 0, datetime.now(UTC))
    if plan.scope not in target.scopes:
        reasons.append(f"{target.name} cannot block `{plan.scope}` alone")
    if reasons:
        raise UsageError("not blocked: " + "; ".join(reasons), hint="`mailscope block guards` shows what is allowed")


def _carry_out(desk: Desk, number: int, target: Target, actor: str, ended: str) -> BlockRecord:
    with desk.transaction() as session:
        plan = plan_of(of_number(session, number))
    failure: DeliveryError | None = None
    try:
        answer = target.apply(plan) if ended == "applied" else target.undo(plan)
    except DeliveryError as error:
        failure, answer = error, str(error)
    with desk.transaction() as session:
        block = of_number(session, number)
        block.answer = answer
        if failure is None:
            block.state = ended
            if ended == "applied":
                block.applied = datetime.now(UTC)
            else:
                block.undone = datetime.now(UTC)
        elif ended == "applied":
            block.state = "failed"
        _tell(session, block, actor, f"block-{block.state}", {"answer": answer})
    if failure is not None:
        raise failure
    return block


def _tell(session: Session, block: BlockRecord, actor: str, action: str, details: Mapping[str, object] = {}) -> None:
    """Writes it into the history of the block's case."""
    if block.case_id is None:
        return
    told = {"block": block.id, "target": block.target, "prefix": block.prefix, "scope": block.scope}
    append(session, block.case_id, datetime.now(UTC), actor, action, told | {"expires": block.expires} | dict(details))
