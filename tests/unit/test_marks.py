"""How the rate went: few marks however long it lasts, and what it was before a change and after it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.incident import Life, Mark
from bot.core.marks import EVERY, MOST, Effect, effect, marked
from bot.core.model import Tally
from tests.diagnoses import NOW, diagnosis, series

MINUTE = timedelta(minutes=1)
MARKS = tuple(Mark(NOW + n * 5 * MINUTE, rate) for n, rate in enumerate((0.31, 0.30, 0.2, 0.12, 0.09, 0.04)))


def test_the_last_ten_minutes_are_marked_where_they_are_enough_mail() -> None:
    found = diagnosis(now=Tally(700, 300), series=series([0.3] * 50 + [0.1] * 10))
    assert [mark.rate for mark in marked(Life(), found, NOW).marks] == [0.1]
    found = diagnosis(now=Tally(700, 300), series=())
    assert [mark.rate for mark in marked(Life(), found, NOW).marks] == [0.3]


def test_a_mark_every_five_minutes() -> None:
    life = marked(Life(), diagnosis(), NOW)
    assert marked(life, diagnosis(), NOW + 4.9 * MINUTE) is life
    assert len(marked(life, diagnosis(), NOW + 5 * MINUTE).marks) == 2


@given(st.integers(1, 600))
def test_however_long_it_lasts_the_newest_mark_is_kept_and_there_are_few(count: int) -> None:
    life, found = Life(), diagnosis(series=())
    for n in range(count):
        life = marked(life, found, NOW + n * EVERY)
    assert len(life.marks) <= MOST
    times = [mark.at for mark in life.marks]
    assert times == sorted(times)
    assert times[-1] == NOW + (count - 1) * EVERY


@pytest.mark.parametrize(
    ("applied", "ended", "expected"),
    [
        (6, None, Effect(0.30, 0.04, 19 * MINUTE)),  # once it has settled
        (6, 12, Effect(0.30, 0.2, 4 * MINUTE)),  # taken back before that
        (16, None, Effect(0.12, 0.04, 9 * MINUTE)),  # it was over before that
        (6, 7, None),
        (26, None, None),
        (-1, None, None),
        (None, None, None),
    ],
)
def test_before_and_after_a_change(applied: int | None, ended: int | None, expected: Effect | None) -> None:
    at = None if applied is None else NOW + applied * MINUTE
    until = None if ended is None else NOW + ended * MINUTE
    assert effect(MARKS, at, until) == expected
