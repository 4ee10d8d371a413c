"""`ports.TallyStore.commit`: batches of any size and shape, all of one or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core import distinct
from bot.core.model import Cell, Dim, FilePosition, IspCell, JobCell, RollUp, Tally, Window
from bot.core.rollup import add_up
from bot.errors import StoreError
from bot.ports import NewRecords
from bot.store.numbered import FEW
from bot.store.tallies import SqlTallyStore
from tests.fakes import MemoryTallyStore
from tests.store_values import sqlite

START = datetime(2026, 11, 20, 11, tzinfo=UTC)
MINUTE = int(START.timestamp())
HOUR = Window(START, START + timedelta(hours=1))
Store = MemoryTallyStore | SqlTallyStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryTallyStore()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlTallyStore(engine)


def many(count: int) -> RollUp:
    cells = {
        Cell(MINUTE + 60 * (n % 7), f"isp{n}", "mta1", "", "", f"421 {n}"): Tally(n, 1, 0, 2) for n in range(count)
    }
    jobs = {JobCell(MINUTE, f"isp{n}", "mta1", "c1"): Tally(n) for n in range(count)}
    hosted = {IspCell(MINUTE, f"isp{n}"): Tally(n) for n in range(count)}
    return RollUp(cells, jobs, {}, hosted)


@pytest.mark.parametrize("count", [1, 49, 50, 51, 130, FEW + 30])
def test_batches_of_any_size_add_up(store: Store, count: int) -> None:
    for _ in range(2):
        store.commit("mta1", NewRecords(many(count), ()))
    whole = sum(range(count))
    assert store.totals(HOUR, ()) == {(): Tally(2 * whole, 2 * count, 0, 4 * count)}
    assert store.totals(HOUR, (Dim.ISP, Dim.REPLY))[f"isp{count - 1}", f"421 {count - 1}"].deferred == 2
    assert len(store.totals(HOUR, (Dim.ISP, Dim.HOST))) == count
    assert store.totals(HOUR, (Dim.JOB,)) == {("c1",): Tally(2 * whole)}
    assert store.hosted(HOUR, f"isp{count - 1}") == Tally(2 * (count - 1))


def test_the_parts_of_one_batch_may_have_the_same_keys(store: Store) -> None:
    """Two files of one host, joined: the database adds their rows up."""
    store.commit("mta1", NewRecords(add_up([many(60), many(70)]), ()))
    assert store.totals(HOUR, ()) == {(): Tally(sum(range(60)) + sum(range(70)), 130, 0, 260)}
    assert store.totals(HOUR, (Dim.ISP,))["isp59",] == Tally(118, 2, 0, 4)


def test_recipients_of_many_batches_are_one_crowd(store: Store) -> None:
    people = [f"u{n}@gmail.com" for n in range(40)]
    cell = Cell(MINUTE, "gmail", "mta1", "", "", "421")
    for start in (0, 10, 20):
        seen = distinct.merged(distinct.all_hashed(people[start : start + 20]))
        sketches = {IspCell(MINUTE, "gmail"): seen, IspCell(MINUTE, f"isp{start}"): seen}
        store.commit("mta1", NewRecords(RollUp({cell: Tally(0, 20)}, deferred_to=sketches), ()))
    found = store.recipients(HOUR, "gmail")
    assert found
    assert (found.distinct, found.tally) == (40, Tally(0, 60))


def test_a_batch_that_cannot_be_kept_leaves_nothing(tmp_path: Path) -> None:
    with sqlite(tmp_path / "deferbot.db") as engine:
        store = SqlTallyStore(engine)
        kept, broken = many(60), many(60)
        broken.jobs = {JobCell(MINUTE, "gmail", "mta1", "c1"): Tally(1 << 70)}
        broken.deferred_to[IspCell(MINUTE, "gmail")] = (1,)
        store.commit("mta1", NewRecords(kept, (FilePosition("acct.csv", 1, 10, "type"),)))
        with pytest.raises(StoreError):
            store.commit("mta1", NewRecords(broken, (FilePosition("acct.csv", 1, 20, "type"),)))
        assert store.totals(HOUR, ()) == {(): Tally(sum(range(60)), 60, 0, 120)}
        assert [position.offset for position in store.positions("mta1")] == [10]
