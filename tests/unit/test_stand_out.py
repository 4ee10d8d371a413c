"""Which rows clearly carry a cause: never one of 200 by chance."""

from __future__ import annotations

from random import Random

import pytest

from bot.core.finding import Part
from bot.core.stand_out import Breakdown, break_down, strict_z


def broken_down(*rows: tuple[int, int]) -> Breakdown:
    """(hits, tries) each; named by their place."""
    return break_down({str(n): Part(str(n), hits, tries) for n, (hits, tries) in enumerate(rows)})


@pytest.mark.parametrize(
    ("rows", "carrying"),
    [
        ([(600, 1000), *[(10, 1000)] * 7], ["0"]),
        ([(600, 1000), (500, 1000), *[(10, 1000)] * 7], ["0", "1"]),
        ([(900, 1000), (300, 1000), *[(5, 1000)] * 7], ["0", "1"]),  # a milder one carries it too
        ([(12, 20), *[(0, 20)] * 11], ["0"]),
        ([(3, 20), *[(0, 20)] * 11], []),  # by chance
        ([(12, 19), *[(0, 19)] * 11], []),  # too little mail on each
        ([(40, 1000), *[(1, 1000)] * 7], []),  # 4 %: under every floor
        ([(300, 1000), *[(150, 1000)] * 3], []),  # twice as bad is how rows differ
        ([(300, 1000)] * 8, []),
        ([(300, 1000)], []),  # nothing to compare with
        ([], []),
    ],
)
def test_what_carries_it(rows: list[tuple[int, int]], carrying: list[str]) -> None:
    split = broken_down(*rows).split
    assert sorted(part.key for part in split.parts) == carrying if split else carrying == []


@pytest.mark.parametrize(
    ("rows", "even"),
    [
        ([(300, 1000)] * 8, True),
        ([(300, 1000), (200, 1000), (400, 1000)], True),
        ([(2, 20)] * 8, False),  # two each: a bad one would not show
        ([(8, 100)] * 200, True),
        ([(600, 1000), *[(10, 1000)] * 7], False),
        ([(300, 1000)], False),
        ([(0, 1000)] * 3, False),
    ],
)
def test_what_is_even(rows: list[tuple[int, int]], even: bool) -> None:
    assert broken_down(*rows).even is even


def test_what_looks_bad_by_chance_is_only_hinted_at() -> None:
    found = broken_down((4, 20), *[(0, 20)] * 6, (1, 20))
    assert (found.split, found.even, found.hinted) == (None, False, True)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("tries", [20, 40, 150, 600])
def test_of_200_equal_rows_none_is_accused(rate: float, tries: int) -> None:
    rng = Random(f"{rate}/{tries}")
    for _ in range(10):
        rows = [(sum(rng.random() < rate for _ in range(tries)), tries) for _ in range(200)]
        assert broken_down(*rows).split is None


def test_a_split_explains_more_the_cleaner_it_is() -> None:
    clean, mixed = (broken_down((600, 1000), *[(hits, 1000)] * 7).split for hits in (0, 40))
    assert clean is not None
    assert mixed is not None
    assert clean.gain > mixed.gain > 0
    assert clean.share == 1.0


def test_the_bound_grows_with_what_is_looked_at() -> None:
    assert strict_z(0) == strict_z(1) == 1.96 < strict_z(12) < strict_z(200) < 4
