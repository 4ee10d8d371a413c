"""`ports.IncidentStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from bot.core.incident import Incident, IncidentState, Life, Note
from bot.core.tier import Tier
from bot.errors import StoreError
from bot.store.incidents import SqlIncidentStore
from tests.fakes import MemoryIncidentStore
from tests.store_values import NOON, diagnosis, sqlite

Store = MemoryIncidentStore | SqlIncidentStore
T = TypeVar("T")
THREADS = 8


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryIncidentStore()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlIncidentStore(engine)


def opened(store: Store, isp: str = "gmail") -> Incident:
    incident = store.open(diagnosis(isp), NOON)
    assert incident is not None
    return incident


def at_once(work: Callable[[int], T]) -> list[T]:
    """`work(0..7)`, all started together."""
    barrier = Barrier(THREADS)

    def run(place: int) -> T:
        barrier.wait(timeout=30)
        return work(place)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_an_opened_incident_begins_at_revision_1_and_reads_back_the_same(store: Store) -> None:
    incident = opened(store)
    assert incident == Incident(
        id=1,
        isp="gmail",
        state=IncidentState.OPEN,
        tier=Tier.REPUTATION,
        opened_at=NOON,
        revision=1,
        peak_rate=0.31,
        diagnosis=diagnosis(),
    )
    assert store.get(1) == incident
    assert store.get(2) is None


def test_ids_rise_from_1_and_one_isp_has_one_unresolved_incident(store: Store) -> None:
    first, second = opened(store), opened(store, "yahoo")
    assert store.open(diagnosis(), NOON) is None
    assert (first.id, second.id, opened(store, "apple").id) == (1, 2, 3)
    assert [incident.isp for incident in store.unresolved()] == ["gmail", "yahoo", "apple"]


def test_open_has_one_winner(store: Store) -> None:
    won = [incident for incident in at_once(lambda _: store.open(diagnosis(), NOON)) if incident]
    assert len(won) == 1
    assert store.unresolved() == tuple(won)


def test_a_move_changes_what_it_names_and_raises_the_revision_by_one(store: Store) -> None:
    incident = opened(store)
    moved = store.move(incident, owner="U1")
    assert moved == replace(incident, owner="U1", revision=2)
    worse = diagnosis(rate=0.52, tier=Tier.BLOCK)
    moved = store.move(moved, state=IncidentState.MITIGATING, tier=Tier.BLOCK, diagnosis=worse)
    assert moved == replace(
        incident,
        owner="U1",
        revision=3,
        state=IncidentState.MITIGATING,
        tier=Tier.BLOCK,
        diagnosis=worse,
        peak_rate=0.52,
    )
    assert store.get(1) == moved
    assert store.unresolved() == (moved,)


def test_a_move_of_nothing_still_raises_the_revision(store: Store) -> None:
    """So that a message is drawn anew when only its changes are different."""
    incident = opened(store)
    assert store.move(incident) == replace(incident, revision=2)


def test_the_peak_only_rises(store: Store) -> None:
    incident = opened(store)
    moved = store.move(incident, diagnosis=diagnosis(rate=0.04))
    assert moved is not None
    assert (moved.peak_rate, moved.diagnosis.now.rate) == (0.31, 0.04)


def test_a_move_from_an_old_revision_does_nothing(store: Store) -> None:
    incident = opened(store)
    moved = store.move(incident, owner="U1")
    assert store.move(incident, owner="U2", state=IncidentState.RESOLVED) is None
    assert store.get(1) == moved


def test_a_move_of_an_unknown_incident_does_nothing(store: Store) -> None:
    assert store.move(replace(opened(store), id=99), owner="U1") is None


def test_a_move_has_one_winner(store: Store) -> None:
    incident = opened(store)
    won = [moved for moved in at_once(lambda n: store.move(incident, owner=f"U{n}")) if moved]
    assert len(won) == 1
    assert store.get(1) == won[0]
    assert won[0].revision == 2


def test_racing_moves_that_try_again_all_get_in_and_each_raises_the_revision_by_one(store: Store) -> None:
    incident = opened(store)

    def insist(_: int) -> int:
        for _attempt in range(200):
            now = store.get(incident.id)
            assert now is not None
            if (moved := store.move(now)) is not None:
                return moved.revision
        raise AssertionError("never won")

    assert sorted(at_once(insist)) == list(range(2, 2 + THREADS))


def test_resolved_is_final_and_frees_the_isp(store: Store) -> None:
    end = NOON + timedelta(minutes=52)
    resolved = store.move(opened(store), state=IncidentState.RESOLVED, tier=Tier.CLEAR, resolved_at=end)
    assert resolved is not None
    assert (resolved.state, resolved.resolved_at) == (IncidentState.RESOLVED, end)
    assert store.unresolved() == ()
    assert store.move(resolved, state=IncidentState.OPEN) is None
    redrawn = store.move(resolved, state=IncidentState.RESOLVED)
    assert redrawn == replace(resolved, revision=3)
    again = opened(store)
    assert (again.id, again.revision) == (2, 1)


LIFE = Life(Tier.BLOCK, NOON, (NOON,), rising=False, damped=True, reopened=2, at_risk=28_577)


def test_a_life_is_kept_and_follows_a_move(store: Store) -> None:
    incident = store.open(diagnosis(), NOON, LIFE)
    assert incident is not None
    assert (incident.life, store.get(1)) == (LIFE, incident)
    moved = store.move(incident, owner="U1")
    assert moved is not None
    assert moved.life == LIFE
    moved = store.move(moved, life=Life())
    assert moved is not None
    assert moved.life == Life()


def over(store: Store) -> Incident:
    moved = store.move(opened(store), owner="U1")
    assert moved is not None
    resolved = store.move(moved, state=IncidentState.RESOLVED, tier=Tier.CLEAR, resolved_at=NOON)
    assert resolved is not None
    return resolved


def test_the_newest_of_an_isp_is_found_in_any_state(store: Store) -> None:
    assert store.newest("gmail") is None
    resolved = over(store)
    opened(store, "yahoo")
    assert store.newest("gmail") == resolved
    assert store.newest("gmail") != opened(store)
    assert store.newest("gmail") == store.get(3)


def test_one_that_is_over_comes_back_as_itself_with_nobody_as_its_owner(store: Store) -> None:
    resolved = over(store)
    worse = diagnosis(rate=0.52, tier=Tier.BLOCK)
    again = store.reopen(resolved, worse, state=IncidentState.MITIGATING, life=LIFE)
    assert again == replace(
        resolved,
        state=IncidentState.MITIGATING,
        tier=Tier.BLOCK,
        diagnosis=worse,
        peak_rate=0.52,
        owner="",
        resolved_at=None,
        life=LIFE,
        revision=4,
    )
    assert store.unresolved() == (again,)
    assert store.reopen(again, worse, state=IncidentState.OPEN, life=LIFE) is None  # it is not over


def test_one_that_is_over_does_not_come_back_beside_another_or_twice(store: Store) -> None:
    resolved = over(store)
    won = [a for a in at_once(lambda _: store.reopen(resolved, diagnosis(), state=IncidentState.OPEN, life=LIFE)) if a]
    assert len(won) == 1
    ended = store.move(won[0], state=IncidentState.RESOLVED)
    assert ended is not None
    opened(store)
    assert store.reopen(ended, diagnosis(), state=IncidentState.OPEN, life=LIFE) is None
    assert store.get(1) == ended


def test_a_note_leaves_the_revision_alone(store: Store) -> None:
    incident = opened(store)
    store.note(Note(incident.id, NOON, "tier *throttle*", broadcast=True))
    assert store.get(incident.id) == incident


def test_a_note_on_an_unknown_incident_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="could not note on INC-9"):
        store.note(Note(9, NOON, "lost"))
