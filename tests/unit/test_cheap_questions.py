"""What a diagnosis asks beside its window is asked of the store once a minute or an hour."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from bot.core.model import Dim, QueueSizes, Recipients, Tally, Window
from bot.core.usual import DAYS_BACK
from tests.fakes import MemoryFleetStore, MemoryTallyStore
from tests.watch_rig import MINUTE, WatchRig, queue


class CountingTallies(MemoryTallyStore):
    def __init__(self, asked: Counter[str]) -> None:
        super().__init__()
        self._asked = asked

    def hours(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        self._asked["hours"] += 1
        return super().hours(window, by, isp=isp)

    def hosted(self, window: Window, isp: str) -> Tally:
        self._asked["hosted"] += 1
        return super().hosted(window, isp)

    def recipients(self, window: Window, isp: str) -> Recipients | None:
        self._asked["recipients"] += 1
        return super().recipients(window, isp)


class CountingFleet(MemoryFleetStore):
    def __init__(self, asked: Counter[str]) -> None:
        super().__init__()
        self._asked = asked

    def queue_sizes(self, at: datetime) -> QueueSizes | None:
        self._asked["queue_sizes"] += 1
        return super().queue_sizes(at)


@pytest.fixture
def asked() -> Counter[str]:
    return Counter()


@pytest.fixture
def rig(asked: Counter[str]) -> WatchRig:
    made = WatchRig(tallies=CountingTallies(asked), fleet=CountingFleet(asked))
    made.count(50, 50)
    made.queues(queue("v1", recipients=400))
    return made


def test_once_a_minute(rig: WatchRig, asked: Counter[str]) -> None:
    rig.diagnose.isp("gmail")
    first = dict(asked)
    assert first["hours"] > DAYS_BACK
    for _ in range(5):
        rig.diagnose.isp("gmail")
    assert dict(asked) == first
    rig.clock.advance(MINUTE)
    rig.diagnose.isp("gmail")
    assert asked["hours"] - first["hours"] < DAYS_BACK  # the usual rate of the hour is known
    assert [asked[name] - first[name] for name in ("hosted", "recipients", "queue_sizes")] == [1, 1, 2]


def test_looking_for_trouble_asks_none_of_it(rig: WatchRig, asked: Counter[str]) -> None:
    assert rig.diagnose.candidates() == ("gmail",)
    rig.diagnose.headline("gmail")
    assert not asked
    rig.diagnose.overview()
    assert dict(asked) == {"queue_sizes": 2}
