"""The life of an incident as a table with reasons, and the decision what a diagnosis means for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.alert_rules import AlertRules
from bot.core.diagnosis import Diagnosis
from bot.core.flap import steadied, turned
from bot.core.hold import Hold, believed
from bot.core.incident import (
    Hush,
    Incident,
    IncidentState,
    Life,
    Move,
    Taken,
    calm,
    looks_new,
    proves_calm,
    worth_a_message,
)
from bot.core.marks import marked
from bot.core.stake import at_risk
from bot.core.tier import Tier

_OPEN, _TAKEN, _MITIGATING, _RECOVERING, _RESOLVED = IncidentState

_IN_FORCE = "a change of ours is in force"
_NOT_IN_FORCE = "no change of ours is in force any more"
_FOR_NOW = "back to normal; it closes once that has lasted"
_AGAIN = "no longer back to normal"
_OVER = "back to normal for long enough"
_SOON = "crossed again soon after it was over"

TRANSITIONS: Mapping[tuple[IncidentState, IncidentState], str] = {
    (_OPEN, _TAKEN): "somebody has taken it",
    (_OPEN, _MITIGATING): _IN_FORCE,
    (_OPEN, _RECOVERING): _FOR_NOW,
    (_OPEN, _RESOLVED): _OVER,
    (_TAKEN, _OPEN): "whoever took it has let it go",
    (_TAKEN, _MITIGATING): _IN_FORCE,
    (_TAKEN, _RECOVERING): _FOR_NOW,
    (_TAKEN, _RESOLVED): _OVER,
    (_MITIGATING, _OPEN): _NOT_IN_FORCE,
    (_MITIGATING, _TAKEN): _NOT_IN_FORCE,
    (_MITIGATING, _RECOVERING): _FOR_NOW,
    (_MITIGATING, _RESOLVED): _OVER,
    (_RECOVERING, _OPEN): _AGAIN,
    (_RECOVERING, _TAKEN): _AGAIN,
    (_RECOVERING, _MITIGATING): _AGAIN,
    (_RECOVERING, _RESOLVED): _OVER,
    (_RESOLVED, _OPEN): _SOON,
    (_RESOLVED, _MITIGATING): _SOON,
}
"""Every way there is, and why it is gone."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the state follows from. `above`: it is not back to normal, as far as is known; `settled`: it has been, for
    as long as it takes. `changing`: a change of ours is in force; `owned`: somebody has taken it."""

    above: bool = True
    settled: bool = False
    changing: bool = False
    owned: bool = False

    @property
    def goal(self) -> IncidentState:
        if not self.above:
            return _RESOLVED if self.settled else _RECOVERING
        if self.changing:
            return _MITIGATING
        return _TAKEN if self.owned else _OPEN


def next_state(state: IncidentState, facts: Facts) -> tuple[IncidentState, str]:
    """The state that the facts lead to and why; the same and "" where it stays, or where there is no such way."""
    why = TRANSITIONS.get((state, facts.goal), "")
    return (facts.goal, why) if why else (state, "")


def standing(incident: Incident, *, changing: bool, owner: str) -> IncidentState:
    """The state after a change began or ended, or another owner took it, while the diagnosis is the same."""
    if incident.state in (_RECOVERING, _RESOLVED):
        return incident.state
    return next_state(incident.state, Facts(changing=changing, owned=bool(owner)))[0]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an ISP's incident. `why`: the reason of the transition, "" where the state stays.
    `hold`: the tier that is seen and not believed yet, for the next look."""

    move: Move
    state: IncidentState
    tier: Tier
    life: Life
    why: str = ""
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of an ISP at `now`. `hold`: as the last decision left it. `changing`: a change of ours is in force
    for its incident. `sure`: a rise needs no second look. `hush`: the silence over the ISP."""

    diagnosis: Diagnosis
    now: datetime
    rules: AlertRules
    hold: Hold | None = None
    changing: bool = False
    sure: bool = False
    hush: Hush | None = None

    @property
    def worth(self) -> bool:
        return self._worth(self.diagnosis.tier)

    @property
    def small(self) -> bool:
        return at_risk(self.diagnosis) < self.rules.least_at_risk(self.diagnosis.isp)

    def believed(self, current: Tier) -> tuple[Tier, Hold | None]:
        """As `core.hold.believed`; what is not worth a message is held on."""
        tier, hold = believed(current, self.diagnosis.tier, self.hold, self.rules, self.now, sure=self.sure)
        if current is Tier.CLEAR and not self._worth(tier):
            return current, hold or Hold(True, self.now, self.diagnosis.tier)
        return tier, hold

    def turned(self, life: Life, *, up: bool) -> Life:
        return turned(life, up=up, now=self.now, limit=self.rules.flap_turns)

    def _worth(self, tier: Tier) -> bool:
        return worth_a_message(tier, self.diagnosis.cause, self.rules.alert_from)


def decide(last: Incident | None, look: Look) -> Decision:
    """What becomes of `last`, the newest incident of the ISP, open or over; None where it never had one."""
    if last is None or last.state is _RESOLVED:
        return _from_rest(last, look)
    diagnosis = look.diagnosis
    below = calm(diagnosis, look.rules.alert_from)
    if diagnosis.blind or (below and not proves_calm(diagnosis)):
        return Decision(Move.BLIND, last.state, last.tier, replace(last.life, calm_since=None, hush=look.hush))
    life = steadied(last.life, look.now, look.rules.flap_turns)
    life = replace(life, at_risk=max(life.at_risk, at_risk(diagnosis)), hush=look.hush)
    life = replace(life, refused=_refused(last, diagnosis))
    life = marked(life, diagnosis, look.now)
    if last.life.hush is not None and look.hush is None:
        life = replace(life, told_at=look.now)  # its end is told, which is enough for now
    decision = _below(last, life, look) if below else _above(last, life, look)
    told = (decision.life.damped, decision.life.hush) != (last.life.damped, last.life.hush)
    return replace(decision, move=Move.REFRESH) if decision.move is Move.HOLD and told else decision


def _from_rest(last: Incident | None, look: Look) -> Decision:
    before = last.life if last else Life()
    rest = Decision(Move.HOLD, _RESOLVED, Tier.CLEAR, before)
    if look.diagnosis.blind:
        return replace(rest, move=Move.BLIND)
    if look.small or look.hush is not None or not look.worth:
        return rest
    tier, hold = look.believed(Tier.CLEAR)
    if tier is Tier.CLEAR or _closed_by_hand(last, tier, look):
        return replace(rest, hold=hold)
    held_up = at_risk(look.diagnosis)
    ended = last.resolved_at if last else None
    if last is None or ended is None or look.now - ended > look.rules.reopen_within:
        life = Life(worst=tier, at_risk=held_up, told_at=look.now, refused=look.diagnosis.by_refusal)
        return Decision(Move.OPEN, _OPEN, tier, life, Move.OPEN.value)
    state, why = next_state(_RESOLVED, Facts(changing=look.changing))
    life = look.turned(steadied(before, look.now, look.rules.flap_turns), up=True)
    life = replace(life, worst=max(life.worst, tier), at_risk=max(life.at_risk, held_up), told_at=look.now)
    life = replace(life, calm_since=None, hush=None, taken=None, closed=None, reopened=life.reopened + 1)
    life = replace(life, refused=_refused(last, look.diagnosis))
    return Decision(Move.REOPEN, state, tier, life, why)


def _below(last: Incident, life: Life, look: Look) -> Decision:
    since = last.life.calm_since or look.now
    settled = look.now - since >= look.rules.fall_after
    state, why = next_state(last.state, Facts(above=False, settled=settled))
    life = replace(look.turned(life, up=False), calm_since=since)
    if not why:
        move = Move.REFRESH if last.life.calm_since is None else _shown(last, look)
        return Decision(move, state, last.tier, life)
    if settled:
        return Decision(Move.RESOLVE, state, look.diagnosis.tier, replace(life, calm_since=None), why)
    return Decision(Move.RECOVER, state, last.tier, life, why)


def _above(last: Incident, life: Life, look: Look) -> Decision:
    state, why = next_state(last.state, Facts(changing=look.changing, owned=bool(last.owner)))
    tier, hold = look.believed(last.tier)
    life = replace(life, worst=max(life.worst, tier), calm_since=None)
    if why and state is _TAKEN:
        life = replace(life, taken=Taken(look.now, tier))
    if last.state is _RECOVERING:
        move = Move.RELAPSE
    elif tier != last.tier:
        move = Move.RISE if tier > last.tier else Move.FALL
    else:
        move = Move.REFRESH if why else _shown(last, look)
    if move in (Move.RELAPSE, Move.RISE, Move.FALL):
        life = look.turned(life, up=move is not Move.FALL)
    return Decision(move, state, tier, life, why, hold)


def _shown(last: Incident, look: Look) -> Move:
    """Whether what is shown is too old or says something else."""
    old = look.diagnosis.at - last.diagnosis.at >= look.rules.refresh
    return Move.REFRESH if old or looks_new(look.diagnosis, last.diagnosis) else Move.HOLD


def _refused(last: Incident, diagnosis: Diagnosis) -> bool:
    """Whether it is refusals that the incident's peak is of."""
    return diagnosis.by_refusal if diagnosis.told_rate >= last.peak_rate else last.life.refused


def _closed_by_hand(last: Incident | None, tier: Tier, look: Look) -> bool:
    """Somebody ended it though it stands: for as long as an owner may have one, only what is worse is told."""
    if last is None or last.life.closed is None or last.resolved_at is None:
        return False
    return tier <= last.life.closed.tier and look.now - last.resolved_at < look.rules.ack_timeout
