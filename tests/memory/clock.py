"""A clock that only the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """`ports.Clock`."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
