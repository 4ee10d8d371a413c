"""How the rate went while an incident stood, in a few marks: what it was before a change and after it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.diagnosis import Diagnosis
from bot.core.incident import Life, Mark

EVERY = timedelta(minutes=5)
MOST = 96
"""Eight hours; of a longer life every second mark is dropped, again and again."""
ENOUGH = 20
"""Attempts of the last ten minutes from which they are the rate that is marked."""
SETTLED = timedelta(minutes=15)
"""After a change the last ten minutes hold nothing from before it, and five more are for it to take effect."""


def marked(life: Life, diagnosis: Diagnosis, now: datetime) -> Life:
    """The life with a mark of now, where the last one is old enough."""
    if life.marks and now - life.marks[-1].at < EVERY:
        return life
    lately = diagnosis.lately
    fresh = lately.attempts >= ENOUGH and not diagnosis.by_refusal
    rate = lately.rate if fresh else diagnosis.told_rate
    marks = (*life.marks, Mark(now, round(rate, 4)))
    return replace(life, marks=marks if len(marks) <= MOST else marks[::-2][::-1])


@dataclass(frozen=True, slots=True)
class Effect:
    """The rate before a change and `took` after it, both in [0, 1]. What came after it need not be because of it."""

    before: float
    after: float
    took: timedelta


def effect(marks: Sequence[Mark], applied_at: datetime | None, ended_at: datetime | None) -> Effect | None:
    """None where there is no mark on both sides. Once it has settled, or at the last mark before it ended."""
    if applied_at is None:
        return None
    before = [mark for mark in marks if mark.at <= applied_at]
    since = [mark for mark in marks if mark.at > applied_at and (ended_at is None or mark.at <= ended_at)]
    if not before or not since:
        return None
    then = next((mark for mark in since if mark.at - applied_at >= SETTLED), since[-1])
    return Effect(before[-1].rate, then.rate, then.at - applied_at)
