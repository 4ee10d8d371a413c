"""When mail may go on after a deferral: the plain reference model of a policy. Pure.

One state per key (policy, ISP, source IP or VMTA); while it waits, the whole queue waits. `after` takes one event.
`core.policy_engine` is the same for streams and must equal it.

- A step is taken only by a deferral that comes after the former wait has run out: a burst inside a wait is one step.
- The last value of a list repeats. 0 is no wait.
- A delivery or another kind goes back to the first value; a bounce does not. Steps of the volume rule go back when a
  period brought enough, not by one accepted message.
- A wait is never shortened: one of another kind is taken only where it ends later.
- The volume rule looks back at every full minute, over whole minutes. It needs one attempt in the period (a bounce is
  one, a transient reply is none). A period begins, at the earliest, with the first attempt after an idle one or after
  its own wait: mail that has just begun to flow has not failed to arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from bot.core.policy import VOLUME, Kind, Policy, Sort, Volume

DISORDER_S = 120
"""Records of several hosts come mixed by this much; an older one says that the clock was set back."""
FORGOTTEN_AFTER_S = 24 * 3600
"""A key that is silent for this long after its wait begins anew."""


class Why(StrEnum):
    """What an event did to a key."""

    DELIVERED = "a delivery: the next wait is the first again"
    BOUNCED = "a bounce changes no step"
    TRANSIENT = "transient: ignored"
    WAITS = "deferred: the next wait of its list"
    NO_WAIT = "deferred: its list says no wait"
    OTHER_KIND = "deferred for another reason: the first wait of that list"
    IN_WAIT = "inside a wait: the same step"
    SHORTER = "another reason, but the running wait ends later"
    TOO_FEW = "too few delivered in the period"
    ENOUGH = "enough delivered in the period: the next wait of the volume rule is its first again"
    BYPASSED = "retry now: the wait is cleared"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a key. `kind` None is the bypass. `at` is epoch seconds."""

    at: int
    kind: Kind | None


class Minute(NamedTuple):
    """What was tried in one minute (epoch seconds // 60)."""

    minute: int
    delivered: int
    attempts: int


@dataclass(frozen=True, slots=True)
class State:
    """Where a key stands. `step` counts from 1; 0 after a delivery. `until` and `*_at` are epoch seconds.

    `wait_s` is the length of the wait that ends at `until`. `minutes` are those of the period, in order; they are
    whole from `counted_from` on, and looked at up to `checked` (both minutes).
    """

    kind: Kind | None = None
    step: int = 0
    wait_s: int = 0
    until: int = 0
    seen_at: int = 0
    delivered_at: int | None = None
    minutes: tuple[Minute, ...] = ()
    counted_from: int = 0
    checked: int = 0

    def waits(self, at: int) -> bool:
        return at < self.until


NEW = State()


class Change(NamedTuple):
    """What happened to a key when. A volume check may come before the event that made it due."""

    at: int
    why: Why
    state: State


