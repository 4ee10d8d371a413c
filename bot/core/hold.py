"""A tier is believed once it has lasted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.alert_rules import AlertRules
from bot.core.diagnosis import Diagnosis
from bot.core.tier import Tier
from bot.core.wilson import wilson

OVERWHELMING = 10
"""So many times the mail that a tier needs at all leaves no doubt about it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A tier that is seen and not believed yet: `level` is the nearest to the one that stands which was reached at
    every look since `since`."""

    up: bool
    since: datetime
    level: Tier


def believed(
    current: Tier, seen: Tier, hold: Hold | None, rules: AlertRules, now: datetime, *, sure: bool = False
) -> tuple[Tier, Hold | None]:
    """The tier to go by, coming from `current`, and what is still held back.

    `sure`: a rise needs no time. A look that is back at `current`, or beyond it, begins anew.
    """
    if seen == current:
        return current, None
    up = seen > current
    if up and sure:
        return seen, None
    if hold is None or hold.up is not up:
        hold = Hold(up, now, seen)
    nearest = min(hold.level, seen) if up else max(hold.level, seen)
    hold = replace(hold, level=nearest)
    wait: timedelta = rules.rise_after if up else rules.fall_after
    return (hold.level, None) if now - hold.since >= wait else (current, hold)


def beyond_doubt(diagnosis: Diagnosis, block_floor: float) -> bool:
    """True where the block tier is certain at the first look.

    A hold guards against a few attempts that happened to go wrong. With ten times the mail a tier needs, and even the
    low end of the interval above the floor, waiting would only cost mail: there every poll counts.
    """
    bad, of = diagnosis.aimed, diagnosis.now.attempts
    if diagnosis.by_refusal:
        bad, of = diagnosis.refused, diagnosis.tried
    enough = of >= OVERWHELMING * diagnosis.min_attempts
    return diagnosis.tier is Tier.BLOCK and enough and wilson(bad, of).low > block_floor
