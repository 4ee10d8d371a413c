"""What is kept for how long: in small steps, never before it is in the hours, and the file stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, func, select

from bot.core import distinct
from bot.core.model import Cell, Dim, HostSnapshot, IspCell, JobCell, QueueState, RollUp, Tally, Window
from bot.core.templates import OTHER_TEMPLATE
from bot.ports import NewRecords
from bot.store import tables
from bot.store.fleet import SqlFleetStore
from bot.store.hours import HOUR_S
from bot.store.retention import FEW_ATTEMPTS, FEW_RECORDS, OTHER_ISP, Retention
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import reading
from tests.store_values import sqlite

START = datetime(2026, 11, 20, 11, tzinfo=UTC)
DAY = timedelta(days=1)
EVER = Window(START - 900 * DAY, START + 900 * DAY)
KEEP_TALLIES, KEEP_HOURS = 14 * DAY, 400 * DAY


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with sqlite(tmp_path / "deferbot.db") as opened:
        yield opened


def retention(engine: Engine, step: int = 5_000) -> Retention:
    return Retention(engine, KEEP_TALLIES, KEEP_HOURS, step)


def clean(engine: Engine, now: datetime, step: int = 5_000) -> int:
    """How many times there was something to do."""
    keeper, rounds = retention(engine, step), 0
    while keeper.clean_up(now):
        rounds += 1
        assert rounds < 1_000
    return rounds


def minute(at: datetime) -> int:
    return int(at.timestamp()) // 60 * 60


def cell(at: datetime, isp: str = "gmail", ip: str = "192.0.2.10", reply: str = "") -> Cell:
    return Cell(minute(at), isp, "mta1", ip, "gmail-ip-1", reply)


def commit(engine: Engine, cells: dict[Cell, Tally], jobs: dict[JobCell, Tally] | None = None) -> None:
    SqlTallyStore(engine).commit("mta1", NewRecords(RollUp(cells=cells, jobs=jobs or {}, rows=len(cells)), ()))


def rows(engine: Engine, table: Table) -> int:
    with reading(engine, "count") as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_minutes_go_in_steps_after_they_are_in_the_hours(engine: Engine) -> None:
    old = {cell(START + timedelta(minutes=n), reply=f"old{n % 3}"): Tally(0, 30) for n in range(100)}
    commit(engine, old, {JobCell(minute(START), "gmail", "mta1", "c1"): Tally(30)})
    commit(engine, {cell(START + 15 * DAY): Tally(50)})
    now = START + 15 * DAY
    assert clean(engine, now, step=10) >= 10
    store = SqlTallyStore(engine)
    assert store.totals(EVER, (Dim.ISP,)) == {("gmail",): Tally(50)}
    assert store.totals(EVER, (Dim.JOB,)) == {}
    assert store.hours(EVER, (Dim.ISP,)) == {("gmail",): Tally(50, 3_000)}
    assert store.hours(EVER, (Dim.JOB,)) == {("c1",): Tally(30)}
    assert store.samples("gmail") == {}
    assert store.hours(EVER, (Dim.REPLY,)) == {("",): Tally(50), (OTHER_TEMPLATE,): Tally(0, 3_000)}


def test_minutes_that_are_not_in_the_hours_are_kept_however_old(engine: Engine) -> None:
    """One step of the work rolls a slice and prunes; the slices after it must outlive that."""
    commit(engine, {cell(START + timedelta(minutes=n)): Tally(1) for n in range(60)})
    assert retention(engine).clean_up(START + 20 * DAY)
    assert rows(engine, tables.tally) == 55
    assert SqlTallyStore(engine).hours(EVER, ()) == {(): Tally(60)}
    clean(engine, START + 20 * DAY)
    assert rows(engine, tables.tally) == 0
    assert SqlTallyStore(engine).hours(EVER, ()) == {(): Tally(60)}


def test_a_record_older_than_what_is_kept_is_in_the_hours_only(engine: Engine) -> None:
    commit(engine, {cell(START + 20 * DAY): Tally(50)})
    clean(engine, START + 21 * DAY)
    commit(engine, {cell(START): Tally(70)})
    clean(engine, START + 21 * DAY)
    store = SqlTallyStore(engine)
    assert store.totals(EVER, ()) == {(): Tally(50)}
    assert store.hours(EVER, ()) == {(): Tally(120)}


def test_recipients_are_kept_for_a_day_and_queue_sizes_for_two_hours(engine: Engine) -> None:
    store, fleet = SqlTallyStore(engine), SqlFleetStore(engine)
    queue = QueueState("mta1", "gmail.com/v", 50, 0, False, "normal")
    for hour in range(30):
        at = START + timedelta(hours=hour)
        seen = {IspCell(minute(at), "gmail"): distinct.merged([1])}
        store.commit("mta1", NewRecords(RollUp(deferred_to=seen), ()))
        fleet.put_snapshot(HostSnapshot("mta1", at, (queue,), ()))
    now = START + timedelta(hours=29)
    clean(engine, now, step=3)
    assert rows(engine, tables.recipient_sketch) == 26
    assert [fleet.queue_sizes(now - timedelta(hours=back)) is None for back in range(4)] == [False, False, False, True]


def test_small_details_go_after_two_days_and_the_hour_stays_exact(engine: Engine) -> None:
    few, enough = Tally(0, FEW_RECORDS - 2, 1), Tally(0, FEW_RECORDS - 1, 1)
    big = cell(START, ip="big", reply="big")
    small = {cell(START, ip=f"ip{n}", reply=f"r{n}"): few for n in range(30)}
    at = minute(START)
    commit(
        engine,
        {big: enough, **small},
        {JobCell(at, "gmail", "mta1", "big"): enough, JobCell(at, "gmail", "mta1", "small"): few},
    )
    commit(engine, {cell(START + 3 * DAY, ip="lately"): Tally(1)})
    clean(engine, START + timedelta(hours=48, minutes=59), step=7)
    store = SqlTallyStore(engine)
    assert len(store.hours(EVER, (Dim.SOURCE_IP,))) == 32
    clean(engine, START + 3 * DAY + timedelta(hours=1), step=7)
    assert store.hours(EVER, (Dim.SOURCE_IP,)) == {("big",): enough, ("lately",): Tally(1)}
    assert store.hours(EVER, (Dim.REPLY,)) == {("big",): enough, ("",): Tally(1)}
    assert store.hours(EVER, (Dim.JOB,)) == {("big",): enough}
    assert store.hours(EVER, (Dim.ISP,)) == {("gmail",): sum([few] * 30, enough + Tally(1))}


def test_small_isps_become_one_when_their_minutes_go(engine: Engine) -> None:
    small = {cell(START, isp=f"c{n}.example"): Tally(FEW_ATTEMPTS - 2, 1, 7) for n in range(40)}
    commit(engine, {cell(START): Tally(FEW_ATTEMPTS), **small})
    commit(engine, {cell(START + timedelta(hours=1), isp="c1.example"): Tally(0, 1)})
    store = SqlTallyStore(engine)
    clean(engine, START + KEEP_TALLIES, step=7)
    assert len(store.hours(EVER, (Dim.ISP,))) == 41
    clean(engine, START + KEEP_TALLIES + timedelta(hours=2), step=7)
    first, second = str(minute(START)), str(minute(START) + HOUR_S)
    assert store.hours(EVER, (Dim.MINUTE, Dim.ISP)) == {
        (first, "gmail"): Tally(FEW_ATTEMPTS),
        (first, OTHER_ISP): Tally(40 * (FEW_ATTEMPTS - 2), 40, 280),
        (second, OTHER_ISP): Tally(0, 1),
    }


def test_hours_go_when_their_time_is_over(engine: Engine) -> None:
    for days in (0, 1):
        at = START + days * DAY
        commit(engine, {cell(at, reply="r"): Tally(0, 100)}, {JobCell(minute(at), "gmail", "mta1", "c"): Tally(100)})
    clean(engine, START + KEEP_HOURS + timedelta(hours=1))
    assert [rows(engine, t) for t in (tables.isp_hour, tables.source_hour, tables.reply_hour, tables.job_hour)] == [
        1
    ] * 4


def test_a_template_is_kept_as_long_as_a_minute_uses_it(engine: Engine) -> None:
    commit(engine, {cell(START, reply="old"): Tally(0, 1), cell(START, reply="both"): Tally(0, 1)})
    commit(engine, {cell(START + 10 * DAY, reply="both"): Tally(0, 1)})
    store = SqlTallyStore(engine)
    clean(engine, START + 16 * DAY)
    assert store.samples("gmail").keys() == {"both"}
    commit(engine, {cell(START + 16 * DAY, reply="old"): Tally(0, 7)})
    assert store.totals(EVER, (Dim.REPLY,)) == {("old",): Tally(0, 7), ("both",): Tally(0, 1)}


def test_the_file_stays_as_big_as_it_is(tmp_path: Path) -> None:
    """Two months of other ISPs and replies every day, with little kept: pages that are freed are used again."""
    sizes = []
    with sqlite(tmp_path / "deferbot.db") as engine:
        keeper = Retention(engine, 2 * DAY, 10 * DAY)
        fleet = SqlFleetStore(engine)
        for day in range(60):
            at = START + day * DAY
            names = [(at + timedelta(hours=n % 2), f"c{n}-{day:02}.example", f"r{n} {day:02}") for n in range(300)]
            commit(engine, {cell(when, isp=isp, reply=reply): Tally(0, 40) for when, isp, reply in names})
            queues = [QueueState("mta1", f"{isp}/v", 50, 0, False, "normal") for _, isp, _ in names]
            fleet.put_snapshot(HostSnapshot("mta1", at, tuple(queues), ()))
            while keeper.clean_up(at + DAY):
                pass
            with reading(engine, "measure") as connection:
                sizes.append(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    assert max(sizes[30:]) <= 1.02 * max(sizes[:30])
    assert sizes[-1] < 3 * sizes[3]
