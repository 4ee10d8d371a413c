"""How sure a rate is: Wilson's score interval. Pure."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from bot.core.model import Tally

Z95 = 1.96
"""Of a hundred such intervals about 95 hold the true rate."""
WIDE = 0.10
"""An interval wider than this, ±5 points, is shown beside its rate."""


class Interval(NamedTuple):
    """Where the true rate may lie, both ends in [0, 1]."""

    low: float
    high: float

    @property
    def wide(self) -> bool:
        return self.high - self.low > WIDE

    def above(self, other: Interval) -> bool:
        """True where even the low end is above all of `other`: no accident of few attempts."""
        return self.low > other.high


def wilson(hits: int, tries: int, z: float = Z95) -> Interval:
    """The interval for `hits` of `tries` (0 <= hits <= tries); everything where nothing was tried.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if not tries:
        return Interval(0.0, 1.0)
    rate, square = hits / tries, z * z
    middle = (rate + square / (2 * tries)) / (1 + square / tries)
    reach = z / (1 + square / tries) * sqrt(rate * (1 - rate) / tries + square / (4 * tries * tries))
    # Clamped to the rate itself: at 0 and at all of it rounding would leave the rate outside by a hair.
    return Interval(max(0.0, min(rate, middle - reach)), min(1.0, max(rate, middle + reach)))


def of_tally(tally: Tally) -> Interval:
    """Of the deferral rate."""
    return wilson(tally.deferred, tally.attempts)
