"""What a host counts about itself: `show status` totals, and outcomes per minute for the fleet's panel."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

PANEL_MINUTES: Final = 10
_KEEP_MINUTES: Final = 60


@dataclass(slots=True)
class Minute:
    """One minute: recipients taken in and tried, kilobytes, outcomes by (ISP, record type)."""

    minute: int
    taken: int = 0
    sent: int = 0
    taken_bytes: int = 0
    sent_bytes: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


class Counters:
    """Totals since the start or the last reset, and the last hour by minute."""

    def __init__(self) -> None:
        self.total = Minute(0)
        self._minutes: deque[Minute] = deque(maxlen=_KEEP_MINUTES)

    def reset(self) -> None:
        self.total = Minute(0)

    def taken_in(self, at: int, size: int) -> None:
        for minute in (self._minute(at), self.total):
            minute.taken += 1
            minute.taken_bytes += size

    def tried(self, at: int, isp: str, record: str, size: int) -> None:
        minute = self._minute(at)
        minute.outcomes[(isp, record)] += 1
        if record == "d":
            for counted in (minute, self.total):
                counted.sent += 1
                counted.sent_bytes += size

    def last(self, minutes: int, at: int) -> Minute:
        """The sum over the last `minutes` minutes before and with the one of `at`."""
        first = at // 60 - minutes + 1
        total = Minute(first)
        for minute in self._minutes:
            if minute.minute >= first:
                total.taken += minute.taken
                total.sent += minute.sent
                total.taken_bytes += minute.taken_bytes
                total.sent_bytes += minute.sent_bytes
                total.outcomes.update(minute.outcomes)
        return total

    def _minute(self, at: int) -> Minute:
        if not self._minutes or self._minutes[-1].minute != at // 60:
            self._minutes.append(Minute(at // 60))
        return self._minutes[-1]
