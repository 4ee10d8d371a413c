"""`store.numbered`: few cells are numbered and summed as many are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.counts import Counts
from bot.core.model import Cell, Tally
from bot.store.numbered import numbered
from bot.store.replies import Named

DAY_S = 86_400
MINUTES = st.sampled_from([0, 60, DAY_S - 60, DAY_S, 9 * DAY_S])
ISPS = st.sampled_from(["gmail", "yahoo", "Ünlü", ""])
TEXTS = st.sampled_from(["", "421 4.7.0 *", "452 full", "vmta-1"])
CELLS = st.builds(Cell, MINUTES, ISPS, st.just("mta1"), TEXTS, TEXTS, TEXTS)
TALLIES = st.builds(Tally, *[st.integers(0, 2**40)] * 4)
PARTS = st.lists(st.dictionaries(CELLS, TALLIES), max_size=4)


class Numbers:
    """Gives numbers in the order of the names and remembers the days that were asked with."""

    def __init__(self) -> None:
        self.days: dict[Named, int] = {}

    def __call__(self, days: Mapping[Named, int]) -> dict[Named, int]:
        self.days = dict(days)
        return {name: place for place, name in enumerate(sorted(days), start=1)}


@given(PARTS)
def test_one_by_one_and_by_columns_are_the_same(parts: list[dict[Cell, Tally]]) -> None:
    cells = Counts.joined(Cell, parts)
    ones, columns = Numbers(), Numbers()
    assert numbered(cells, ones) == numbered(cells, columns, few=-1)
    assert ones.days == columns.days


@pytest.mark.parametrize("few", [-1, 10])
def test_a_template_has_its_number_and_its_newest_day(few: int) -> None:
    numbers = Numbers()
    cells = {
        Cell(DAY_S, "gmail", "mta1", "192.0.2.1", "v1", ""): Tally(5),
        Cell(DAY_S, "gmail", "mta1", "192.0.2.1", "v1", "421 *"): Tally(0, 3),
        Cell(0, "gmail", "mta1", "192.0.2.1", "v1", "421 *"): Tally(0, 1, 1, 2),
    }
    found = numbered(Counts.of(Cell, cells), numbers, few=few)
    assert numbers.days == {("gmail", "421 *"): 1}
    assert found.cells[5:] == [[0, 1, 1], [5, 0, 0], [0, 3, 1], [0, 0, 1], [0, 0, 2]]
    assert list(zip(*found.isps, strict=True)) == [(0, "gmail", 0, 1, 1, 2), (DAY_S, "gmail", 5, 3, 0, 0)]
