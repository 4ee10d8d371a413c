"""A longer time as a chart: stretches that fit, gaps, and what is said of missing data."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.diagnosis import HostLine, Point
from bot.core.model import Tally
from bot.core.tier import TierRule
from bot.slack.messages.history import curve, history_message
from tests.answers import history
from tests.diagnoses import NOW

RULE = TierRule()
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("of_hours", "points", "first", "last"),
    [
        (13, 13, "14:00", "02:00"),  # hour by hour
        (24, 12, "03:00", "01:00"),
        (168, 15, "14 Nov 00:00", "21 Nov 00:00"),
        (720, 16, "22 Oct", "21 Nov"),
    ],
)
def test_stretches_that_fit_a_chart(of_hours: int, points: int, first: str, last: str) -> None:
    line = curve(history(of_hours), RULE)
    assert line is not None
    assert (len(line.rates), line.labels[0], line.labels[-1]) == (points, first, last)
    assert len(set(line.labels)) == points


def test_where_only_hours_are_known_they_are_shown_one_by_one() -> None:
    day = history()
    line = curve(history(hours=day.hours[-5:], begins=NOW - 5 * HOUR), RULE)
    assert line is not None
    assert line.labels == ("22:00", "23:00", "00:00", "01:00", "02:00")
    assert [round(rate, 2) for rate in line.rates] == [0.04, 0.18, 0.34, 0.22, 0.04]


def test_hours_without_mail_are_gaps_and_one_point_is_no_line() -> None:
    start = int((NOW - 5 * HOUR).replace(minute=0).timestamp())
    two = (Point(start, Tally(90, 10)), Point(start + 3 * 3600, Tally(90, 10)))
    line = curve(history(hours=two, begins=NOW - 5 * HOUR), RULE)
    assert line is not None
    assert line.rates == (0.1, 0.1)
    assert curve(history(hours=two[:1]), RULE) is None
    assert curve(history(hours=(Point(start, Tally(bounced=5)), *two[:1])), RULE) is None


def test_no_mail_and_little_mail_are_no_rate() -> None:
    assert history_message(history(hours=())).text == "Gmail, last 24 h: no mail counted."
    few = history(hours=(Point(0, Tally(30, 1)),))
    assert history_message(few).text == "Gmail, last 24 h: not enough mail to judge (31 of 50 attempts)."


def test_what_makes_the_numbers_doubtful_is_said() -> None:
    shown = str(history_message(history(diluted=("mta3",), hosts=(HostLine("mta1", 400.0, "no data for 6 min"),))))
    assert "⚠ not exact: of `mta3` only deliveries or only deferrals are logged" in shown
    assert "`mta1`: no data for 6 min." in shown
