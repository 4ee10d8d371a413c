"""How bad a deferral rate is: the response protocol's tiers, with hysteresis. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Tier(IntEnum):
    """Severity of an ISP's deferral rate; a higher one is worse."""

    CLEAR = 0
    THROTTLE = 1
    MIXED = 2
    REPUTATION = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class TierRule:
    """Where the tiers begin. Floors are inclusive, in [0, 1], rising.

    Defaults: the response protocol (5, 15, 25, 50 %; at least 50 attempts in 60 minutes). A tier is left
    downwards only once the rate is below its floor by more than `slack`, so that it does not flap.
    """

    throttle: float = 0.05
    mixed: float = 0.15
    reputation: float = 0.25
    block: float = 0.50
    slack: float = 0.02
    min_attempts: int = 50

    def floor(self, tier: Tier) -> float:
        return (0.0, self.throttle, self.mixed, self.reputation, self.block)[tier]


def tier_for(rate: float, attempts: int, current: Tier, rule: TierRule) -> Tier:
    """The tier this rate puts an ISP in, coming from `current`.

    Up at once and as far as the rate says; down only past the slack. With fewer than `rule.min_attempts`
    attempts nothing can be judged, so an open tier stays and a clear one stays clear.
    """
    if attempts < rule.min_attempts:
        return current
    reached = max(tier for tier in Tier if rate >= rule.floor(tier))
    if reached >= current:
        return reached
    held = max((tier for tier in Tier if tier <= current and rate >= rule.floor(tier) - rule.slack), default=Tier.CLEAR)
    return max(reached, held)
