"""Counts to take rates of: without hosts of which only one half is known. The one place where that is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.facts import undelivered, unlogged
from bot.core.model import Dim, HostHealth, Recipients, Tally, Window
from bot.ports import Clock, FleetStore, TallyStore

SOON = timedelta(seconds=2)
SETTLING = timedelta(minutes=1)
"""After the start: by then every host that can be has been read once."""


class RatedTallies:
    """What `TallyStore` tells, with two things left out: deliveries of a host without `t` records would only dilute
    every rate, deferrals of a host without `d` records only raise it.

    Hours are kept without their host, so in `hours` nothing can be left out: `left_out` says whether that matters.
    """

    def __init__(self, tallies: TallyStore, fleet: FleetStore, clock: Clock, window: timedelta) -> None:
        self._tallies = tallies
        self._fleet = fleet
        self._clock = clock
        self._window = window
        self._known: tuple[datetime, Mapping[str, str]] | None = None
        self._settled_at = clock.now() + SETTLING

    def samples(self, isp: str) -> Mapping[str, str]:
        return self._tallies.samples(isp)

    def filed(self, isp: str) -> Mapping[str, str]:
        return self._tallies.filed(isp)

    def totals(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        halves = self._halves()
        if not halves:
            return self._tallies.totals(window, by, isp=isp)
        with_host = by if Dim.HOST in by else (*by, Dim.HOST)
        place = with_host.index(Dim.HOST)
        sums: dict[tuple[str, ...], Tally] = {}
        for key, tally in self._tallies.totals(window, with_host, isp=isp).items():
            half = halves.get(key[place])
            counted = replace(tally, **{half: 0}) if half else tally
            if counted != Tally():
                short = key[: len(by)]
                sums[short] = sums[short] + counted if short in sums else counted
        return sums

    def hours(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        return self._tallies.hours(window, by, isp=isp)

    def hosted(self, window: Window, isp: str) -> Tally:
        """Nothing where hosts are left out: it is not counted by host, so it would be a share of something else."""
        return Tally() if self.left_out() else self._tallies.hosted(window, isp)

    def job_replies(self, window: Window, isp: str, job: str | None = None) -> dict[tuple[int, str, str], Tally] | None:
        """None where hosts are left out, as in `hosted`."""
        return None if self.left_out() else self._tallies.job_replies(window, isp, job)

    def recipients(self, window: Window, isp: str) -> Recipients | None:
        found = self._tallies.recipients(window, isp)
        if found is None or not self.left_out():
            return found
        return replace(found, tally=self.totals(found.window, (), isp=isp).get((), Tally()))

    def left_out(self) -> frozenset[str]:
        """Hosts that have delivered mail for a whole window and logged no deferral, or the other way round."""
        return frozenset(self._halves())

    def _halves(self) -> Mapping[str, str]:
        """Host -> the half of its counts that is left out, a field of `Tally`; looked up once a minute, and more often
        while hosts are counted for the first time: a wrong alarm may be made of that."""
        now = self._clock.now()
        if self._known is None or now >= self._known[0]:
            minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
            hosts = self._fleet.health()
            settled = now >= self._settled_at and all(host.polled_at for host in hosts)
            self._known = (minute if settled else now + SOON, _halves(hosts, minute - self._window))
        return self._known[1]


def _halves(hosts: Sequence[HostHealth], since: datetime) -> dict[str, str]:
    return {host.host: "delivered" for host in hosts if unlogged(host, since)} | {
        host.host: "deferred" for host in hosts if undelivered(host)
    }
