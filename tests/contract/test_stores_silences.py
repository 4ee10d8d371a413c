"""`ports.SilenceStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.silence import About, Silence
from bot.ports import SilenceStore
from bot.store.silences import SqlSilenceStore
from tests.fakes import MemorySilenceStore
from tests.store_values import NOON, sqlite

HOUR = timedelta(hours=1)
NEW = Silence(0, About.ISP, "gmail", "U1", 'list <cleaning> "naïve" \U0001f600', NOON, NOON + HOUR)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SilenceStore]:
    if request.param == "memory":
        yield MemorySilenceStore()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlSilenceStore(engine)


def test_what_is_added_reads_back_the_same_with_its_id(store: SilenceStore) -> None:
    assert store.add(NEW) == replace(NEW, id=1) == store.get(1)
    assert store.add(replace(NEW, about=About.HOST, name="mta1")).id == 2
    assert store.get(3) is None


def test_active_are_those_whose_time_is_not_up(store: SilenceStore) -> None:
    first, second = store.add(NEW), store.add(replace(NEW, until=NOON + 2 * HOUR))
    assert store.active(NOON) == (first, second)
    assert store.active(NOON + HOUR) == (second,)  # the end is not part of it
    assert store.active(NOON + 2 * HOUR) == ()


def test_it_is_ended_early_once(store: SilenceStore) -> None:
    kept = store.add(NEW)
    ended = store.end(1, by="U2", at=NOON + HOUR / 2)
    assert ended == replace(kept, ended_at=NOON + HOUR / 2, ended_by="U2") == store.get(1)
    assert store.active(NOON) == ()
    assert store.end(1, by="U3", at=NOON + HOUR / 2) is None
    assert store.get(1) == ended


def test_what_is_over_or_never_was_is_not_ended(store: SilenceStore) -> None:
    kept = store.add(NEW)
    assert store.end(1, by="U2", at=NOON + HOUR) is None
    assert store.end(2, by="U2", at=NOON) is None
    assert store.get(1) == kept


def test_what_is_to_come_stands_and_is_not_active_yet(store: SilenceStore) -> None:
    ahead = store.add(replace(NEW, began_at=NOON + HOUR, until=NOON + 3 * HOUR))
    assert (store.standing(NOON), store.active(NOON)) == ((ahead,), ())
    assert store.active(NOON + HOUR) == (ahead,)
    assert store.end(1, by="U2", at=NOON) is not None  # taken back before it began
    assert store.standing(NOON) == ()
