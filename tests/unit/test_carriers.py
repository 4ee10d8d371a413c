"""Which few rows carry the deferrals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.carriers import SHARE, carriers
from bot.core.diagnosis import Share
from bot.core.model import Tally


def rows(**counts: tuple[int, int]) -> list[Share]:
    return [Share(key, Tally(delivered=d, deferred=t)) for key, (d, t) in counts.items()]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"a": (10, 90), "b": (95, 5), "c": (95, 5)}, ["a"]),  # one bad IP
        ({"a": (20, 80), "b": (30, 70), "c": (99, 1)}, ["a", "b"]),  # two bad ones
        ({"a": (70, 30), "b": (70, 30), "c": (70, 30)}, ["a", "b", "c"]),  # all alike: not about single IPs
        ({"a": (100, 0), "b": (100, 0)}, []),  # nothing deferred
        ({"a": (0, 5), "b": (500, 100), "c": (500, 100)}, ["a", "b", "c"]),  # too few attempts to accuse a
        ({"a": (5, 95)}, ["a"]),
    ],
)
def test_those_who_stand_out(counts: dict[str, tuple[int, int]], expected: list[str]) -> None:
    assert sorted(row.key for row in carriers(rows(**counts))) == expected


@given(st.dictionaries(st.text("abcdef", min_size=1), st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=12))
def test_carriers_carry(counts: dict[str, tuple[int, int]]) -> None:
    """Whoever is named, together they hold at least the promised share; order of rows does not matter."""
    given_rows = rows(**counts)
    chosen = carriers(given_rows)
    total = sum(row.tally.deferred for row in given_rows)
    assert sum(row.tally.deferred for row in chosen) >= SHARE * total
    assert {row.key for row in carriers(given_rows[::-1])} == {row.key for row in chosen}
