"""Mailbox providers as models: each keeps a mood towards every source IP and answers attempts by it.

A mood turns by what the sender does. Many attempts from a suspected IP heat it within minutes; fewer
connections, backoff mode, a pause or a disabled source let it cool, and with good conduct the suspicion itself goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from bot.sim.fleet.replies import DELIVERED, EVERYDAY, ReplyText
from bot.sim.fleet.scenarios import Scenario, Strain

TICK_S: Final = 10
"""How often moods turn, in simulated seconds."""
_RATE_MEMORY_S: Final = 120.0
_DAMAGE_S: Final = 3600.0
_STICKY_AGAIN: Final = 0.8
_TRUSTED: Final = 0.1
"""Suspicion below this is forgotten for good: about an hour of good conduct."""
_PARDON_S: Final = 180.0
"""How fast a provider calms down once the incident is over, whatever the sender does."""


@dataclass(slots=True)
class Mood:
    """One provider's view of one source IP. `rate` is attempts per minute, the rest lies in [0, 1]."""

    strain: Strain | None = None
    over: bool = False
    attempts: int = 0
    rate: float = 0.0
    heat: float = 0.0
    suspicion: float = 0.0
    damage: float = 0.0
    chance: float = 0.0

    def turn(self) -> None:
        """Let `TICK_S` pass."""
        per_minute = self.attempts * 60.0 / TICK_S
        self.rate += (per_minute - self.rate) * (TICK_S / _RATE_MEMORY_S)
        self.attempts = 0
        if self.strain is None:
            return
        self._feel(self.strain)
        worst = self.strain.worst + (self.strain.at_last - self.strain.worst) * self.damage
        self.chance = worst * self.heat * self.suspicion
        if self.over and self.chance < 0.005:
            self.strain, self.chance = None, 0.0

    def _feel(self, strain: Strain) -> None:
        pressure = (self.rate - strain.tolerates) / (strain.unbearable - strain.tolerates)
        target = 0.0 if self.over else max(0.0, min(1.0, pressure))
        time_constant = strain.grows_s if target > self.heat else strain.cools_s
        self.heat += (target - self.heat) * min(1.0, TICK_S / time_constant)
        if self.over:
            self.suspicion -= self.suspicion * (TICK_S / _PARDON_S)
        elif pressure <= 0:
            self.suspicion *= 0.5 ** (TICK_S / strain.forgives_s)
        elif pressure > 0.5:
            self.suspicion += (1.0 - self.suspicion) * (TICK_S / strain.forgives_s)
        self.over = self.over or self.suspicion < _TRUSTED
        toward = 1.0 if self.heat > 0.8 else 0.0
        step = TICK_S / _DAMAGE_S
        self.damage += max(-step, min(step, toward - self.damage))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A provider's answer to one attempt. `diag` is the accounting field `dsnDiag`."""

    record: str
    diag: str
    status: str
    category: str = ""
    sticky: ReplyText | None = None


class Providers:
    """All providers. Not thread-safe: the fleet's lock guards it."""

    def __init__(self) -> None:
        self._moods: dict[tuple[str, str], Mood] = {}
        self._scenario: Scenario | None = None
        self._began_at = 0

    def begin(self, scenario: Scenario, at: int) -> None:
        """End what was going on and let `scenario` take effect at `at`."""
        self._scenario = scenario
        self._began_at = at
        for (isp, ip), mood in self._moods.items():
            self._suspect(mood, isp, ip)

    def end(self) -> None:
        """Pardon everybody: the incident is over."""
        self._scenario = None
        for mood in self._moods.values():
            mood.over = True

    def surge(self, isp: str, ips: Sequence[str], at: int) -> tuple[float, str]:
        """By how much the incident's campaign multiplies new mail from these IPs at `at`, and its job id."""
        if self._scenario is None:
            return 1.0, ""
        age = at - self._began_at
        for strain in self._scenario.strains:
            if strain.isp == isp and age < strain.surge_s and not set(strain.ips).isdisjoint(ips):
                return strain.surge, self._scenario.job
        return 1.0, ""

    def turn(self) -> None:
        """Let `TICK_S` pass for every mood."""
        for mood in self._moods.values():
            mood.turn()

    def answer(self, isp: str, ip: str, about: dict[str, str], sticky: ReplyText | None, rng: Random) -> Verdict:
        """Answer one attempt. `about` fills the placeholders of `bot.sim.fleet.replies`."""
        mood = self._moods.get((isp, ip)) or self._meet(isp, ip)
        mood.attempts += 1
        if sticky is not None and rng.random() < _STICKY_AGAIN:
            return _verdict(sticky, about, rng)
        chance = rng.random()
        if chance < mood.chance and mood.strain is not None:
            return _verdict(_weighted(mood.strain.answers, rng), about, rng)
        chance = (chance - mood.chance) / (1.0 - mood.chance)
        for reply in EVERYDAY[isp]:
            chance -= reply.weight
            if chance < 0:
                return _verdict(reply, about, rng)
        return Verdict("d", DELIVERED[isp].format(id=_hex(rng), **about), "2.0.0 (success)")

    def _meet(self, isp: str, ip: str) -> Mood:
        mood = self._moods[(isp, ip)] = Mood()
        self._suspect(mood, isp, ip)
        return mood

    def _suspect(self, mood: Mood, isp: str, ip: str) -> None:
        strains = self._scenario.strains if self._scenario else ()
        strain = next((s for s in strains if s.isp == isp and (not s.ips or ip in s.ips)), None)
        if strain is None:
            mood.over = True
            return
        mood.strain, mood.over, mood.suspicion = strain, False, 1.0
        mood.heat = mood.damage = 0.0


def _weighted(replies: Sequence[ReplyText], rng: Random) -> ReplyText:
    left = rng.random() * sum(reply.weight for reply in replies)
    for reply in replies:
        left -= reply.weight
        if left < 0:
            return reply
    return replies[-1]


def _verdict(reply: ReplyText, about: dict[str, str], rng: Random) -> Verdict:
    diag = f"smtp;{reply.text.format(id=_hex(rng), **about)}" if reply.text else ""
    return Verdict(reply.record, diag, reply.status, reply.category, reply if reply.sticky else None)


def _hex(rng: Random) -> str:
    return f"{rng.getrandbits(52):013x}"
