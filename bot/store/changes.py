"""The journal of changes: what was planned, what became of each step, who took it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, select, update

from bot.core.change import MOVES, Change, ChangeState, Outcome, Plan, StepResult
from bot.errors import StoreError
from bot.store.documents import PLAN
from bot.store.tables import change as table
from bot.store.tables import step_result
from bot.store.transactions import Conflict, reading, writing

_NEVER_APPLIED = (ChangeState.PLANNED.value, ChangeState.WITHDRAWN.value)
_PIECE = 500


def check_move(change: int, old: ChangeState, new: ChangeState) -> None:
    """Raises: StoreError where `core.change.MOVES` knows no way from `old` to `new`."""
    if new not in MOVES[old]:
        ways = ", ".join(sorted(MOVES[old])) or "no state"
        raise StoreError(f"CHG-{change}: from {old} a change can go to {ways}, not to {new}")


def moved(new: ChangeState, *, by: str | None, at: datetime | None) -> dict[str, object]:
    """The fields that `by` and `at` fill on the way to `new`."""
    if new is ChangeState.APPLYING:
        fields: dict[str, object] = {"applied_by": by, "applied_at": at}
    elif new is ChangeState.UNDOING:
        fields = {"ended_by": by}
    elif new in (ChangeState.UNDONE, ChangeState.EXPIRED):
        fields = {"ended_by": by, "ended_at": at}
    else:
        fields = {}
    return {name: value for name, value in fields.items() if value is not None}


class SqlChangeStore:
    """`ports.ChangeStore`. The schema itself holds "one active change of a playbook an incident": the move that
    would make a second one gets None, like the loser of any race."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def plan(self, plan: Plan, *, by: str, at: datetime) -> Change:
        row = {
            "incident": plan.incident,
            "playbook": plan.playbook,
            "plan": PLAN.text(plan),
            "state": ChangeState.PLANNED.value,
            "planned_at": at,
            "planned_by": by,
            "applied_by": "",
            "reason": "",
            "ended_by": "",
        }
        with writing(self._engine, f"keep a plan for INC-{plan.incident}") as connection:
            key = connection.execute(insert(table).values(row)).inserted_primary_key
            (change,) = _where(connection, table.c.id == (key[0] if key else None))
            return change

    def get(self, change: int) -> Change | None:
        with reading(self._engine, f"read CHG-{change}") as connection:
            return _get(connection, change)

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
        """Raises: StoreError where `core.change.MOVES` knows no such way."""
        check_move(change, old, new)
        values = {"state": new.value, **moved(new, by=by, at=at)}
        if reason is not None:
            values["reason"] = reason
        if ends_at is not None:
            values["ends_at"] = ends_at
        here = (table.c.id == change, table.c.state == old.value)
        try:
            with writing(self._engine, f"move CHG-{change} from {old} to {new}") as connection:
                won = connection.execute(update(table).where(*here).values(values)).rowcount == 1
                return _get(connection, change) if won else None
        except Conflict:
            return None

    def record(self, change: int, result: StepResult, *, undo: bool) -> None:
        row = {
            "change": change,
            "undo": undo,
            "step": result.step,
            "outcome": result.outcome.value,
            "said": result.said,
            "at": result.at,
        }
        same = (step_result.c.change == change, step_result.c.undo == undo, step_result.c.step == result.step)
        with writing(self._engine, f"journal step {result.step} of CHG-{change}") as connection:
            if connection.execute(update(step_result).where(*same).values(row)).rowcount == 0:
                connection.execute(insert(step_result).values(row))

    def in_states(self, states: Collection[ChangeState]) -> tuple[Change, ...]:
        wanted = sorted(state.value for state in states)
        with reading(self._engine, f"read the changes that are {', '.join(wanted)}") as connection:
            return _where(connection, table.c.state.in_(wanted))

    def of_incident(self, incident: int) -> tuple[Change, ...]:
        with reading(self._engine, f"read the changes of INC-{incident}") as connection:
            return _where(connection, (table.c.incident == incident) & table.c.state.not_in(_NEVER_APPLIED))


def _get(connection: Connection, change: int) -> Change | None:
    return next(iter(_where(connection, table.c.id == change)), None)


def _where(connection: Connection, which: ColumnElement[bool]) -> tuple[Change, ...]:
    rows = connection.execute(select(table).where(which).order_by(table.c.id)).all()
    results = _results(connection, [row.id for row in rows])
    return tuple(_change(row, results) for row in rows)


def _results(connection: Connection, changes: list[int]) -> dict[tuple[int, bool], tuple[StepResult, ...]]:
    found: dict[tuple[int, bool], tuple[StepResult, ...]] = {}
    for start in range(0, len(changes), _PIECE):
        query = select(step_result).where(step_result.c.change.in_(changes[start : start + _PIECE]))
        for row in connection.execute(query.order_by(step_result.c.step)):
            key = (row.change, row.undo)
            found[key] = (*found.get(key, ()), StepResult(row.step, Outcome(row.outcome), row.said, row.at))
    return found


def _change(row: Row[Any], results: dict[tuple[int, bool], tuple[StepResult, ...]]) -> Change:
    return Change(
        id=row.id,
        plan=PLAN.value(row.plan),
        state=ChangeState(row.state),
        planned_at=row.planned_at,
        planned_by=row.planned_by,
        applied_by=row.applied_by,
        reason=row.reason,
        applied_at=row.applied_at,
        ends_at=row.ends_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
        results=results.get((row.id, False), ()),
        undo_results=results.get((row.id, True), ()),
    )
