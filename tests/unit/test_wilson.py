"""Intervals that say how much a rate is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Tally
from bot.core.wilson import Interval, of_tally, wilson

TRIES = st.integers(1, 100_000)


@st.composite
def counted(draw: st.DrawFn) -> tuple[int, int]:
    tries = draw(TRIES)
    return draw(st.integers(0, tries)), tries


@given(counted())
def test_the_rate_lies_inside_and_both_ends_are_rates(pair: tuple[int, int]) -> None:
    hits, tries = pair
    low, high = wilson(hits, tries)
    assert 0 <= low <= hits / tries <= high <= 1
    assert low < high


@given(counted())
def test_hits_and_misses_are_mirror_images(pair: tuple[int, int]) -> None:
    hits, tries = pair
    low, high = wilson(hits, tries)
    assert wilson(tries - hits, tries) == pytest.approx((1 - high, 1 - low))


@given(counted(), st.integers(2, 50))
def test_more_of_the_same_is_surer(pair: tuple[int, int], times: int) -> None:
    hits, tries = pair
    less, more = wilson(hits, tries), wilson(times * hits, times * tries)
    assert more.high - more.low < less.high - less.low


@pytest.mark.parametrize(
    ("hits", "tries", "expected"),
    [
        (0, 0, (0.0, 1.0)),  # nothing tried, nothing known
        (0, 10, (0.0, 0.278)),  # no hit is not "never"
        (20, 76, (0.177, 0.372)),
        (81, 263, (0.255, 0.366)),  # Newcombe (1998), Statistics in Medicine 17, table I
        (15, 148, (0.062, 0.161)),
        (1, 29, (0.006, 0.172)),
    ],
)
def test_known_values(hits: int, tries: int, expected: tuple[float, float]) -> None:
    assert wilson(hits, tries) == pytest.approx(expected, abs=0.0006)


def test_above_means_no_overlap() -> None:
    assert of_tally(Tally(40, 60)).above(of_tally(Tally(95, 5)))
    assert not of_tally(Tally(4, 6)).above(of_tally(Tally(7, 3)))
    assert (Interval(0.1, 0.2).wide, Interval(0.1, 0.21).wide) == (False, True)
