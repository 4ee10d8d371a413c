"""Hosts whose data is missing, from the first that goes dark to the last that is read again: values and one decision.

Pure. However many hosts are dark at a time, it is one outage; a host that goes dark or comes back changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.health import half_counted
from bot.core.model import HostHealth

REOPEN_WITHIN = timedelta(minutes=15)
"""A host that goes dark again so soon was never well: it is the same outage, told in the same message."""
GATHER = 0.9
"""Share of `stale_after` from which a host is counted in once another has gone dark: hosts that went down together
are polled some seconds apart, and the first message should name them all."""
REFRESH_BEHIND_S = ((3600, 60), (86_400, 600))
"""(up to this age in seconds, so often are the numbers brought up to date); beyond the last, hourly."""


class OutageState(StrEnum):
    """RESOLVED ends it, unless a host of it goes dark again within `REOPEN_WITHIN`."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class DarkHost:
    """One host's part in an outage.

    `since`: its data ends there, None where it was never read. `error` is the last one, `behind` says that it answers
    and its backlog is being read. `back_at`: it was read to the end again, or, where `dropped`, taken out of the
    configuration. `earlier_s`: how long it was dark before in the same outage. `gaps`: what could not be read of it
    when it came back.
    """

    host: str
    since: datetime | None
    error: str = ""
    behind: bool = False
    back_at: datetime | None = None
    dropped: bool = False
    earlier_s: int = 0
    gaps: str = ""

    @property
    def dark(self) -> bool:
        return self.back_at is None

    @property
    def lasted(self) -> timedelta | None:
        """How long its data was missing in all, None while it is or where it was never read before."""
        if self.since is None or self.back_at is None:
            return None
        return self.back_at - self.since + timedelta(seconds=self.earlier_s)


@dataclass(frozen=True, slots=True)
class Outage:
    """`id` is what people read as OUT-3. `revision` rises with every change anybody could see.

    `hosts`: all that were dark in it, the first first. `fleet`: how many are configured. `share`: the part of all
    attempts in the hour before that its dark hosts made, in [0, 1], None where there were none. `at`: when this was so.
    """

    id: int
    state: OutageState
    opened_at: datetime
    revision: int
    hosts: tuple[DarkHost, ...]
    fleet: int
    at: datetime
    share: float | None = None
    resolved_at: datetime | None = None

    @property
    def dark(self) -> tuple[DarkHost, ...]:
        return tuple(host for host in self.hosts if host.dark)

    @property
    def dark_since(self) -> datetime | None:
        """Where the data of the host that is dark longest ends; None where no dark host was ever read."""
        return min((host.since for host in self.dark if host.since), default=None)

    @property
    def all_dark(self) -> bool:
        return len(self.dark) >= self.fleet


class OutageMove(StrEnum):
    """What the hosts' health means for the outage, and why; the value is the word in the log."""

    OPEN = "a host went dark"
    REOPEN = "a host of it is dark again"
    CHANGE = "hosts went dark or came back"
    REFRESH = "time went on"
    RESOLVE = "all hosts are read again"
    HOLD = "nothing new to say"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of the fleet at `now`. `hosts` are those configured; `since` is when this program began to look:
    what nobody tried to read is not dark. `expected`: hosts that may go dark now, since somebody works on them."""

    hosts: Sequence[str]
    health: Mapping[str, HostHealth]
    now: datetime
    since: datetime
    stale_after: timedelta
    expected: frozenset[str] = frozenset()

    def of(self, host: str) -> HostHealth:
        return self.health.get(host) or HostHealth(host, None)

    def dark(self, share: float = 1.0) -> list[str]:
        """Hosts without data for `share` of `stale_after`. One whose backlog is being read answers, so it is not,
        unless that has no end; nor is one that somebody works on."""
        told = [host for host in self.hosts if host not in self.expected]
        unread = [host for host in told if self._unread(host) > self.stale_after * share]
        return [host for host in unread if not half_counted(self.of(host), self.now, self.stale_after)]

    def behind(self, host: str) -> bool:
        at = self.of(host).behind_at
        return at is not None and self.now - at <= self.stale_after

    def _unread(self, host: str) -> timedelta:
        return self.now - max(self.of(host).polled_at or self.since, self.since)


def next_outage(last: Outage | None, seen: Watched) -> tuple[OutageMove, Outage | None]:
    """Decide what becomes of `last` (the newest outage, open or not); `share` and ids are the caller's to fill in.

    The outage returned is the one to be kept; it is `last` itself where nothing is to be said.
    """
    if last is not None and last.state is OutageState.OPEN:
        return _go_on(last, seen)
    dark = seen.dark()
    if not dark:
        return OutageMove.HOLD, last
    if last is not None and _the_same(last, dark, seen.now):
        opened = replace(last, state=OutageState.OPEN, resolved_at=None)
        return OutageMove.REOPEN, _brought_up(opened, seen)
    opened = Outage(0, OutageState.OPEN, seen.now, 1, (), len(seen.hosts), seen.now)
    return OutageMove.OPEN, _brought_up(opened, seen)


def _the_same(last: Outage, dark: Sequence[str], now: datetime) -> bool:
    known = {host.host for host in last.hosts}
    return last.resolved_at is not None and now - last.resolved_at <= REOPEN_WITHIN and not known.isdisjoint(dark)


def _go_on(last: Outage, seen: Watched) -> tuple[OutageMove, Outage]:
    now = _brought_up(last, seen)
    if not now.dark:
        return OutageMove.RESOLVE, replace(now, state=OutageState.RESOLVED, resolved_at=seen.now)
    if _shown(now) != _shown(last):
        return OutageMove.CHANGE, now
    return (OutageMove.REFRESH, now) if _is_old(last, seen.now) else (OutageMove.HOLD, last)


def _brought_up(outage: Outage, seen: Watched) -> Outage:
    """The same outage with every host as it is now, and those that have gone dark."""
    found = {host.host: _now(host, seen) for host in outage.hosts}
    for name in seen.dark(GATHER):
        known = found.get(name)
        if known is None or not known.dark:
            found[name] = _gone_dark(name, known, seen)
    return replace(outage, hosts=tuple(found.values()), fleet=len(seen.hosts), at=seen.now)


def _now(host: DarkHost, seen: Watched) -> DarkHost:
    if not host.dark:
        return host
    if host.host not in seen.hosts:
        return replace(host, back_at=seen.now, dropped=True, behind=False)
    health = seen.of(host.host)
    if health.polled_at is not None and (host.since is None or health.polled_at > host.since):
        return replace(host, back_at=health.polled_at, error="", behind=False, gaps="; ".join(health.facts.gaps))
    return replace(host, error=health.error or host.error, behind=seen.behind(host.host))


def _gone_dark(name: str, known: DarkHost | None, seen: Watched) -> DarkHost:
    health = seen.of(name)
    lasted = known.lasted if known else None
    earlier_s = int(lasted.total_seconds()) if lasted else 0
    return DarkHost(name, health.polled_at, health.error, seen.behind(name), earlier_s=earlier_s)


def _shown(outage: Outage) -> tuple[object, ...]:
    """What a reader would notice beside the time that passes."""
    return outage.fleet, tuple((host.host, host.dark, host.behind) for host in outage.hosts)


def _is_old(outage: Outage, now: datetime) -> bool:
    """True where the time shown is too far behind: by a minute in the first hour, later by more."""
    age = (now - (outage.dark_since or outage.opened_at)).total_seconds()
    every = next((every for up_to, every in REFRESH_BEHIND_S if age < up_to), 3600)
    return (now - outage.at).total_seconds() >= every
