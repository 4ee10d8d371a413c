"""When each of many hosts is polled next, so that they neither start at once nor ever fall into step. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WAVE = 8
WAVES_APART = timedelta(seconds=0.5)
"""The first logins come in waves: a hundred key exchanges at once would run into each other's time limits."""
JITTER = 0.1
"""Share of the interval by which a poll may come earlier or later than its place."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The beat of host number `place` of `hosts`: its first wave, then once `every`, at its own place within it."""

    start: datetime
    every: timedelta
    place: int
    hosts: int

    def first(self) -> datetime:
        return self.start + self.place // WAVE * WAVES_APART

    def after(self, last: datetime, dice: float) -> datetime:
        """The next beat after the one at `last`; `dice` in [-1, 1] is this one's luck.

        Beats keep to a grid, so neither jitter nor late starts add up; two are at least half an interval apart.
        """
        mine = self.start + self.every * (self.place / self.hosts)
        turns = -((mine - last - self.every / 2) // self.every)
        return mine + self.every * (turns + JITTER * dice)
