"""Policies followed over a stream of records, one small state per key; equal to `core.retry_times` by test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from bot.core.policy import LONGEST_REPLY, VOLUME, Kind, Policies, Policy, Sort, Volume
from bot.core.retry_times import DISORDER_S, FORGOTTEN_AFTER_S, Why

REPLIES_REMEMBERED = 20_000


class Key(NamedTuple):
    """What waits as one. `source` is the source IP, or the VMTA where the records name none."""

    isp: str
    source: str


class Imposed(NamedTuple):
    """A wait that begins at `at` (epoch seconds); `step` counts from 1."""

    at: int
    kind: Kind
    step: int
    wait_s: int


class Standing(NamedTuple):
    """Where a key stands: "step 3 of 4, waiting 30m, until 14:35". Without a wait `until` is None.

    `kind` is what the last wait was for; `step` is 0 after a delivery.
    """

    key: Key
    policy: str
    kind: Kind | None
    step: int
    steps: int
    wait_s: int
    until: datetime | None
    delivered_at: datetime | None


class Follower:
    """One key under one policy. Memory: the minutes of the volume rule's period, else nothing that grows."""

    __slots__ = (
        "_checked",
        "_counted_from",
        "_counts",
        "_policy",
        "_sum_attempts",
        "_sum_delivered",
        "_told",
        "delivered_at",
        "kind",
        "seen_at",
        "step",
        "until",
        "wait_s",
    )

    def __init__(self, policy: Policy, told: Callable[[Imposed], object] | None = None) -> None:
        """`told` hears of every wait that begins."""
        self._policy = policy
        self._told = told
        self._begin(0)

    def _begin(self, at: int) -> None:
        self.kind: Kind | None = None
        self.step = self.wait_s = self.until = self.seen_at = 0
        self.delivered_at: int | None = None
        self._count_anew(at // 60, at // 60)

    def _count_anew(self, counted_from: int, checked: int) -> None:
        self._counts: dict[int, list[int]] = {}
        self._sum_delivered = self._sum_attempts = 0
        self._counted_from = counted_from
        self._checked = checked

    def see(self, at: int, kind: Kind, times: int = 1) -> Why:
        """One event, or `times` like ones in the same second. `at` is epoch seconds."""
        volume = self._policy.volume
        if not self.seen_at or at < self.seen_at - DISORDER_S or at - FORGOTTEN_AFTER_S > self.seen_at:
            self._set_clock(at)
        if volume is not None:
            self._look_back(volume, at // 60)
        if at > self.seen_at:
            self.seen_at = at
        sort = kind.sort
        if sort is Sort.TRANSIENT:
            return Why.TRANSIENT
        if volume is not None:
            self._count(volume, at, times if sort is Sort.DELIVERY else 0, times)
        if sort is Sort.DELIVERY:
            if self.kind != VOLUME:
                self.step = 0
            if self.delivered_at is None or at > self.delivered_at:
                self.delivered_at = at
            return Why.DELIVERED
        return Why.BOUNCED if sort is Sort.BOUNCE else self._defer(at, kind)

    def clear(self, at: int) -> None:
        """Retry now."""
        self.advance(at)
        self.seen_at = max(self.seen_at, at)
        self.until = min(self.until, at)
        self._counted_from = min(self._counted_from, at // 60)

    def advance(self, at: int) -> None:
        """Do what is due by `at` without an event."""
        if not self.seen_at or at < self.seen_at - DISORDER_S or at - FORGOTTEN_AFTER_S > self.seen_at:
            self._set_clock(at)
        if self._policy.volume is not None:
            self._look_back(self._policy.volume, at // 60)

    def forgettable(self, at: int) -> bool:
        """True where a new follower would do the same from now on."""
        return at > max(self.seen_at, self.until) + FORGOTTEN_AFTER_S

    def _set_clock(self, at: int) -> None:
        if not self.seen_at or self.forgettable(at):
            self._begin(at)
        elif at < self.seen_at - DISORDER_S:
            self.until = min(self.until, at + self.wait_s)
            self.seen_at = at
            self._count_anew(at // 60, at // 60)

    def _defer(self, at: int, kind: Kind) -> Why:
        waiting, same = at < self.until, kind == self.kind
        if waiting and same:
            return Why.IN_WAIT
        waits = self._policy.waits(kind)
        step = min(self.step + 1, len(waits)) if same else 1
        wait_s = waits[step - 1]
        if waiting and at + wait_s <= self.until:
            return Why.SHORTER
        first = self.kind is None
        self._impose(at, kind, step, wait_s)
        if not wait_s:
            return Why.NO_WAIT
        return Why.WAITS if same or first else Why.OTHER_KIND

    def _impose(self, at: int, kind: Kind, step: int, wait_s: int) -> None:
        self.kind, self.step, self.wait_s, self.until = kind, step, wait_s, at + wait_s
        if self._told is not None and wait_s:
            self._told(Imposed(at, kind, step, wait_s))

    def _count(self, volume: Volume, at: int, delivered: int, attempts: int) -> None:
        minute = at // 60
        if not self._sum_attempts and self._checked not in self._counts:
            self._counted_from = max(self._counted_from, minute)
        if minute < self._checked - volume.minutes:
            return
        count = self._counts.setdefault(minute, [0, 0])
        count[0] += delivered
        count[1] += attempts
        if self._checked - volume.minutes <= minute < self._checked:
            self._sum_delivered += delivered
            self._sum_attempts += attempts

    def _look_back(self, volume: Volume, minute: int) -> None:
        """The volume rule at every full minute up to `minute`; the sums are those of the period before `_checked`."""
        while self._checked < minute:
            if not self._counts:
                self._checked = minute
                self._sum_delivered = self._sum_attempts = 0
                return
            now = self._checked = self._checked + 1
            arrived = self._counts.get(now - 1, (0, 0))
            gone = self._counts.pop(now - 1 - volume.minutes, (0, 0))
            self._sum_delivered += arrived[0] - gone[0]
            self._sum_attempts += arrived[1] - gone[1]
            if self._sum_attempts and now - volume.minutes >= self._counted_from:
                self._judge(volume, now)

    def _judge(self, volume: Volume, now: int) -> None:
        own, waiting = self.kind == VOLUME, now * 60 < self.until
        if own and waiting:
            return
        if self._sum_delivered >= volume.delivered_at_least:
            self.step = 0 if own else self.step
            return
        step = min(self.step + 1, len(volume.waits)) if own else 1
        wait_s = volume.waits[step - 1]
        if waiting and now * 60 + wait_s <= self.until:
            return
        self._impose(now * 60, VOLUME, step, wait_s)
        self._count_anew(-(-self.until // 60), now)


class PolicyEngine:
    """Every key of a fleet. Not for two threads at once."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._followers: dict[Key, Follower] = {}
        self._kind_of = lru_cache(maxsize=REPLIES_REMEMBERED)(self._asked)

    def __len__(self) -> int:
        return len(self._followers)

    def see(self, key: Key, at: int, record_type: str, diag: str) -> Why:
        """One accounting record: its epoch second, type (`d`, `t`, `tq`, `b`) and raw `dsnDiag`."""
        follower = self._followers.get(key)
        if follower is None:
            follower = self._followers[key] = Follower(self._policies.of(key.isp))
        text = "" if record_type == "d" else diag[:LONGEST_REPLY]
        return follower.see(at, self._kind_of(key.isp, record_type, text))

    def clear(self, isp: str, now: datetime) -> list[Key]:
        """Retry now: clears every running wait of an ISP and tells which."""
        at = int(now.timestamp())
        found = [key for key, each in self._followers.items() if key.isp == isp and at < each.until]
        for key in found:
            self._followers[key].clear(at)
        return found

    def drop_expired(self, now: datetime) -> int:
        """Let go of keys that would begin anew anyway; tells how many."""
        at = int(now.timestamp())
        gone = [key for key, each in self._followers.items() if each.forgettable(at)]
        for key in gone:
            del self._followers[key]
        return len(gone)

    def standings(self, now: datetime, isp: str | None = None) -> Iterator[Standing]:
        """Every key, or those of one ISP, as it stands at `now`."""
        at = int(now.timestamp())
        for key, follower in self._followers.items():
            if isp is None or key.isp == isp:
                follower.advance(at)
                yield _standing(key, self._policies.of(key.isp), follower, at)

    def _asked(self, isp: str, record_type: str, diag: str) -> Kind:
        return self._policies.of(isp).kind_of(record_type, diag)


def _standing(key: Key, policy: Policy, follower: Follower, at: int) -> Standing:
    return Standing(
        key,
        policy.name,
        follower.kind,
        follower.step,
        len(policy.waits(follower.kind)) if follower.kind else 0,
        follower.wait_s,
        datetime.fromtimestamp(follower.until, UTC) if at < follower.until else None,
        datetime.fromtimestamp(follower.delivered_at, UTC) if follower.delivered_at else None,
    )
