"""What an hour of the day is usually like, from the same hour of earlier days. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from statistics import median

from bot.core.diagnosis import Usual
from bot.core.model import Tally, Window

DAYS_BACK = 14
LEAST_DAYS = 3
"""Fewer days are no habit."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def same_hours(window: Window) -> tuple[Window, ...]:
    """The hour of the day in which the middle of `window` lies, on each of the `DAYS_BACK` days before it, newest
    first. Whole UTC hours."""
    middle = window.start + window.length / 2
    hour = middle.replace(minute=0, second=0, microsecond=0)
    return tuple(Window(hour - day * _DAY, hour - day * _DAY + _HOUR) for day in range(1, DAYS_BACK + 1))


def usual(hours: Iterable[Tally], min_attempts: int) -> Usual | None:
    """The middle rate of the hours that had enough mail, so that one bad day changes little; None for too few."""
    rates = [tally.rate for tally in hours if tally.attempts >= min_attempts]
    return Usual(len(rates), median(rates)) if len(rates) >= LEAST_DAYS else None
