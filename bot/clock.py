"""The wall clock, as services see it."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """`ports.Clock` on the machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)
