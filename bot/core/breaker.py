"""When a host that cannot be entered is tried again: a circuit breaker as a value. Pure.

Closed: every poll tries. After `FAILURES` polls in a row that could not enter the host it is open, and polls cost
nothing. Half open: once the pause is over one poll tries; success closes, failure makes the next pause longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FAILURES = 3
FIRST_PAUSE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row; `try_at`: not to be tried before, None while closed."""

    failures: int = 0
    try_at: datetime | None = None

    @property
    def closed(self) -> bool:
        return self.try_at is None

    def may_try(self, now: datetime) -> bool:
        return self.try_at is None or now >= self.try_at

    def failed(self, now: datetime) -> Breaker:
        """After a try that failed, which ended at `now`."""
        failures = self.failures + 1
        if failures < FAILURES:
            return replace(self, failures=failures)
        # Not 2 ** n for any n: a host may be away for a year.
        doublings = min(failures - FAILURES, 10)
        return Breaker(failures, now + min(LONGEST_PAUSE, FIRST_PAUSE * 2**doublings))


CLOSED = Breaker()
"""Where every host starts, and returns to with its first success."""
