"""`ports.ChangeStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from threading import Barrier

import pytest

from bot.core.change import MOVES, Change, ChangeState, Outcome, StepResult
from bot.errors import StoreError
from bot.store.changes import SqlChangeStore
from tests.fakes import MemoryChangeStore
from tests.store_values import NOON, plan, sqlite

Store = MemoryChangeStore | SqlChangeStore
PLANNED, APPLYING, APPLIED = ChangeState.PLANNED, ChangeState.APPLYING, ChangeState.APPLIED
FAILED, UNDOING, UNDONE = ChangeState.FAILED, ChangeState.UNDOING, ChangeState.UNDONE
EXPIRED, WITHDRAWN = ChangeState.EXPIRED, ChangeState.WITHDRAWN
LATER = NOON + timedelta(minutes=1)
END = NOON + timedelta(hours=4)
WAYS = {
    PLANNED: (),
    APPLYING: (APPLYING,),
    APPLIED: (APPLYING, APPLIED),
    FAILED: (APPLYING, FAILED),
    UNDOING: (APPLYING, APPLIED, UNDOING),
    UNDONE: (APPLYING, APPLIED, UNDOING, UNDONE),
    EXPIRED: (APPLYING, APPLIED, UNDOING, EXPIRED),
    WITHDRAWN: (WITHDRAWN,),
}


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryChangeStore()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlChangeStore(engine)


def planned(store: Store, incident: int = 1, playbook: str = "gmail-reputation") -> Change:
    return store.plan(plan(incident, playbook), by="U1", at=NOON)


def in_state(store: Store, state: ChangeState, incident: int = 1, playbook: str = "gmail-reputation") -> Change:
    change = planned(store, incident, playbook)
    for new in WAYS[state]:
        moved = store.move(change.id, change.state, new)
        assert moved is not None
        change = moved
    return change


def test_a_plan_reads_back_the_same(store: Store) -> None:
    change = planned(store)
    assert change == Change(1, plan(), PLANNED, NOON, "U1")
    assert store.get(1) == change
    assert store.get(2) is None
    assert planned(store).id == 2


def test_by_and_at_tell_who_applied_and_who_ended(store: Store) -> None:
    change = planned(store)
    applying = store.move(1, PLANNED, APPLYING, by="U2", reason='"volume"', at=LATER, ends_at=END)
    assert applying == replace(
        change, state=APPLYING, applied_by="U2", reason='"volume"', applied_at=LATER, ends_at=END
    )
    applied = store.move(1, APPLYING, APPLIED, by="U7", at=END)
    assert applied == replace(applying, state=APPLIED)
    undoing = store.move(1, APPLIED, UNDOING, by="U8", at=END)
    assert undoing == replace(applied, state=UNDOING, ended_by="U8")  # a restart must know who asked
    undone = store.move(1, UNDOING, UNDONE, by="U3", at=END)
    assert undone == replace(undoing, state=UNDONE, ended_by="U3", ended_at=END)
    assert store.get(1) == undone


def test_an_expired_change_was_ended_by_nobody(store: Store) -> None:
    change = in_state(store, APPLIED)
    assert store.move(change.id, APPLIED, UNDOING, by="U8") is not None
    assert store.move(change.id, UNDOING, APPLIED) is not None
    assert store.move(change.id, APPLIED, UNDOING, by="") is not None
    expired = store.move(change.id, UNDOING, EXPIRED, at=END)
    assert expired == replace(change, state=EXPIRED, ended_by="", ended_at=END)


@pytest.mark.parametrize(("old", "new"), [(o, n) for o, n in product(ChangeState, ChangeState) if n not in MOVES[o]])
def test_a_way_that_is_not_in_moves_is_an_error(store: Store, old: ChangeState, new: ChangeState) -> None:
    change = in_state(store, old)
    with pytest.raises(StoreError, match=f"CHG-{change.id}: .*from {old}"):
        store.move(change.id, old, new)
    assert store.get(change.id) == change


@pytest.mark.parametrize(("old", "new"), [(o, n) for o in ChangeState for n in sorted(MOVES[o])])
def test_every_way_in_moves_can_be_gone_once(store: Store, old: ChangeState, new: ChangeState) -> None:
    change = in_state(store, old)
    assert store.move(change.id, old, new) == replace(change, state=new)
    assert store.move(change.id, old, new) is None


def test_a_move_of_an_unknown_change_does_nothing(store: Store) -> None:
    assert store.move(9, PLANNED, APPLYING) is None


def test_a_move_has_one_winner(store: Store) -> None:
    change = planned(store)
    barrier = Barrier(8)

    def click(place: int) -> Change | None:
        barrier.wait(timeout=30)
        return store.move(change.id, PLANNED, APPLYING, by=f"U{place}", at=LATER)

    with ThreadPoolExecutor(8) as pool:
        won = [moved for moved in pool.map(click, range(8)) if moved]
    assert len(won) == 1
    assert store.get(change.id) == won[0]


def test_two_previews_of_one_playbook_cannot_both_be_applied(store: Store) -> None:
    """Two people confirm their own preview at the same moment: one change, not two."""
    mine, yours = planned(store), planned(store)
    other_playbook, other_incident = planned(store, playbook="other"), planned(store, incident=2)
    barrier = Barrier(2)

    def click(change: int) -> Change | None:
        barrier.wait(timeout=30)
        return store.move(change, PLANNED, APPLYING)

    with ThreadPoolExecutor(2) as pool:
        won = [moved for moved in pool.map(click, [mine.id, yours.id]) if moved]
    assert len(won) == 1
    assert store.move(other_playbook.id, PLANNED, APPLYING) is not None
    assert store.move(other_incident.id, PLANNED, APPLYING) is not None
    store.move(won[0].id, APPLYING, FAILED)
    (loser,) = {mine.id, yours.id} - {won[0].id}
    assert store.move(loser, PLANNED, APPLYING) is not None


def test_results_are_kept_in_the_order_of_the_steps_the_last_of_a_step_counts(store: Store) -> None:
    change = in_state(store, APPLYING)
    second = StepResult(1, Outcome.CONFIRMED, "Queue(s) paused.", NOON)
    unknown = StepResult(0, Outcome.UNKNOWN, "connection cut", NOON)
    settled = StepResult(0, Outcome.CONFIRMED, "read back", LATER)
    undone = StepResult(1, Outcome.FAILED, "no", LATER)
    for result in (second, unknown, settled):
        store.record(change.id, result, undo=False)
    store.record(change.id, undone, undo=True)
    assert store.get(change.id) == replace(change, results=(settled, second), undo_results=(undone,))
    (listed,) = store.in_states([APPLYING])
    assert listed == store.get(change.id)


def test_a_result_of_an_unknown_change_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="could not journal step 0 of CHG-9"):
        store.record(9, StepResult(0, Outcome.CONFIRMED, "", NOON), undo=False)


def test_changes_are_found_by_state_oldest_first(store: Store) -> None:
    changes = [in_state(store, state, incident) for incident, state in enumerate(ChangeState, start=1)]
    for change in changes:
        assert store.in_states({change.state}) == (change,)
    assert store.in_states(list(ChangeState)) == tuple(changes)
    assert store.in_states(()) == ()


def test_of_an_incident_come_those_that_were_ever_applied(store: Store) -> None:
    changes = [in_state(store, state, incident=5, playbook=state) for state in ChangeState]
    in_state(store, APPLIED, incident=6)
    assert store.of_incident(5) == tuple(c for c in changes if c.state not in (PLANNED, WITHDRAWN))
    assert store.of_incident(7) == ()
