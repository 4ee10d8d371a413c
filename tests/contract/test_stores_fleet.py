"""`ports.FleetStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.model import HostHealth, HostSnapshot, QueueState, VmtaState
from bot.store.fleet import SqlFleetStore
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
