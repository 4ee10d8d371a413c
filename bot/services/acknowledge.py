"""Take an incident: one owner, said in the timeline."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.core.change import Refusal
from bot.core.incident import Incident, IncidentState, Note, Taken
from bot.core.life import standing
from bot.ports import AuditLog, Clock, IncidentStore


class Acknowledge:
    """Sets the owner of an incident. Anybody may: it changes nothing on a host."""

    def __init__(self, *, incidents: IncidentStore, audit: AuditLog, clock: Clock) -> None:
        self._incidents = incidents
        self._audit = audit
        self._clock = clock

    def acknowledge(self, incident: int, *, by: str) -> Incident | Refusal:
        """Make the Slack user `by` the owner; a second click by the same person changes nothing."""
        at = self._clock.now()
        while True:
            now = self._incidents.get(incident)
            if now is None:
                return Refusal("unknown incident", f"There is no INC-{incident}.")
            if now.state is IncidentState.RESOLVED:
                return Refusal("resolved", f"INC-{incident} is closed already: nothing to take.")
            if now.owner == by:
                return Refusal("already yours", f"INC-{incident} is yours already.")
            changing = now.state is IncidentState.MITIGATING
            state = standing(now, changing=changing, owner=by)
            life = replace(now.life, taken=Taken(at, now.tier))
            before = f" (was <@{now.owner}>)" if now.owner else ""
            line = Note(incident, at, f"<@{by}> has taken this{before}")
            moved = self._incidents.move(now, owner=by, state=state, life=life, lines=partial(_with, line))
            if moved is not None:
                break
        self._audit.append(at=at, actor=by, action="acknowledge", subject=f"INC-{incident}", detail={})
        return moved


def _with(line: Note, _: Incident) -> tuple[Note, ...]:
    return (line,)
