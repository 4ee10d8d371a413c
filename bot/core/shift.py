"""What a shift hands over: values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.change import Change
from bot.core.diagnosis import Overview
from bot.core.incident import Incident, IncidentState
from bot.core.outage import Outage
from bot.core.silence import Silence


@dataclass(frozen=True, slots=True)
class Shift:
    """From `since` to `at`. `incidents`: what stood in it, oldest first; `changes`: every change made for those, and
    all that are in force; `outage`: the newest one, where it reached into this time."""

    since: datetime
    at: datetime
    incidents: tuple[Incident, ...]
    changes: tuple[Change, ...]
    silences: tuple[Silence, ...]
    outage: Outage | None
    overview: Overview

    @property
    def open(self) -> tuple[Incident, ...]:
        """Worst first."""
        standing = [one for one in self.incidents if one.state is not IncidentState.RESOLVED]
        return tuple(sorted(standing, key=lambda one: (-one.tier, one.id)))

    @property
    def over(self) -> tuple[Incident, ...]:
        """The last first."""
        return tuple(one for one in reversed(self.incidents) if one.state is IncidentState.RESOLVED)

    def made_for(self, incident: Incident) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.plan.incident == incident.id)
