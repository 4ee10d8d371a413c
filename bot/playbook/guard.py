"""May this click do something? A refusal is a value: the rule for log and metrics, a sentence for the person. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import product

from bot.core.change import ACTIVE, Change, ChangeState, Refusal, Step
from bot.core.durations import duration_words
from bot.core.incident import Incident, IncidentState

PLAN_LIVES = timedelta(minutes=10)
"""A preview older than this no longer shows what is so."""

_NOT_OPERATOR = Refusal("role", "Only people on call can change something. You can still diagnose.")


def check_preview(
    incident: Incident | None, *, operator: bool, playbook: str, active: Collection[Change], now: datetime
) -> Refusal | None:
    """None where a preview of `playbook` may be made now. `active`: changes of this incident, in any state."""
    if not operator:
        return _NOT_OPERATOR
    if incident is None:
        return Refusal("unknown incident", "That incident is no longer there.")
    if incident.state is IncidentState.RESOLVED:
        return _resolved(incident)
    for change in active:
        if change.state in ACTIVE and change.plan.playbook == playbook:
            return _duplicate(change, now)
    return None


def check_apply(
    change: Change | None,
    incident: Incident | None,
    *,
    operator: bool,
    others: Collection[Change],
    reason: str,
    now: datetime,
) -> Refusal | None:
    """None where `change` may be applied now.

    Args:
        others: changes that could be in the way, in any state; `change` itself may be among them.
        reason: why, in the person's words; asked for, since it is what the audit log is read for.
    """
    if not operator:
        return _NOT_OPERATOR
    if change is None or incident is None:
        return Refusal("unknown change", "That change is no longer there. Open a fresh preview.")
    if change.state is not ChangeState.PLANNED:
        return _no_longer_planned(change, now)
    if now - change.planned_at > PLAN_LIVES:
        age = duration_words(now - change.planned_at)
        return Refusal("stale plan", f"This preview is {age} old and the facts may have changed. Open a fresh one.")
    if incident.state is IncidentState.RESOLVED:
        return _resolved(incident)
    if not reason.strip():
        return Refusal("no reason", "Say in a few words why: it is kept with the change.")
    return _in_the_way(change, others, now)


def check_undo(change: Change | None, *, operator: bool, now: datetime) -> Refusal | None:
    """None where `change` may be taken back now."""
    if not operator:
        return _NOT_OPERATOR
    if change is None:
        return Refusal("unknown change", "That change is no longer there.")
    if change.state in (ChangeState.APPLIED, ChangeState.FAILED):
        return None
    ended = f"{duration_words(now - change.ended_at)} ago" if change.ended_at and now > change.ended_at else "before"
    said = {
        ChangeState.APPLYING: "is still being applied. Undo it once it is done.",
        ChangeState.UNDOING: "is being undone already.",
        ChangeState.UNDONE: f"was undone {ended}; nothing more was done.",
        ChangeState.EXPIRED: f"ended by itself {ended}; nothing more was done.",
    }.get(change.state, "was never applied: there is nothing to undo.")
    return Refusal("state", f"CHG-{change.id} {said}")


def _resolved(incident: Incident) -> Refusal:
    return Refusal("resolved", f"INC-{incident.id} is resolved: there is nothing left to change.")


def _duplicate(other: Change, now: datetime) -> Refusal:
    who = _applied(other, now)
    return Refusal("duplicate", f"CHG-{other.id} does the same and is active ({who}): undo it first or let it end.")


def _no_longer_planned(change: Change, now: datetime) -> Refusal:
    if change.state is ChangeState.WITHDRAWN:
        return Refusal("state", f"CHG-{change.id} was withdrawn: nothing was done. Open a fresh preview.")
    if change.state in (ChangeState.UNDONE, ChangeState.EXPIRED):
        return Refusal("state", f"CHG-{change.id} was applied and has ended since; nothing more was done.")
    return Refusal("state", f"CHG-{change.id}: {_applied(change, now)}; nothing more was done.")


def _applied(change: Change, now: datetime) -> str:
    """ "<@U0ANN> applied it 40 s ago", as far as it is known."""
    who = f"<@{change.applied_by}> applied it" if change.applied_by else "it was applied"
    ago = f" {duration_words(now - change.applied_at)} ago" if change.applied_at and now > change.applied_at else ""
    return f"{who}{ago}"


def _in_the_way(change: Change, others: Collection[Change], now: datetime) -> Refusal | None:
    for other in others:
        if other.id == change.id or other.state not in ACTIVE:
            continue
        if (other.plan.incident, other.plan.playbook) == (change.plan.incident, change.plan.playbook):
            return _duplicate(other, now)
        for mine, theirs in product(change.plan.steps, other.plan.steps):
            if _overlap(mine, theirs):
                return Refusal(
                    "overlap",
                    f"CHG-{other.id} already changes {theirs.queue} on {theirs.host}: undo it first or let it end.",
                )
    return None


def _overlap(a: Step, b: Step) -> bool:
    """True where taking one back would end the other; `*/vmta` holds every queue of the VMTA."""
    if (a.host, a.source_ip, a.expect) != (b.host, b.source_ip, b.expect):
        return False
    (domain, _, vmta), (other_domain, _, other_vmta) = a.queue.partition("/"), b.queue.partition("/")
    return vmta == other_vmta and (domain == other_domain or "*" in (domain, other_domain))
