"""When each of many hosts is polled: waves at first, then spread over the interval, and never in step."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.beat import JITTER, WAVE, WAVES_APART, Beat

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVERY = timedelta(seconds=10)


def beats(hosts: int) -> list[Beat]:
    return [Beat(NOON, EVERY, place, hosts) for place in range(hosts)]


def test_the_first_logins_come_in_waves_of_eight() -> None:
    first = Counter(beat.first() for beat in beats(500))
    assert max(first.values()) == WAVE
    assert max(first) == NOON + 62 * WAVES_APART


def test_500_hosts_never_start_together_afterwards() -> None:
    """Without jitter as well as with it: in no half second more than twice their fair share."""
    luck = Random(7)
    for lucky in (False, True):
        starts: Counter[int] = Counter()
        for beat in beats(500):
            at = beat.first()
            while at < NOON + timedelta(minutes=5):
                at = beat.after(at, luck.uniform(-1, 1) if lucky else 0.0)
                if at >= NOON + timedelta(minutes=1):
                    starts[int((at - NOON) / timedelta(seconds=0.5))] += 1
        assert max(starts.values()) <= 2 * 25


@given(st.integers(0, 99), st.lists(st.floats(-1, 1), min_size=30, max_size=30))
def test_jitter_does_not_add_up(place: int, luck: list[float]) -> None:
    beat = Beat(NOON, EVERY, place, 100)
    at = beat.first()
    for turn, dice in enumerate(luck):
        last, at = at, beat.after(at, dice)
        if turn:
            assert abs((at - last) - EVERY) <= 2 * JITTER * EVERY + timedelta(milliseconds=1)
    mine = NOON + EVERY * (place / 100)
    assert abs((at - mine) / EVERY - round((at - mine) / EVERY)) <= JITTER + 1e-6


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=4), timedelta(minutes=3, seconds=3)])
def test_a_late_poll_is_followed_by_one_at_its_place(late: timedelta) -> None:
    beat = Beat(NOON, EVERY, 50, 100)
    at = beat.after(NOON + late, 0.0)
    assert timedelta(0) < at - (NOON + late) <= 1.5 * EVERY
    assert (at - NOON) % EVERY == EVERY / 2
