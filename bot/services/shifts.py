"""Gather what a shift hands over, from the store alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.core.change import ACTIVE
from bot.core.diagnosis import Overview
from bot.core.outage import OutageState
from bot.core.shift import Shift
from bot.ports import ChangeStore, Clock, IncidentStore, OutageStore, SilenceStore


class Shifts:
    def __init__(
        self,
        *,
        overview: Callable[[], Overview],
        incidents: IncidentStore,
        changes: ChangeStore,
        silences: SilenceStore,
        outages: OutageStore,
        clock: Clock,
    ) -> None:
        self._overview = overview
        self._incidents = incidents
        self._changes = changes
        self._silences = silences
        self._outages = outages
        self._clock = clock

    def last(self, length: timedelta) -> Shift:
        now = self._clock.now()
        since = now - length
        incidents = self._incidents.since(since)
        found = {change.id: change for one in incidents for change in self._changes.of_incident(one.id)}
        found |= {change.id: change for change in self._changes.in_states(ACTIVE)}
        outage = self._outages.newest()
        touched = outage is not None and (outage.state is OutageState.OPEN or (outage.resolved_at or now) >= since)
        return Shift(
            since=since,
            at=now,
            incidents=incidents,
            changes=tuple(found[number] for number in sorted(found)),
            silences=self._silences.active(now),
            outage=outage if touched else None,
            overview=self._overview(),
        )
