"""The journal of changes in a dictionary."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from threading import Lock

from bot.core.change import ACTIVE, MOVES, Change, ChangeState, Plan, StepResult
from bot.errors import StoreError


class MemoryChangeStore:
    """`ports.ChangeStore`."""

    def __init__(self) -> None:
        self._changes: dict[int, Change] = {}
        self._lock = Lock()

    def plan(self, plan: Plan, *, by: str, at: datetime) -> Change:
        with self._lock:
            change = Change(len(self._changes) + 1, plan, ChangeState.PLANNED, at, by)
            self._changes[change.id] = change
            return change

    def get(self, change: int) -> Change | None:
        return self._changes.get(change)

    def move(
        self,
        change: int,
        old: ChangeState,
        new: ChangeState,
        *,
        by: str | None = None,
        reason: str | None = None,
        at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Change | None:
        if new not in MOVES[old]:
            raise StoreError(f"CHG-{change}: no way from {old} to {new}")
        with self._lock:
            kept = self._changes.get(change)
            if kept is None or kept.state is not old or (new in ACTIVE and self._other_active(kept)):
                return None
            moved = replace(
                kept,
                state=new,
                reason=kept.reason if reason is None else reason,
                ends_at=kept.ends_at if ends_at is None else ends_at,
            )
            if new is ChangeState.APPLYING:
                moved = replace(moved, applied_by=by or kept.applied_by, applied_at=at or kept.applied_at)
            if new in (ChangeState.UNDOING, ChangeState.UNDONE, ChangeState.EXPIRED):
                moved = replace(moved, ended_by=kept.ended_by if by is None else by)
            if new in (ChangeState.UNDONE, ChangeState.EXPIRED):
                moved = replace(moved, ended_at=at or kept.ended_at)
            self._changes[change] = moved
            return moved

    def record(self, change: int, result: StepResult, *, undo: bool) -> None:
        with self._lock:
            if change not in self._changes:
                raise StoreError(f"could not journal step {result.step} of CHG-{change}: there is no such change")
            kept = self._changes[change]
            if undo:
                self._changes[change] = replace(kept, undo_results=_with(kept.undo_results, result))
            else:
                self._changes[change] = replace(kept, results=_with(kept.results, result))

    def in_states(self, states: Collection[ChangeState]) -> tuple[Change, ...]:
        with self._lock:
            return tuple(change for change in self._changes.values() if change.state in states)

    def of_incident(self, incident: int) -> tuple[Change, ...]:
        applied = set(ChangeState) - {ChangeState.PLANNED, ChangeState.WITHDRAWN}
        return tuple(change for change in self.in_states(applied) if change.plan.incident == incident)

    def _other_active(self, change: Change) -> bool:
        same = (change.plan.incident, change.plan.playbook)
        return any(
            other.id != change.id and other.state in ACTIVE and (other.plan.incident, other.plan.playbook) == same
            for other in self._changes.values()
        )


def _with(results: tuple[StepResult, ...], result: StepResult) -> tuple[StepResult, ...]:
    others = [other for other in results if other.step != result.step]
    return tuple(sorted([*others, result], key=lambda r: r.step))
