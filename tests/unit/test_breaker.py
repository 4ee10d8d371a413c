"""When a host that cannot be entered is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.breaker import CLOSED, FAILURES, LONGEST_PAUSE, Breaker

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def failed(times: int, at: datetime = NOON) -> Breaker:
    breaker = CLOSED
    for _ in range(times):
        breaker = breaker.failed(at)
    return breaker


def test_it_opens_with_the_third_failure_in_a_row() -> None:
    assert [failed(times).closed for times in range(5)] == [True, True, True, False, False]
    assert failed(FAILURES - 1).may_try(NOON)
    assert not failed(FAILURES).may_try(NOON)


def test_pauses_grow_up_to_a_minute() -> None:
    pauses = []
    for times in range(FAILURES, FAILURES + 6):
        try_at = failed(times).try_at
        assert try_at is not None
        pauses.append((try_at - NOON).total_seconds())
    assert pauses == [20, 40, 60, 60, 60, 60]


def test_a_pause_ends_at_its_moment() -> None:
    breaker = failed(FAILURES)
    assert not breaker.may_try(NOON + timedelta(seconds=19.9))
    assert breaker.may_try(NOON + timedelta(seconds=20))


@given(st.integers(FAILURES, 100_000))
def test_a_host_that_is_away_for_months_is_still_tried_every_minute(failures: int) -> None:
    breaker = Breaker(failures, NOON).failed(NOON)
    assert breaker.try_at is not None
    assert NOON < breaker.try_at <= NOON + LONGEST_PAUSE
