"""`ports.FleetStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.model import HostHealth, HostSnapshot, QueueSizes, QueueState, VmtaState
from bot.store.fleet import SqlFleetStore
from bot.store.queue_sizes import EVERY, LEAST_RECIPIENTS, MOST_QUEUES
from tests.fakes import MemoryFleetStore
from tests.store_values import NOON, sqlite

Store = MemoryFleetStore | SqlFleetStore
QUEUE = QueueState("mta1", "gmail.com/{default}", 18_234, 10, False, "backoff", "14:35:42", 'said "no" \u2028 \0')
SNAPSHOT = HostSnapshot("mta1", NOON, (QUEUE, replace(QUEUE, paused=True)), (VmtaState("mta1", "v", 1, 2),), False)
HEALTH = HostHealth("mta1", NOON, NOON, 7, "no answer within 10 s", NOON)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryFleetStore()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlFleetStore(engine)


def test_nothing_is_known_at_first(store: Store) -> None:
    assert (store.snapshots(), store.health()) == ((), ())


def test_the_latest_of_every_host_is_kept_in_the_order_of_names(store: Store) -> None:
    for host in ("mta2", "mta10", "mta1"):
        store.put_snapshot(HostSnapshot(host, NOON, (), ()))
        store.put_health(HostHealth(host, None))
    store.put_snapshot(SNAPSHOT)
    store.put_health(HEALTH)
    empty = HostSnapshot("mta10", NOON, (), ())
    assert store.snapshots() == (SNAPSHOT, empty, replace(empty, host="mta2"))
    assert store.health() == (HEALTH, HostHealth("mta10", None), HostHealth("mta2", None))


LOOK = datetime(2026, 11, 20, 12, tzinfo=UTC)


def look(host: str, at: datetime, **recipients: int) -> HostSnapshot:
    queues = [QueueState(host, f"{name}/v", count, 0, False, "normal") for name, count in recipients.items()]
    return HostSnapshot(host, at, tuple(queues), ())


def test_nothing_waited_before_the_first_look(store: Store) -> None:
    assert store.queue_sizes(LOOK) is None


def test_the_first_look_of_each_stretch_is_kept_of_every_host(store: Store) -> None:
    second = timedelta(seconds=1)
    for snapshot in (
        look("mta1", LOOK + 3 * second, gmail=500, yahoo=20),
        look("mta1", LOOK + 13 * second, gmail=900),
        look("mta2", LOOK + 60 * second, gmail=70),
        look("mta3", LOOK + EVERY - second),
        look("mta1", LOOK + EVERY, gmail=1_000),
    ):
        store.put_snapshot(snapshot)
    sizes = {("mta1", "gmail/v"): 500, ("mta1", "yahoo/v"): 20, ("mta2", "gmail/v"): 70}
    assert store.queue_sizes(LOOK) == QueueSizes(LOOK, frozenset({"mta1", "mta2", "mta3"}), sizes)
    assert store.queue_sizes(LOOK + EVERY) == QueueSizes(
        LOOK + EVERY, frozenset({"mta1"}), {("mta1", "gmail/v"): 1_000}
    )


def test_the_nearest_look_is_told_if_it_is_near(store: Store) -> None:
    store.put_snapshot(look("mta1", LOOK, gmail=500))
    store.put_snapshot(look("mta1", LOOK + 2 * EVERY, gmail=700))

    def seen(after: timedelta) -> datetime | None:
        sizes = store.queue_sizes(LOOK + after)
        return sizes.at if sizes else None

    second = timedelta(seconds=1)
    assert [seen(-EVERY - second), seen(-EVERY)] == [None, LOOK]
    assert [seen(EVERY - second), seen(EVERY), seen(EVERY + second)] == [LOOK, LOOK, LOOK + 2 * EVERY]
    assert [seen(3 * EVERY), seen(3 * EVERY + second)] == [LOOK + 2 * EVERY, None]


def test_a_look_that_was_cut_short_says_nothing_of_queues_it_did_not_see(store: Store) -> None:
    store.put_snapshot(replace(look("mta1", LOOK, gmail=500), complete=False))
    assert store.queue_sizes(LOOK) == QueueSizes(LOOK, frozenset(), {("mta1", "gmail/v"): 500})


def test_small_queues_and_the_smaller_of_very_many_are_left_out(store: Store) -> None:
    few = {f"few{n}": LEAST_RECIPIENTS - 1 for n in range(3)}
    many = {f"c{n}": LEAST_RECIPIENTS + n for n in range(MOST_QUEUES + 5)}
    store.put_snapshot(look("mta1", LOOK, **few, **many))
    sizes = store.queue_sizes(LOOK)
    assert sizes is not None
    assert len(sizes.sizes) == MOST_QUEUES
    assert min(sizes.sizes.values()) == LEAST_RECIPIENTS + 5
    assert not sizes.hosts  # one that is not there was not empty


def test_a_host_with_as_many_queues_as_are_kept_is_known_in_full(store: Store) -> None:
    store.put_snapshot(look("mta1", LOOK, **{f"c{n}": LEAST_RECIPIENTS for n in range(MOST_QUEUES)}))
    sizes = store.queue_sizes(LOOK)
    assert sizes is not None
    assert sizes.hosts == {"mta1"}


def test_a_host_that_is_looked_at_later_joins_the_stretch(store: Store) -> None:
    store.put_snapshot(look("mta1", LOOK, gmail=500))
    before = store.queue_sizes(LOOK)
    assert before == QueueSizes(LOOK, frozenset({"mta1"}), {("mta1", "gmail/v"): 500})
    store.put_snapshot(look("mta2", LOOK, gmail=70))
    after = store.queue_sizes(LOOK)
    assert after is not None
    assert after.hosts == {"mta1", "mta2"}


def test_sizes_that_are_asked_for_again_are_not_read_again(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlFleetStore(engine)
        for n in range(8):
            store.put_snapshot(look("mta1", LOOK + n * EVERY, gmail=500))
        first = store.queue_sizes(LOOK)
        store.queue_sizes(LOOK + EVERY)
        assert store.queue_sizes(LOOK) is first
        for n in range(1, 6):
            store.queue_sizes(LOOK + n * EVERY)
        assert store.queue_sizes(LOOK) == first
        assert store.queue_sizes(LOOK) is not first  # only a few are held
