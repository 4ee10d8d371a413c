"""What this hour of the day is usually like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diagnosis import Usual
from bot.core.model import Tally, Window
from bot.core.usual import DAYS_BACK, same_hours, usual

HOUR = timedelta(hours=1)


def at(percent: int, attempts: int = 100) -> Tally:
    deferred = attempts * percent // 100
    return Tally(attempts - deferred, deferred)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([at(4), at(4), at(90)], Usual(3, 0.04)),  # one bad day changes nothing
        ([at(4), at(6), at(8), at(90)], Usual(4, 0.07)),
        ([at(4), at(4)], None),  # two days are no habit
        ([at(4), at(4), at(4, 40)], None),  # too little mail on the third
        ([], None),
    ],
)
def test_the_middle_of_days_with_enough_mail(hours: list[Tally], expected: Usual | None) -> None:
    assert usual(hours, 50) == expected


@given(st.integers(1_600_000_000, 1_900_000_000), st.integers(1, 600))
def test_the_same_hour_of_earlier_days(end: int, minutes: int) -> None:
    window = Window.ending(datetime.fromtimestamp(end, UTC), timedelta(minutes=minutes))
    hours = same_hours(window)
    middle = window.start + window.length / 2
    assert len(hours) == DAYS_BACK
    for days, hour in enumerate(hours, start=1):
        assert hour.length == HOUR
        assert (hour.start.minute, hour.start.second) == (0, 0)
        assert hour.start <= middle - timedelta(days=days) < hour.end
