"""Headlines of many ISPs at once are those of each alone; replies are asked for once, and forgotten in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from bot.core.model import Window
from bot.services import headlines
from bot.services.headlines import Headlines
from bot.services.rated import RatedTallies
from tests.fakes import MemoryTallyStore
from tests.looking import knowledge
from tests.watch_rig import FULL, MINUTE, PACING, WatchRig


class CountingSamples(MemoryTallyStore):
    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def samples(self, isp: str) -> Mapping[str, str]:
        self.asked[isp] += 1
        return super().samples(isp)


@pytest.fixture
def store() -> CountingSamples:
    return CountingSamples()


@pytest.fixture
def rig(store: CountingSamples) -> WatchRig:
    made = WatchRig(tallies=store)
    for n in range(headlines.MANY):
        made.count(90, n, isp=f"shop{n}.example", reply=(PACING, FULL)[n % 2])
    made.count(40, 60)
    return made


def read(rig: WatchRig, kept: int = 100) -> tuple[Headlines, Window]:
    rated = RatedTallies(rig.tallies, rig.fleet, rig.clock, 60 * MINUTE)
    return Headlines(rated, knowledge().classifier, kept), Window.ending(rig.clock.now() + MINUTE, 60 * MINUTE)


def test_many_at_once_are_the_same_as_each_alone(rig: WatchRig) -> None:
    found, window = read(rig)
    isps = [f"shop{n}.example" for n in range(headlines.MANY)]
    together = found.each(isps, window)
    assert together == {isp: found.one(isp, window) for isp in isps}
    assert together == found.each(isps, window)
    assert found.each(isps[:2], window) == {isp: together[isp] for isp in isps[:2]}
    assert together["shop9.example"].aimed == 0  # full mailboxes
    assert together["shop8.example"].aimed == 8


def test_an_isp_without_mail_has_an_empty_headline(rig: WatchRig) -> None:
    found, window = read(rig)
    assert found.one("nowhere.example", window).now.attempts == 0


def test_replies_are_asked_for_once_and_again_where_one_is_new(rig: WatchRig, store: CountingSamples) -> None:
    found, window = read(rig)
    for _ in range(3):
        found.one("gmail", window)
    assert store.asked["gmail"] == 1
    rig.count(0, 5, reply=FULL)
    assert found.one("gmail", window).aimed == 60
    assert store.asked["gmail"] == 2


def test_what_is_remembered_is_bounded(rig: WatchRig, store: CountingSamples) -> None:
    found, window = read(rig, kept=3)
    for isp in ("gmail", "shop1.example", "shop2.example", "gmail"):
        found.one(isp, window)
    assert store.asked["gmail"] == 2