def after(policy: Policy, state: State, event: Event) -> list[Change]:
    """What one event does, the event's own change last.

    Records up to `DISORDER_S` older than the newest are taken as they come. An older one says that the clock was set
    back: counts begin anew, and a wait lasts no longer than its own length from then.
    """
    state = _timely(state, event.at)
    changes = _checked(policy, state, event.at // 60)
    state = changes[-1].state if changes else state
    why, state = _taken(policy, replace(state, checked=max(state.checked, event.at // 60)), event)
    return [*changes, Change(event.at, why, replace(state, seen_at=max(state.seen_at, event.at)))]


def at_time(policy: Policy, state: State, at: int) -> State:
    """The state at `at`, volume checks that are due by then included."""
    changes = _checked(policy, _timely(state, at), at // 60)
    return changes[-1].state if changes else _timely(state, at)


def _timely(state: State, at: int) -> State:
    if not state.seen_at or at > max(state.seen_at, state.until) + FORGOTTEN_AFTER_S:
        return State(counted_from=at // 60, checked=at // 60)
    if at >= state.seen_at - DISORDER_S:
        return state
    until = min(state.until, at + state.wait_s)
    return replace(state, until=until, seen_at=at, minutes=(), counted_from=at // 60, checked=at // 60)


def _taken(policy: Policy, state: State, event: Event) -> tuple[Why, State]:
    kind, at = event.kind, event.at
    if kind is None:
        counted_from = min(state.counted_from, at // 60)
        return Why.BYPASSED, replace(state, until=min(state.until, at), counted_from=counted_from)
    if kind.sort is Sort.TRANSIENT:
        return Why.TRANSIENT, state
    state = _counted(policy, state, at, delivered=kind.sort is Sort.DELIVERY)
    if kind.sort is Sort.BOUNCE:
        return Why.BOUNCED, state
    if kind.sort is Sort.DELIVERY:
        step = state.step if state.kind == VOLUME else 0
        return Why.DELIVERED, replace(state, step=step, delivered_at=max(at, state.delivered_at or at))
    return _deferred(policy, state, kind, at)


def _deferred(policy: Policy, state: State, kind: Kind, at: int) -> tuple[Why, State]:
    waits = policy.waits(kind)
    if state.waits(at) and kind == state.kind:
        return Why.IN_WAIT, state
    step = min(state.step + 1, len(waits)) if kind == state.kind else 1
    wait_s = waits[step - 1]
    if state.waits(at) and at + wait_s <= state.until:
        return Why.SHORTER, state
    why = Why.WAITS if state.kind in (None, kind) else Why.OTHER_KIND
    return why if wait_s else Why.NO_WAIT, replace(state, kind=kind, step=step, wait_s=wait_s, until=at + wait_s)


def _counted(policy: Policy, state: State, at: int, *, delivered: bool) -> State:
    """One attempt more in its minute."""
    if policy.volume is None:
        return state
    counts = {each.minute: each for each in state.minutes if each.minute >= state.checked - policy.volume.minutes}
    counted_from = state.counted_from if counts else max(state.counted_from, at // 60)
    _, had, tried = counts.get(at // 60, Minute(at // 60, 0, 0))
    counts[at // 60] = Minute(at // 60, had + delivered, tried + 1)
    return replace(state, minutes=tuple(counts[each] for each in sorted(counts)), counted_from=counted_from)


def _checked(policy: Policy, state: State, minute: int) -> list[Change]:
    """Every look back that is due by the beginning of `minute` and changes something."""
    found: list[Change] = []
    if policy.volume is None or not state.minutes:
        return found
    # Behind the last minute's period there was no attempt, so nothing to find.
    for now in range(state.checked + 1, min(minute, state.minutes[-1].minute + policy.volume.minutes) + 1):
        changed = _looked_back(policy, policy.volume, state, now)
        if changed is not None:
            found.append(changed)
            state = changed.state
    return found


def _looked_back(policy: Policy, volume: Volume, state: State, now: int) -> Change | None:
    """The volume rule at the beginning of minute `now`."""
    at, own = now * 60, state.kind == VOLUME
    period = [each for each in state.minutes if now - volume.minutes <= each.minute < now]
    whole = now - volume.minutes >= state.counted_from
    if not whole or not any(each.attempts for each in period) or (own and state.waits(at)):
        return None
    if sum(each.delivered for each in period) >= volume.delivered_at_least:
        return Change(at, Why.ENOUGH, replace(state, step=0, checked=now)) if own and state.step else None
    waits = policy.waits(VOLUME)
    step = min(state.step + 1, len(waits)) if own else 1
    until = at + waits[step - 1]
    if state.waits(at) and until <= state.until:
        return None
    found = replace(state, kind=VOLUME, step=step, wait_s=waits[step - 1], until=until)
    return Change(at, Why.TOO_FEW, replace(found, minutes=(), counted_from=-(-until // 60), checked=now))
