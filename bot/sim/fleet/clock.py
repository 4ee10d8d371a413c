"""Two clocks for the simulated fleet: one that runs faster than real time, one that a test moves by hand."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class SimClock:
    """Runs `speed` times as fast as real time, beginning at `start` (aware UTC) when it is made."""

    def __init__(self, start: datetime, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"speed of the simulated clock: more than 0 expected, found {speed}")
        self.speed = speed
        self._start = start
        self._origin = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self.speed)

    def real_seconds(self, sim: timedelta) -> float:
        """How many real seconds `sim` of simulated time takes."""
        return sim.total_seconds() / self.speed


class StepClock:
    """Stands still until `advance` moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, delta: timedelta) -> None:
        self._now += delta
