"""Hours, hosted mail and recipients of `ports.TallyStore`: exact whatever comes late, however minutes are rolled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.core import distinct
from bot.core.model import Cell, Dim, IspCell, JobCell, Recipients, RollUp, Tally, Window
from bot.core.templates import OTHER_TEMPLATE
from bot.ports import NewRecords
from bot.store import hours
from bot.store.tables import reply
from bot.store.tallies import SqlTallyStore
from bot.store.transactions import reading, writing
from tests.fakes import MemoryTallyStore
from tests.store_values import sqlite

Store = MemoryTallyStore | SqlTallyStore
START = datetime(2026, 11, 20, 11, tzinfo=UTC)
MINUTE = int(START.timestamp())
DETAILS = (None, Dim.SOURCE_IP, Dim.REPLY, Dim.JOB)
QUESTIONS = [
    by
    for detail in DETAILS
    for rest in ((), (Dim.MINUTE,), (Dim.ISP,), (Dim.MINUTE, Dim.ISP))
    for by in permutations((*rest, *([detail] if detail else ())))
]


def window(first_minute: int, minutes: int) -> Window:
    start = START + timedelta(minutes=first_minute)
    return Window(start, start + timedelta(minutes=minutes))


def cell(minute: int = 0, isp: str = "gmail", ip: str = "192.0.2.10", reply: str = "") -> Cell:
    return Cell(MINUTE + 60 * minute, isp, "mta1", ip, "gmail-ip-1", reply)


def counted(cells: dict[Cell, Tally], jobs: dict[JobCell, Tally] | None = None) -> NewRecords:
    return NewRecords(RollUp(cells=cells, jobs=jobs or {}, rows=len(cells)), ())


def roll(engine: Engine, minute: int, *, step: int = hours.SLICE_S, rows: int = hours.SLICE_ROWS) -> bool:
    with writing(engine, "roll") as connection:
        return hours.roll(connection, MINUTE + 60 * minute, step=step, rows=rows)


def rolled_to(engine: Engine) -> int | None:
    """In minutes after `START`."""
    with reading(engine, "look") as connection:
        at = hours.rolled_to(connection)
    return None if at is None else (at - MINUTE) // 60


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryTallyStore()
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlTallyStore(engine)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with sqlite(tmp_path / "deferbot.db") as opened:
        yield opened


def test_hours_are_whole_and_told_by_their_start(store: Store) -> None:
    store.commit("mta1", counted({cell(minute): Tally(1, minute) for minute in (-1, 0, 59, 60, 119, 120)}))
    asked = window(30, 60)  # touches two hours
    assert store.hours(asked, (Dim.MINUTE,)) == {
        (str(MINUTE),): Tally(2, 59),
        (str(MINUTE + 3_600),): Tally(2, 179),
    }
    assert store.hours(asked, (Dim.ISP,), isp="gmail") == {("gmail",): Tally(4, 238)}
    assert store.hours(asked, (Dim.ISP,), isp="yahoo") == {}
    assert store.hours(window(0, 60), ()) == {(): Tally(2, 59)}


@pytest.mark.parametrize("by", [(Dim.HOST,), (Dim.VMTA,), (Dim.JOB, Dim.REPLY), (Dim.SOURCE_IP, Dim.ISP, Dim.REPLY)])
def test_what_is_not_kept_per_hour_cannot_be_asked_for(store: Store, by: tuple[Dim, ...]) -> None:
    with pytest.raises(ValueError, match="hours are kept by ISP and one of SOURCE_IP, REPLY and JOB, found"):
        store.hours(window(0, 60), by)


def test_hosted_mail_is_a_part_of_the_isps(store: Store) -> None:
    hosted = {IspCell(MINUTE + 60 * minute, isp): Tally(minute, 1) for minute in range(4) for isp in ("gmail", "yahoo")}
    for _ in range(2):
        store.commit("mta1", NewRecords(RollUp(hosted=hosted), ()))
    assert store.hosted(window(1, 2), "gmail") == Tally(6, 4)
    assert store.hosted(window(9, 2), "gmail") == store.hosted(window(1, 2), "apple") == Tally()


def test_recipients_of_all_stretches_that_touch_the_window_count_once(store: Store) -> None:
    def part(minute: int, *people: str) -> NewRecords:
        seen = distinct.merged(map(distinct.hashed, people))
        start = MINUTE + 60 * (minute - minute % 10)
        return NewRecords(
            RollUp({cell(minute): Tally(5, len(people))}, deferred_to={IspCell(start, "gmail"): seen}), ()
        )

    for each in (part(3, "a", "b"), part(4, "B", "c"), part(19, "c", "d"), part(20, "e"), part(-1, "z")):
        store.commit("mta1", each)
    whole = Window(START, START + timedelta(minutes=20))
    assert store.recipients(window(7, 10), "gmail") == Recipients(whole, 4, Tally(15, 6))
    assert store.recipients(whole, "gmail") == Recipients(whole, 4, Tally(15, 6))
    assert store.recipients(whole, "yahoo") == Recipients(whole, 0, Tally())


def test_recipients_that_were_not_counted_are_not_known(store: Store) -> None:
    store.commit("mta1", counted({cell(3): Tally(5, 1), cell(13): Tally(5)}))
    assert store.recipients(window(0, 20), "gmail") is None
    assert store.recipients(window(10, 10), "gmail") == Recipients(window(10, 10), 0, Tally(5))  # none to be counted


def test_a_slice_is_at_most_its_step_and_its_rows(engine: Engine) -> None:
    store = SqlTallyStore(engine)
    store.commit("mta1", counted({cell(minute, ip=f"ip{n}"): Tally(1) for minute in range(10) for n in range(10)}))
    steps = []
    while roll(engine, 8, step=180, rows=20):
        steps.append(rolled_to(engine))
    assert steps == [2, 4, 6, 8]
    assert roll(engine, 10, step=60)
    assert rolled_to(engine) == 9
    assert not roll(engine, 5)  # a clock that went back


def test_a_gap_is_jumped_over(engine: Engine) -> None:
    store = SqlTallyStore(engine)
    assert not roll(engine, 0)
    year = 60 * 24 * 365
    store.commit("mta1", counted({cell(0): Tally(1), cell(year): Tally(2)}))
    assert roll(engine, year + 10)
    assert roll(engine, year + 10)
    assert not roll(engine, year + 10)
    assert store.hours(window(0, 2 * year), (Dim.MINUTE,)) == {
        (str(MINUTE),): Tally(1),
        (str(MINUTE + 60 * year),): Tally(2),
    }


def test_an_hour_that_outlives_its_template_shows_other_replies(engine: Engine) -> None:
    store = SqlTallyStore(engine)
    store.commit(
        "mta1", counted({cell(reply="421 *"): Tally(0, 1), cell(reply="450 *"): Tally(0, 2), cell(): Tally(9)})
    )
    assert roll(engine, 10)
    with writing(engine, "forget") as connection:
        connection.execute(reply.delete())
    assert store.hours(window(0, 60), (Dim.REPLY,)) == {(OTHER_TEMPLATE,): Tally(0, 3), ("",): Tally(9)}


def test_nothing_is_written_where_nothing_is_new(engine: Engine) -> None:
    SqlTallyStore(engine).commit("mta1", counted({cell(): Tally(1)}))
    assert roll(engine, 10)
    assert not roll(engine, 20)
    assert rolled_to(engine) == 5


minutes = st.integers(-70, 130)
tallies = st.builds(Tally, *[st.integers(0, 1_000)] * 4)
cells = st.builds(
    cell,
    minutes,
    st.sampled_from(["gmail", "yahoo"]),
    st.sampled_from(["192.0.2.10", ""]),
    st.sampled_from(["", "421 *", "550 *"]),
)
jobs = st.builds(
    JobCell,
    minutes.map(lambda minute: MINUTE + 60 * minute),
    st.sampled_from(["gmail", "yahoo"]),
    st.sampled_from(["mta1", "mta2"]),
    st.sampled_from(["", "c1"]),
)
commits = st.builds(counted, st.dictionaries(cells, tallies, max_size=8), st.dictionaries(jobs, tallies, max_size=4))
rolls = st.tuples(minutes, st.sampled_from([60, 300, 7_200]))


@settings(max_examples=80, deadline=None)
@given(st.lists(commits | rolls, max_size=8), st.lists(st.sampled_from(QUESTIONS), min_size=6, max_size=6))
def test_any_order_of_commits_and_rolls_gives_the_sums_of_the_minutes(
    work: list[NewRecords | tuple[int, int]], questions: list[tuple[Dim, ...]]
) -> None:
    """The fake adds up its minutes when it is asked; the database has rolled some, all or none of them."""
    memory = MemoryTallyStore()
    with sqlite() as opened:
        store = SqlTallyStore(opened)
        for each in work:
            if isinstance(each, NewRecords):
                store.commit("mta1", each)
                memory.commit("mta1", each)
            else:
                roll(opened, each[0], step=each[1])
        for by in questions:
            for asked in (window(-70, 200), window(30, 60), window(0, 60)):
                assert store.hours(asked, by) == memory.hours(asked, by)
                assert store.hours(asked, by, isp="gmail") == memory.hours(asked, by, isp="gmail")
