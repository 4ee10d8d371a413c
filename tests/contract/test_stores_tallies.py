"""`ports.TallyStore`: what every implementation does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import (
    JOB_REPLIES_EVERY_S,
    Cell,
    Dim,
    FilePosition,
    JobCell,
    JobReplyCell,
    RollUp,
    Tally,
    Window,
)
from bot.core.templates import OTHER_TEMPLATE
from bot.ports import NewRecords
from bot.store.tallies import SqlTallyStore
from tests.fakes import MemoryTallyStore
from tests.store_values import sqlite

Store = MemoryTallyStore | SqlTallyStore
START = datetime(2026, 11, 20, 11, tzinfo=UTC)
MINUTE = int(START.timestamp())
CELL_DIMS = (Dim.MINUTE, Dim.ISP, Dim.HOST, Dim.SOURCE_IP, Dim.VMTA, Dim.REPLY)
QUESTIONS = [by for n in range(len(CELL_DIMS) + 1) for by in combinations(CELL_DIMS, n)]
JOB_DIMS = (Dim.ISP, Dim.MINUTE, Dim.HOST)
JOB_QUESTIONS = [(*by, Dim.JOB) for n in range(len(JOB_DIMS) + 1) for by in combinations(JOB_DIMS, n)]


def window(minutes: int, start: datetime = START) -> Window:
    return Window(start, start + timedelta(minutes=minutes))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryTallyStore(templates_per_isp=3)
    else:
        with sqlite(tmp_path / "deferbot.db") as engine:
            yield SqlTallyStore(engine, templates_per_isp=3)


def cell(minute: int = 0, isp: str = "gmail", ip: str = "192.0.2.10", reply: str = "") -> Cell:
    return Cell(MINUTE + 60 * minute, isp, "mta1", ip, "gmail-ip-1", reply)


def records(cells: dict[Cell, Tally], *positions: FilePosition, jobs: dict[JobCell, Tally] | None = None) -> NewRecords:
    samples = {(c.isp, c.reply): f"raw {c.reply}" for c in cells if c.reply}
    return NewRecords(RollUp(cells=cells, jobs=jobs or {}, samples=samples, rows=len(cells)), positions)


def test_counts_of_one_cell_add_up_over_commits(store: Store) -> None:
    store.commit("mta1", records({cell(): Tally(1, 2, 3, 4)}))
    store.commit("mta1", records({cell(): Tally(10, 20, 30, 40)}))
    assert store.totals(window(1), (Dim.SOURCE_IP,)) == {("192.0.2.10",): Tally(11, 22, 33, 44)}
    assert store.totals(window(1), ()) == {(): Tally(11, 22, 33, 44)}


def test_keys_come_in_the_order_asked_for_and_as_text(store: Store) -> None:
    store.commit("mta1", records({cell(reply="421 *"): Tally(0, 1)}))
    asked = (Dim.REPLY, Dim.MINUTE, Dim.ISP, Dim.HOST)
    assert store.totals(window(1), asked) == {("421 *", str(MINUTE), "gmail", "mta1"): Tally(0, 1)}


def test_nothing_counted_gives_nothing(store: Store) -> None:
    for by in [*QUESTIONS, *JOB_QUESTIONS]:
        assert store.totals(window(60), by) == {}


def test_one_isp_can_be_asked_for(store: Store) -> None:
    store.commit("mta1", records({cell(): Tally(1), cell(isp="yahoo"): Tally(2)}))
    for by in QUESTIONS:
        assert sum(t.delivered for t in store.totals(window(1), by, isp="yahoo").values()) == 2


def test_the_same_template_at_two_isps_is_one_row_when_the_isp_is_not_asked_for(store: Store) -> None:
    store.commit("mta1", records({cell(reply="421 *"): Tally(0, 1), cell(isp="yahoo", reply="421 *"): Tally(0, 2)}))
    assert store.totals(window(1), (Dim.REPLY,)) == {("421 *",): Tally(0, 3)}


@pytest.mark.parametrize(
    ("start_s", "end_s", "minutes"),
    [
        (0, 180, [0, 1, 2]),  # on the minute: half open, the minute at the end is out
        (1, 180, [1, 2]),  # a minute that began before the window is not whole
        (0, 179, [0, 1]),
        (59, 61, []),
        (60, 60, []),
        (120, 60, []),
    ],
)
def test_only_whole_minutes_inside_the_window_count(store: Store, start_s: int, end_s: int, minutes: list[int]) -> None:
    store.commit("mta1", records({cell(minute): Tally(1) for minute in range(-1, 5)}))
    asked = Window(START + timedelta(seconds=start_s), START + timedelta(seconds=end_s))
    want = {(str(MINUTE + 60 * minute),): Tally(1) for minute in minutes}
    assert store.totals(asked, (Dim.MINUTE,)) == want
    assert store.totals(asked, (Dim.MINUTE,), isp="gmail") == want


def test_a_long_window_of_one_isp_counts_all_of_it(store: Store) -> None:
    store.commit("mta1", records({cell(minute): Tally(1) for minute in range(0, 5_000, 7)}))
    assert store.totals(window(5_000), (Dim.HOST,), isp="gmail") == {("mta1",): Tally(715)}


def test_campaigns_are_counted_apart(store: Store) -> None:
    jobs = {JobCell(MINUTE, "gmail", "mta1", "c1"): Tally(5, 1), JobCell(MINUTE + 60, "gmail", "mta1", "c1"): Tally(1)}
    store.commit("mta1", records({cell(): Tally(1)}, jobs=jobs))
    store.commit("mta1", records({}, jobs=jobs))
    assert store.totals(window(60), (Dim.JOB,), isp="gmail") == {("c1",): Tally(12, 2)}
    assert store.totals(window(60), (Dim.JOB,), isp="yahoo") == {}
    assert store.totals(window(1), (Dim.MINUTE, Dim.JOB)) == {(str(MINUTE), "c1"): Tally(10, 2)}


def test_campaigns_go_together_with_minute_isp_and_host_only(store: Store) -> None:
    with pytest.raises(ValueError, match="JOB goes together with MINUTE, ISP and HOST only"):
        store.totals(window(1), (Dim.JOB, Dim.VMTA))


def test_pmtas_own_category_of_a_reply_is_kept_the_first_one(store: Store) -> None:
    dead, listed = ("gmail", "550 dead"), ("gmail", "550 listed")
    cells = {cell(reply=text): Tally(bounced=1) for _, text in (dead, listed)}
    samples = {dead: "raw", listed: "raw"}
    words: tuple[dict[tuple[str, str], str], ...] = (
        {},
        {dead: "bad-mailbox"},
        {dead: "policy-related", ("gmail", "421 never counted"): "other"},
    )
    for filed in words:
        store.commit("mta1", NewRecords(RollUp(cells=cells, samples=samples, filed=filed), ()))
    assert (store.filed("gmail"), store.filed("yahoo")) == ({"550 dead": "bad-mailbox"}, {})


def test_what_campaigns_were_answered(store: Store) -> None:
    slow, full = (cell(reply=text) for text in ("421 slow", "452 full"))
    stretch = MINUTE - MINUTE % JOB_REPLIES_EVERY_S
    cells = {slow: Tally(0, 9), full: Tally(0, 2), cell(): Tally(80)}
    answered = {
        JobReplyCell(stretch, "gmail", "news", "421 slow"): Tally(0, 7),
        JobReplyCell(stretch, "gmail", "deals", "421 slow"): Tally(0, 2),
        JobReplyCell(stretch + JOB_REPLIES_EVERY_S, "gmail", "news", "452 full"): Tally(0, 2),
    }
    samples = {("gmail", "421 slow"): "raw", ("gmail", "452 full"): "raw"}
    for _ in range(2):
        store.commit("mta1", NewRecords(RollUp(cells=cells, samples=samples, job_replies=answered), ()))
    asked = Window(datetime.fromtimestamp(stretch + 599, UTC), datetime.fromtimestamp(stretch + 600, UTC))
    assert store.job_replies(asked, "gmail") == {
        (stretch, "news", "421 slow"): Tally(0, 14),
        (stretch, "deals", "421 slow"): Tally(0, 4),
    }
    hour = Window(asked.start, asked.end + timedelta(hours=1))
    assert store.job_replies(hour, "gmail", "news") == {
        (stretch, "news", "421 slow"): Tally(0, 14),
        (stretch + JOB_REPLIES_EVERY_S, "news", "452 full"): Tally(0, 4),
    }
    assert store.job_replies(hour, "yahoo") == {}


def test_positions_are_those_of_the_last_commit_of_that_host(store: Store) -> None:
    first = FilePosition("/var/log/pmta/acct-1.csv", 2**64 - 1, 2**40, "type,timeLogged")
    second = FilePosition("/var/log/pmta/acct-2.csv.gz", 8, 7, "", "0f", 2**40)
    store.commit("mta1", records({}, second, first))
    store.commit("mta2", records({}, second))
    assert store.positions("mta1") == (first, second)
    store.commit("mta1", records({}, second))
    assert (store.positions("mta1"), store.positions("mta2")) == ((second,), (second,))
    store.commit("mta1", records({}))
    assert store.positions("mta1") == store.positions("mta3") == ()


def test_samples_are_kept_once_and_bounded_in_length(store: Store) -> None:
    store.commit(
        "mta1", NewRecords(RollUp({cell(reply="421 *"): Tally(0, 1)}, samples={("gmail", "421 *"): "x" * 9_999}), ())
    )
    store.commit("mta1", records({cell(reply="421 *"): Tally(0, 1)}))
    assert store.samples("gmail") == {"421 *": "x" * 1_000}
    assert store.samples("yahoo") == {}


def test_templates_of_an_isp_are_bounded_the_rest_counts_as_other(store: Store) -> None:
    """Three are kept apart here; hostile texts end up in one row, and every one of them is still counted."""
    store.commit("mta1", records({cell(reply=f"t{n}"): Tally(0, 1) for n in range(2)}))
    store.commit("mta1", records({cell(reply=f"t{n}"): Tally(0, 1) for n in range(10)}))
    store.commit("mta1", records({cell(reply="t9"): Tally(0, 1), cell(isp="yahoo", reply="t9"): Tally(0, 1)}))
    assert store.totals(window(1), (Dim.REPLY,), isp="gmail") == {
        ("t0",): Tally(0, 2),
        ("t1",): Tally(0, 2),
        ("t2",): Tally(0, 1),
        (OTHER_TEMPLATE,): Tally(0, 8),
    }
    assert store.samples("gmail").keys() == {"t0", "t1", "t2", OTHER_TEMPLATE}
    assert store.samples("gmail")[OTHER_TEMPLATE] == "raw t3"
    assert store.samples("yahoo") == {"t9": "raw t9"}


counts = st.integers(0, 10_000)
tallies = st.builds(Tally, counts, counts, counts, counts)
cells = st.builds(
    Cell,
    st.integers(0, 3).map(lambda m: MINUTE + 60 * m),
    st.sampled_from(["gmail", "yahoo"]),
    st.sampled_from(["mta1", "mta2"]),
    st.sampled_from(["192.0.2.10", ""]),
    st.sampled_from(["v1", "v2"]),
    st.sampled_from(["", "421 *", "550 *", "x" * 200]),
)
jobs_ = st.builds(
    JobCell,
    st.just(MINUTE),
    st.sampled_from(["gmail", "yahoo"]),
    st.sampled_from(["mta1", "mta2"]),
    st.sampled_from(["", "c1"]),
)
roll_ups = st.builds(RollUp, st.dictionaries(cells, tallies, max_size=12), st.dictionaries(jobs_, tallies, max_size=3))


@settings(max_examples=40, deadline=None)
@given(st.lists(roll_ups, min_size=1, max_size=4), st.lists(st.sampled_from(QUESTIONS), min_size=6, max_size=6))
def test_any_split_into_commits_gives_the_sums_of_the_whole(
    parts: list[RollUp], questions: list[tuple[Dim, ...]]
) -> None:
    """Answered three times: plain sums of the whole in Python, the fake and SQL in as many commits as parts."""
    cell_sums: dict[Cell, Tally] = {}
    job_sums: dict[JobCell, Tally] = {}
    for part in parts:
        for c, t in part.cells.items():
            cell_sums[c] = cell_sums.get(c, Tally()) + t
        for j, t in part.jobs.items():
            job_sums[j] = job_sums.get(j, Tally()) + t
    memory = MemoryTallyStore()
    with sqlite() as engine:
        piecemeal = SqlTallyStore(engine)
        for part in parts:
            piecemeal.commit("mta1", NewRecords(part, ()))
            memory.commit("mta1", NewRecords(part, ()))
        for by in questions:
            want: dict[tuple[str, ...], Tally] = {}
            for c, t in cell_sums.items():
                key = tuple(str(getattr(c, dim.value)) for dim in by)
                want[key] = want.get(key, Tally()) + t
            assert piecemeal.totals(window(4), by) == want
            assert memory.totals(window(4), by) == want
        for by in JOB_QUESTIONS:
            assert piecemeal.totals(window(4), by) == memory.totals(window(4), by)


def test_a_question_of_one_isp_is_the_part_of_the_question_of_all(store: Store) -> None:
    batch = {
        cell(m, isp, ip, reply): Tally(m, 1)
        for m in range(3)
        for isp in ("a", "b")
        for ip in ("x", "y")
        for reply in ("", "r")
    }
    store.commit("mta1", records(batch))
    for by in QUESTIONS:
        both = store.totals(window(3), (Dim.ISP, *(dim for dim in by if dim is not Dim.ISP)))
        part = store.totals(window(3), (Dim.ISP, *(dim for dim in by if dim is not Dim.ISP)), isp="a")
        assert part == {key: tally for key, tally in both.items() if key[0] == "a"}
