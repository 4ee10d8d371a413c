"""How often Slack lets an app call: so many per minute and method, one post per second and channel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

TIER_2 = 20
TIER_3 = 50
TIER_4 = 100


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Slack tolerates short bursts above one post a second; `post_burst` is how many at once.
    The figure is not documented: ten is a guess on the strict side."""

    posts_per_s: float = 1.0
    post_burst: int = 10
    per_minute: bool = True


class _Bucket:
    def __init__(self, size: float, per_s: float, now: float) -> None:
        self._size, self._per_s = size, per_s
        self._level, self._at = size, now

    def take(self, now: float) -> float:
        """0.0 where there was room, else the seconds until there is."""
        self._level = min(self._size, self._level + (now - self._at) * self._per_s)
        self._at = now
        if self._level < 1:
            return (1 - self._level) / self._per_s
        self._level -= 1
        return 0.0


class RateGate:
    """Not locked: used from the server's thread alone."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def method(self, name: str, tier: int) -> int:
        """Whole seconds to wait before calling method `name` again; 0 = go."""
        if not tier or not self._limits.per_minute:
            return 0
        return self._take((name, ""), tier, tier / 60)

    def post(self, channel: str) -> int:
        """As `method`, for one post into `channel`."""
        return self._take(("post", channel), self._limits.post_burst, self._limits.posts_per_s)

    def _take(self, key: tuple[str, str], size: float, per_s: float) -> int:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(size, per_s, now))
        return math.ceil(bucket.take(now))
