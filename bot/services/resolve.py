"""End an incident by hand."""

from __future__ import annotations

from dataclasses import replace

from bot.core.change import Refusal
from bot.core.foreign import inert
from bot.core.incident import Closed, Incident, IncidentState, Note, saying
from bot.ports import AuditLog, Clock, IncidentStore


class Resolve:
    """Who may do it is the caller's to check. What still stands is told again once it is worse, or after a while
    (`core.life`)."""

    def __init__(self, *, incidents: IncidentStore, audit: AuditLog, clock: Clock) -> None:
        self._incidents = incidents
        self._audit = audit
        self._clock = clock

    def resolve(self, incident: int, *, by: str, reason: str) -> Incident | Refusal:
        at = self._clock.now()
        while True:
            now = self._incidents.get(incident)
            if now is None:
                return Refusal("unknown incident", f"There is no INC-{incident}.")
            if now.state is IncidentState.RESOLVED:
                return Refusal("resolved", f"INC-{incident} is closed already; nothing was done.")
            line = Note(incident, at, f"<@{by}> closed this by hand at tier *{now.tier.name.lower()}*: {inert(reason)}")
            life = replace(now.life, closed=Closed(by, reason, now.tier), waiting_since=None, escalated=())
            moved = self._incidents.move(
                now, state=IncidentState.RESOLVED, resolved_at=at, life=life, lines=saying(line)
            )
            if moved is not None:
                break
        detail = {"isp": now.isp, "tier": now.tier.name, "reason": reason}
        self._audit.append(at=at, actor=by, action="resolve", subject=f"INC-{incident}", detail=detail)
        return moved
