"""One ISP's incident looked at again and again in virtual time, and what people were told of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.core.alert_rules import AlertRules
from bot.core.diagnosis import Diagnosis, HostLine
from bot.core.hold import Hold
from bot.core.incident import Incident, IncidentState, Move, Taken
from bot.core.incident_news import news
from bot.core.life import Decision, Look, decide, standing
from bot.core.model import Tally
from bot.core.tier import Tier, TierRule, tier_for
from tests.diagnoses import diagnosis

POLL = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
RULES = AlertRules()
STATES = tuple(IncidentState)
DARK = (HostLine("mta1", 900.0, "mta1: no data for 15 min"),)


def seen(rate: float, at: datetime, current: Tier = Tier.CLEAR, **given: object) -> Diagnosis:
    """Gmail at `rate` of 1,000 attempts, judged coming from `current`."""
    deferred = round(1000 * rate)
    values: dict[str, object] = {
        "at": at,
        "now": Tally(1000 - deferred, deferred),
        "aimed": deferred,
        "tier": tier_for(rate, 1000, current, TierRule()),
        "hosts": (HostLine("mta1", 4.0),),
        "queues": (),
    }
    return diagnosis(**{**values, **given})


@dataclass
class Told:
    """One ISP over time, kept as a store would keep it: `look` is one poll."""

    rules: AlertRules = RULES
    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    incidents: list[Incident] = field(default_factory=list)
    hold: Hold | None = None
    decided: list[Decision] = field(default_factory=list)
    lines: list[tuple[str, bool]] = field(default_factory=list)
    owner: str = ""
    changing: bool = False

    @property
    def last(self) -> Incident | None:
        return self.incidents[-1] if self.incidents else None

    @property
    def state(self) -> IncidentState:
        assert self.last is not None
        return self.last.state

    @property
    def tier(self) -> Tier:
        """That of the open incident."""
        open_now = self.last is not None and self.last.state is not IncidentState.RESOLVED
        return self.last.tier if self.last is not None and open_now else Tier.CLEAR

    def look(self, rate: float, *, wait: timedelta = POLL, sure: bool = False, **given: object) -> Move:
        self.now += wait
        found = seen(rate, self.now, self.tier, **given)
        look = Look(found, self.now, self.rules, self.hold, self.changing, sure)
        before, decision = self.last, decide(self.last, look)
        self.hold = decision.hold
        self.decided.append(decision)
        self._keep(decision, found)
        if self.last is not None and decision.move not in (Move.HOLD, Move.BLIND):
            self.lines += news(before, decision, self.last)
        return decision.move

    def over(self, rate: float, span: timedelta) -> list[Move]:
        """A look every ten seconds; the moves that say something."""
        moves = [self.look(rate) for _ in range(span // POLL)]
        return [move for move in moves if move not in (Move.HOLD, Move.REFRESH)]

    def take(self, owner: str) -> None:
        assert self.last is not None
        state = standing(self.last, changing=self.changing, owner=owner)
        life = replace(self.last.life, taken=Taken(self.now, self.last.tier))
        self.incidents[-1] = replace(self.last, owner=owner, state=state, life=life)

    def _keep(self, decision: Decision, found: Diagnosis) -> None:
        if decision.move is Move.OPEN:
            number, rate = len(self.incidents) + 1, found.now.rate
            opened = Incident(
                number, "gmail", decision.state, decision.tier, self.now, 1, rate, found, life=decision.life
            )
            self.incidents.append(opened)
        elif self.last is not None and decision.move is not Move.HOLD:
            ended = self.now if decision.move is Move.RESOLVE else self.last.resolved_at
            again = decision.move is Move.REOPEN
            self.incidents[-1] = replace(
                self.last,
                state=decision.state,
                tier=decision.tier,
                life=decision.life,
                diagnosis=found,
                owner="" if again else self.last.owner,
                resolved_at=None if again else ended,
            )


def opened(rate: float = 0.3) -> Told:
    told = Told()
    assert told.over(rate, 2 * POLL) == [Move.OPEN]
    return told
