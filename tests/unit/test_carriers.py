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
        ({"a": (40, 60), "b": (42, 58), "c": (45, 55), "d": (95, 5), "e": (95, 5)}, ["a", "b", "c"]),  # not only two
        (
            {"a": (75, 25), "b": (75, 25), "c": (75, 25)} | {f"x{n}": (95, 5) for n in range(5)},
            ["a", "b", "c"],
        ),  # three quarters of it
        ({"a": (70, 30), "b": (70, 30), "c": (70, 30)}, []),  # all alike: not about single IPs
        ({"a": (100, 0), "b": (100, 0)}, []),  # nothing deferred
        ({"a": (0, 5), "b": (500, 100), "c": (500, 100)}, []),  # too few attempts to accuse a
        ({"a": (5, 95)}, []),  # alone: nothing to compare with
        ({"a": (0, 30)} | {f"x{n}": (700, 300) for n in range(9)}, []),  # bad, but the trouble is elsewhere
        ({"a": (14, 6), "b": (21, 3)}, []),  # 30 % against 12 %, but of 20 and 24 attempts: may be chance
        ({"a": (700, 300), "b": (1050, 150)}, ["a"]),  # the same of a thousand each
        ({"a": (400, 600), "b": (15, 8), "c": (950, 50), "d": (950, 50)}, ["a", "b"]),  # few, but far from the rest
        ({"a": (400, 600), "b": (21, 3), "c": (950, 50), "d": (950, 50)}, ["a"]),  # b is not half as bad
    ],
)
def test_those_who_stand_out(counts: dict[str, tuple[int, int]], expected: list[str]) -> None:
    assert sorted(row.key for row in carriers(rows(**counts))) == expected


@given(st.dictionaries(st.text("abcdef", min_size=1), st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=12))
def test_carriers_carry(counts: dict[str, tuple[int, int]]) -> None:
    """Whoever is named holds the promised share and leaves somebody to compare with; order does not matter."""
    given_rows = rows(**counts)
    chosen = carriers(given_rows)
    total = sum(row.tally.deferred for row in given_rows)
    assert not chosen or sum(row.tally.deferred for row in chosen) >= SHARE * total > 0
    assert len(chosen) < max(1, len(given_rows))
    assert carriers(given_rows[::-1]) == chosen
