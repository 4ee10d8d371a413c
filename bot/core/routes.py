"""Which channel hears of an incident. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.tier import Tier


@dataclass(frozen=True, slots=True)
class Route:
    """Incidents of these ISPs (all where empty), from `tier` up, go to `channel`."""

    channel: str
    isps: frozenset[str] = frozenset()
    tier: Tier = Tier.CLEAR

    def takes(self, isp: str, tier: Tier) -> bool:
        return tier >= self.tier and (not self.isps or isp in self.isps)


@dataclass(frozen=True, slots=True)
class Routes:
    """The first route that takes an incident decides; none does: `default`, where all else is told too."""

    default: str
    routes: Sequence[Route] = ()

    def of(self, isp: str, tier: Tier) -> str:
        return next((route.channel for route in self.routes if route.takes(isp, tier)), self.default)

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel once, the default one first."""
        return tuple(dict.fromkeys([self.default, *(route.channel for route in self.routes)]))
