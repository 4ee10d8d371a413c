"""New mail: which recipients arrive when, from which campaign, over which VMTA."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Final

from bot.sim.fleet.providers import Providers
from bot.sim.fleet.queues import Mail
from bot.sim.fleet.topology import GROUPS, Route

_FIRST: Final = (
    "ann", "ben", "carla", "david", "elif", "farid", "greta", "hugo", "ines", "jonas", "karin", "liam",
    "mona", "nils", "olga", "pavel", "rosa", "samir", "tara", "uwe", "vera", "wim", "yara", "zoe",
)  # fmt: skip
_CAMPAIGN_S: Final = 2 * 3600
_RUNNING: Final = (("newsletter", 0.45), ("offers", 0.25), ("digest", 0.15))


class Flow:
    """Mail of one route, at exponential intervals; the next one is submitted at `next_at`."""

    def __init__(self, route: Route, sources: tuple[str, ...], providers: Providers, rng: Random, at: int) -> None:
        self.route = route
        self._sources = sources
        self._providers = providers
        self._rng = rng
        self._boxes = GROUPS[route.group]
        self._shares = list(accumulate(box.share for box in self._boxes))
        self.next_at = at + rng.expovariate(route.per_minute / 60)

    def arrivals(self, at: int) -> Iterator[Mail]:
        """Every mail submitted up to and including `at`."""
        while self.next_at <= at:
            surge, job = self._providers.surge(self.route.group, self._sources, at)
            self.next_at += self._rng.expovariate(self.route.per_minute * surge / 60)
            part_of_incident = surge > 1 and self._rng.random() < (surge - 1) / surge
            yield self._mail(at, job if part_of_incident else self._job(at))

    def _mail(self, at: int, job: str) -> Mail:
        rng = self._rng
        box = rng.choices(self._boxes, cum_weights=self._shares)[0]
        local = f"{rng.choice(_FIRST)}.{rng.randrange(100_000)}"
        orig = "receipts@sender.example" if job == "transactional" else "news@sender.example"
        return Mail(box, local, orig, job, 6_000 + int(rng.random() ** 2 * 90_000), at)

    def _job(self, at: int) -> str:
        chance = self._rng.random()
        number = 100 + at // _CAMPAIGN_S % 900
        for name, share in _RUNNING:
            chance -= share
            if chance < 0:
                return f"{name}-{number}"
        return "transactional"
