"""The last hour as block, picture and line of text: buckets, floors, gaps."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diagnosis import Point
from bot.core.model import Tally, Window
from bot.core.tier import Tier, TierRule
from bot.slack.messages import chart, picture
from tests.diagnoses import NOW, diagnosis, series, tally

RULE = TierRule()


def test_an_hour_becomes_twenty_buckets_of_three_minutes() -> None:
    line = chart.curve(diagnosis(), RULE)
    assert line is not None
    assert len(line.rates) == 20
    assert line.labels[0] == "01:55"
    assert line.labels[-1] == "02:52"


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 500), st.integers(0, 500)), max_size=80))
def test_buckets_lose_and_invent_no_mail(rows: list[tuple[int, int, int]]) -> None:
    start = int(NOW.timestamp()) - 3600
    points = tuple(Point(start + 60 * minute, tally(a + d, d)) for minute, a, d in rows)
    line = chart.curve(diagnosis(series=points), RULE)
    held = {minute // 3 for minute, a, d in rows if a + d}
    assert (len(line.rates) if line else 0) == (len(held) if len(held) > 1 else 0)
    assert all(0 <= rate <= 1 for rate in (line.rates if line else ()))
    assert all(a < b for a, b in pairwise(line.starts if line else ()))


def test_minutes_without_mail_are_gaps_not_zero() -> None:
    rates = series([0.3] * 20, end=NOW - timedelta(minutes=40)) + series([0.3] * 20)
    line = chart.curve(diagnosis(series=rates), RULE)
    assert line is not None
    assert len(line.rates) == 14
    assert all(rate == pytest.approx(0.3, abs=0.01) for rate in line.rates)


def test_a_six_hour_window_has_wider_buckets() -> None:
    found = diagnosis(window=Window.ending(NOW, timedelta(hours=6)), series=series([0.1] * 360))
    line = chart.curve(found, RULE)
    assert line is not None
    assert len(line.rates) == 20
    assert line.starts[1] - line.starts[0] == timedelta(minutes=18)


@pytest.mark.parametrize(
    ("tier", "peak", "floors"),
    [
        (Tier.CLEAR, 0.04, ["throttled"]),
        (Tier.THROTTLE, 0.09, ["throttled"]),
        (Tier.MIXED, 0.2, ["mixed", "reputation"]),
        (Tier.REPUTATION, 0.34, ["reputation", "blocked"]),
        (Tier.BLOCK, 0.7, ["blocked"]),
    ],
)
def test_only_floors_near_the_line_are_drawn(tier: Tier, peak: float, floors: list[str]) -> None:
    line = chart.curve(diagnosis(tier=tier, series=series([peak] * 60)), RULE)
    assert line is not None
    assert [word for word, _ in line.floors] == floors


def test_the_block_is_in_percent_with_unique_labels() -> None:
    (block,) = chart.native(diagnosis(), RULE)
    shown = block._resolve()
    names = [line["name"] for line in shown["chart"]["series"]]
    assert names == ["deferred", "reputation from 25 %", "blocked from 50 %"]
    assert shown["chart"]["series"][0]["data"][-1] == {"label": "02:52", "value": 34.0}
    assert len(set(shown["chart"]["axis_config"]["categories"])) == 20


@pytest.mark.parametrize("points", [(), series([0.3] * 1)])
def test_without_two_buckets_there_is_no_chart(points: tuple[Point, ...]) -> None:
    found = diagnosis(series=points)
    assert chart.native(found, RULE) == []
    assert chart.sparkline(found, RULE) == []
    assert chart.spark(found, RULE) == ""
    assert chart.in_words(found, RULE) == "Gmail: % deferred, last 60 min"


def test_the_text_line_rises_with_the_rate() -> None:
    assert (
        chart.spark(diagnosis(series=series([0.05] * 30 + [0.4] * 30)), RULE)
        == f"{'▂' * 10}{'█' * 10}  60 min, peak 40 %"
    )


def test_a_quiet_line_stays_low() -> None:
    assert chart.spark(diagnosis(series=series([0.005] * 60)), RULE).startswith("▁▁▁")


def test_the_picture_is_a_png_of_twice_the_size_and_carries_its_words() -> None:
    line = chart.curve(diagnosis(), RULE)
    assert line is not None
    image = picture.png(line, "Gmail & <co>")
    assert image.startswith(b"\x89PNG")
    assert int.from_bytes(image[16:20], "big") == 2 * picture.WIDTH
    drawn = picture.svg(line, "Gmail & <co>", "#e07b16")
    assert "Gmail &amp; &lt;co&gt;" in drawn
    assert "reputation from 25%" in drawn
    assert chart.in_words(diagnosis(), RULE) == (
        "Gmail: % deferred, last 60 min: from 6.1 % at 01:55 to 34 % at 02:52 UTC, peak 34 %"
    )


def test_all_deferred_reaches_the_top() -> None:
    line = chart.curve(diagnosis(series=tuple(Point(p.minute, Tally(0, 5)) for p in series([1.0] * 60))), RULE)
    assert line is not None
    assert "100%" in picture.svg(line, "x", "#000000")
