"""Silence what is known and wanted for a while, and end that early."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.change import Refusal
from bot.core.incident import Note
from bot.core.silence import FURTHEST, LONGEST, About, Silence
from bot.ports import AuditLog, Clock, IncidentStore, SilenceStore


class Silences:
    """Who may do it is the caller's to check. What is silenced is decided at every look (`services.watch`)."""

    def __init__(self, *, silences: SilenceStore, incidents: IncidentStore, audit: AuditLog, clock: Clock) -> None:
        self._silences = silences
        self._incidents = incidents
        self._audit = audit
        self._clock = clock

    def standing(self) -> tuple[Silence, ...]:
        """Those in force, the one that ends first at the front, then those to come in the order they begin."""
        now = self._clock.now()
        found = self._silences.standing(now)
        return tuple(
            sorted(found, key=lambda one: (not one.active(now), one.until if one.active(now) else one.began_at, one.id))
        )

    def start(
        self,
        about: About,
        name: str,
        length: timedelta,
        *,
        by: str,
        reason: str,
        begins: datetime | None = None,
    ) -> Silence | Refusal:
        """`begins`: later than now, for a maintenance window."""
        now = self._clock.now()
        begins = now if begins is None else begins
        if length > LONGEST:
            return Refusal("too long", f"A silence lasts at most {LONGEST.days} days; nothing was silenced.")
        if not now <= begins <= now + FURTHEST:
            return Refusal("too far", f"A window begins within {FURTHEST.days} days; nothing was planned.")
        kept = self._silences.add(Silence(0, about, name, by, reason, begins, begins + length))
        detail = {"about": about.value, "name": name, "until": kept.until.isoformat(), "reason": reason}
        detail |= {"begins": begins.isoformat()} if begins > now else {}
        self._audit.append(at=now, actor=by, action="silence", subject=f"SIL-{kept.id}", detail=detail)
        return kept

    def end(self, silence: int, *, by: str) -> Silence | Refusal:
        found = self._silences.get(silence)
        if found is None:
            return Refusal("unknown silence", f"There is no SIL-{silence}; `/deferrals silences` lists them.")
        now = self._clock.now()
        ended = self._silences.end(silence, by=by, at=now) if found.standing(now) else None
        if ended is None:
            return Refusal("over", f"SIL-{silence} is over already; nothing was done.")
        self._audit.append(at=now, actor=by, action="unsilence", subject=f"SIL-{silence}", detail={})
        for incident in self._incidents.unresolved():
            if incident.life.hush is not None and incident.life.hush.silence == silence:
                self._incidents.note(Note(incident.id, now, f"<@{by}> ended the silence SIL-{silence} early"))
        return ended
