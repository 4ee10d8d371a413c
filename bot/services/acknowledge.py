"""Take an incident, or let it go: one owner, said in the timeline."""

from __future__ import annotations

from dataclasses import replace

from bot.core.change import Refusal
from bot.core.incident import Incident, IncidentState, Note, Taken, saying
from bot.core.life import standing
from bot.core.reminders import let_go
from bot.ports import AuditLog, Clock, IncidentStore


class Acknowledge:
    """Sets the owner of an incident. Anybody may take one: it changes nothing on a host."""

    def __init__(self, *, incidents: IncidentStore, audit: AuditLog, clock: Clock) -> None:
        self._incidents = incidents
        self._audit = audit
        self._clock = clock

    def acknowledge(self, incident: int, *, by: str) -> Incident | Refusal:
        """Make the Slack user `by` the owner, also of what is told in its message; a second click by the same person
        changes nothing."""
        behind = [one for one in self._incidents.members(incident) if one.state is not IncidentState.RESOLVED]
        taken = self._take(incident, by, told=True)
        others = [self._take(one.id, by, told=isinstance(taken, Refusal) and not n) for n, one in enumerate(behind)]
        return next((one for one in (taken, *others) if isinstance(one, Incident)), taken)

    def _take(self, incident: int, by: str, *, told: bool) -> Incident | Refusal:
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
            moved = self._incidents.move(now, owner=by, state=state, life=life, lines=saying(*([line] if told else [])))
            if moved is not None:
                break
        self._audit.append(at=at, actor=by, action="acknowledge", subject=f"INC-{incident}", detail={})
        return moved

    def let_go(self, incident: int, *, by: str) -> Incident | Refusal:
        """Make it nobody's again; only its owner can."""
        at = self._clock.now()
        while True:
            now = self._incidents.get(incident)
            if now is None:
                return Refusal("unknown incident", f"There is no INC-{incident}.")
            if now.owner != by or now.state is IncidentState.RESOLVED:
                whose = f"INC-{incident} is not yours" if now.owner != by else f"INC-{incident} is closed already"
                return Refusal("not yours", f"{whose}: nothing to let go.")
            changing = now.state is IncidentState.MITIGATING
            state = standing(now, changing=changing, owner="")
            life = let_go(replace(now.life, taken=None), at)
            line = Note(incident, at, f"<@{by}> has let this go: nobody has it now")
            moved = self._incidents.move(now, owner="", state=state, life=life, lines=saying(line))
            if moved is not None:
                break
        self._audit.append(at=at, actor=by, action="let_go", subject=f"INC-{incident}", detail={})
        return moved
