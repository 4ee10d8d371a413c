"""May this click do something? A refusal is a value: the rule for log and metrics, a sentence for the person. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.core.change import ACTIVE, Change, ChangeState, Expect, Refusal
from bot.core.incident import Incident, IncidentState
from bot.playbook.duration import words

PLAN_LIVES = timedelta(minutes=10)
"""A preview older than this no longer shows what is so."""

_NOT_OPERATOR = Refusal("role", "Only people on call can change something. You can still diagnose.")


def check_apply(
    change: Change, incident: Incident, others: Collection[Change], *, is_operator: bool, now: datetime
) -> Refusal | None:
    """None where `change` may be applied now.

    Args:
        others: changes in an active state, of any incident; `change` itself may be among them.
    """
    if not is_operator:
        return _NOT_OPERATOR
    if change.state is not ChangeState.PLANNED:
        return _no_longer_planned(change, now)
    if now - change.planned_at > PLAN_LIVES:
        age = words(now - change.planned_at)
        return Refusal("stale plan", f"This preview is {age} old and the facts may have changed. Open a fresh one.")
    if incident.state is IncidentState.RESOLVED:
        return Refusal("resolved", f"INC-{incident.id} is resolved: there is nothing left to change.")
    return _in_the_way(change, others)


def check_undo(change: Change, *, is_operator: bool) -> Refusal | None:
    """None where `change` may be taken back now."""
    if not is_operator:
        return _NOT_OPERATOR
    if change.state in (ChangeState.APPLIED, ChangeState.FAILED):
        return None
    said = {
        ChangeState.APPLYING: "is still being applied. Undo it once it is done.",
        ChangeState.UNDOING: "is being undone already.",
        ChangeState.UNDONE: "was undone before; nothing more was done.",
        ChangeState.EXPIRED: "has ended by itself; nothing more was done.",
    }.get(change.state, "was never applied: there is nothing to undo.")
    return Refusal("state", f"CHG-{change.id} {said}")


def _no_longer_planned(change: Change, now: datetime) -> Refusal:
    if change.state is ChangeState.WITHDRAWN:
        return Refusal("state", f"CHG-{change.id} was withdrawn: nothing was done. Open a fresh preview.")
    if change.state in (ChangeState.UNDONE, ChangeState.EXPIRED):
        return Refusal("state", f"CHG-{change.id} was applied and has ended since; nothing more was done.")
    ago = f" {words(now - change.applied_at)} ago" if change.applied_at and now > change.applied_at else ""
    return Refusal("state", f"CHG-{change.id} was applied{ago}; nothing more was done.")


def _in_the_way(change: Change, others: Iterable[Change]) -> Refusal | None:
    wanted = set(_touched(change))
    for other in others:
        if other.id == change.id or other.state not in ACTIVE:
            continue
        if (other.plan.incident, other.plan.playbook) == (change.plan.incident, change.plan.playbook):
            return Refusal("duplicate", f"CHG-{other.id} does the same and is active: undo it first or let it end.")
        if both := sorted(wanted & set(_touched(other))):
            host, queue, _, _ = both[0]
            return Refusal(
                "overlap",
                f"CHG-{other.id} already changes {queue} on {host}: undo it first or let it end.",
            )
    return None


def _touched(change: Change) -> Iterable[tuple[str, str, str, Expect]]:
    return ((step.host, step.queue, step.source_ip, step.expect) for step in change.plan.steps)
