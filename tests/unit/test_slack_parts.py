"""Small parts of the Slack side: dedupe, pace, what was asked for, values of buttons."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.dedupe import Dedupe
from bot.slack.lanes import SlowLane
from bot.slack.messages import buttons
from bot.slack.messages.preview import reason_problem
from bot.slack.pace import Pace
from bot.slack.views import reason_in
from tests.slack_desk import FakeTime


def test_a_trigger_passes_once() -> None:
    dedupe = Dedupe()
    assert [dedupe.first_time(key) for key in ("a", "b", "a", "b", "a")] == [True, True, False, False, False]


def test_without_a_key_everything_passes() -> None:
    dedupe = Dedupe()
    assert dedupe.first_time("")
    assert dedupe.first_time("")


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    dedupe = Dedupe(remembered=2)
    assert [dedupe.first_time(key) for key in ("a", "b", "c", "c", "a")] == [True, True, True, False, True]


def test_only_one_of_many_threads_wins() -> None:
    dedupe, won = Dedupe(), []
    ready = threading.Barrier(8)

    def race() -> None:
        ready.wait(timeout=5)
        won.append(dedupe.first_time("same"))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    assert sorted(won) == [False] * 7 + [True]


def paced() -> tuple[Pace, FakeTime]:
    time = FakeTime()
    return Pace(monotonic=time.monotonic, wait=time.wait), time


def test_one_slot_a_second_and_none_saved_up() -> None:
    pace, time = paced()
    time.at += 60
    assert [pace.take() for _ in range(3)] == [True] * 3
    assert time.waits == [1.0, 1.0]


def test_a_hold_is_waited_out_once() -> None:
    pace, time = paced()
    pace.hold(30)
    pace.hold(5)
    assert pace.take()
    assert time.waits == [30.0]


def test_the_end_of_the_program_cuts_a_wait_short() -> None:
    pace, time = paced()
    pace.hold(30)
    time.stopping = True
    assert not pace.take()


def test_a_real_wait_ends_with_its_event() -> None:
    pace, stop = Pace(), threading.Event()
    pace.until(stop)
    pace.hold(600)
    stop.set()
    assert not pace.take()


def test_slow_jobs_leave_room_for_quick_ones() -> None:
    gate, done = threading.Event(), threading.Semaphore(0)
    ran: list[int] = []
    with ThreadPoolExecutor(max_workers=3) as pool:
        lane = SlowLane(pool, at_once=2)

        def slow(number: int) -> None:
            gate.wait(timeout=5)
            ran.append(number)
            done.release()

        for number in range(6):
            lane.start(lambda number=number: slow(number))  # type: ignore[misc]
        assert pool.submit(lambda: "quick").result(timeout=5) == "quick"
        assert ran == []
        gate.set()
        assert all(done.acquire(timeout=5) for _ in range(6))
    assert sorted(ran) == [0, 1, 2, 3, 4, 5]


def test_a_failing_slow_job_does_not_block_the_line() -> None:
    done = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as pool:
        lane = SlowLane(pool, at_once=1)
        lane.start(lambda: [].pop())
        lane.start(done.set)
        lane.start(done.set)
    assert done.is_set()


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.from_regex(r"[a-z0-9-]{1,60}", fullmatch=True))
def test_values_come_back_as_they_were_sent(incident: int, revision: int, playbook: str) -> None:
    assert buttons.read_apply(buttons.apply_value(incident, revision, playbook)) == (incident, revision, playbook)
    assert buttons.read_incident(buttons.incident_value(incident, revision)) == (incident, revision)
    assert buttons.read_change(str(incident)) == incident


@given(st.text(max_size=60))
def test_foreign_values_are_never_an_error(value: str) -> None:
    for found in (buttons.read_apply(value), buttons.read_incident(value), buttons.read_change(value)):
        assert found is None or all(part == 0 or part for part in (found if isinstance(found, tuple) else (found,)))


@pytest.mark.parametrize("reason", ["", "abc", " a b  "])
def test_a_reason_needs_four_characters(reason: str) -> None:
    assert reason_problem(reason).startswith("Say why in at least 4 characters")


def test_a_reason_is_read_as_one_line() -> None:
    view = {"state": {"values": {"reason": {"reason": {"value": " rate\n doubled "}}}}}
    assert reason_in(view) == "rate doubled"
    assert reason_in({"state": {"values": {}}}) == ""
    assert reason_in({"state": {"values": {"reason": {"reason": {"value": None}}}}}) == ""
    assert reason_problem("four") == ""
