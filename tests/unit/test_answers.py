"""Hours and days of one ISP, and the day's campaigns, as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answers import DAY, HOUR, campaigns, last_hours, points, stretches, width_for
from bot.core.diagnosis import Point, Share
from bot.core.model import Tally
from tests.answers import campaigns as day_of_campaigns
from tests.answers import history

NOON = datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
hours = st.lists(
    st.builds(Point, st.integers(0, 500).map(lambda n: 3600 * n), st.builds(Tally, *[st.integers(0, 9)] * 2))
)


def test_the_running_hour_is_the_last_of_them() -> None:
    window = last_hours(NOON, DAY)
    assert (window.start.hour, window.end.hour, window.length) == (13, 13, DAY)
    assert last_hours(NOON, timedelta(minutes=5)).length == HOUR
    assert last_hours(NOON, timedelta(minutes=90)).length == 2 * HOUR


@given(hours, st.sampled_from([1, 2, 6, 24]))
def test_stretches_lose_and_invent_no_mail(found: list[Point], width: int) -> None:
    made = stretches(found, width * HOUR)
    assert sum((p.tally for p in made), Tally()) == sum((p.tally for p in found), Tally())
    assert [p.minute for p in made] == sorted({p.minute // (3600 * width) * 3600 * width for p in found})


@given(st.integers(1, 9000))
def test_a_chart_never_has_too_many_stretches(length: int) -> None:
    """Wherever the first one begins: there may be one more than cover the time."""
    width = width_for(length * HOUR, 20)
    assert length * HOUR <= 19 * width


@pytest.mark.parametrize(("hours_", "width"), [(6, 1), (19, 1), (24, 2), (168, 12), (720, 48)])
def test_widths(hours_: int, width: int) -> None:
    assert width_for(hours_ * HOUR, 20) == width * HOUR


def test_the_worst_hours_had_enough_mail() -> None:
    day = history()
    assert [round(point.tally.rate, 2) for point in day.worst()] == [0.34, 0.22, 0.18]
    few = history(hours=(Point(0, Tally(0, 49)), Point(3600, Tally(400, 600)), Point(7200, Tally(900, 100))))
    assert [point.minute for point in few.worst()] == [3600]  # 49 attempts prove nothing, 10 % is less than usual
    assert few.total == Tally(1300, 749)


def test_hours_without_mail_are_gaps() -> None:
    assert points({7200: Tally(1), 3600: Tally(), 0: Tally(0, 1)}) == (Point(0, Tally(0, 1)), Point(7200, Tally(1)))


def test_campaigns_most_deferred_first_and_what_names_none() -> None:
    found = campaigns({"a": Tally(90, 1), "b": Tally(5, 5), "": Tally(9, 9), "idle": Tally(bounced=3)})
    assert found == (Share("b", Tally(5, 5)), Share("a", Tally(90, 1)))
    assert day_of_campaigns(jobs=found, whole=Tally(100, 20)).untold == 19
    assert day_of_campaigns(jobs=found, whole=Tally(1)).untold == 0  # counted at another moment
