"""Incidents in a dictionary."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from bot.core.diagnosis import Diagnosis
from bot.core.incident import NEW_LIFE, Incident, IncidentState, Life, Note, nothing
from bot.core.tier import Tier
from bot.errors import StoreError
from bot.ports.journals import Lines


class MemoryIncidentStore:
    """`ports.IncidentStore`. `notes` is the timeline of all incidents; a note's id is its place from 1."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._incidents: dict[int, Incident] = {}
        self._lock = Lock()

    def open(
        self,
        diagnosis: Diagnosis,
        at: datetime,
        life: Life = NEW_LIFE,
        *,
        lead: int | None = None,
        lines: Lines = nothing,
    ) -> Incident | None:
        with self._lock:
            if any(i.isp == diagnosis.isp and i.state is not IncidentState.RESOLVED for i in self._incidents.values()):
                return None
            opened = Incident(
                id=len(self._incidents) + 1,
                isp=diagnosis.isp,
                state=IncidentState.OPEN,
                tier=diagnosis.tier,
                opened_at=at,
                revision=1,
                peak_rate=diagnosis.told_rate,
                diagnosis=diagnosis,
                life=life,
                lead=lead,
            )
            return self._kept(opened, lines)

    def get(self, incident: int) -> Incident | None:
        return self._incidents.get(incident)

    def newest(self, isp: str) -> Incident | None:
        return next((i for i in reversed(self.all()) if i.isp == isp), None)

    def unresolved(self) -> tuple[Incident, ...]:
        return tuple(i for i in self.all() if i.state is not IncidentState.RESOLVED)

    def since(self, at: datetime) -> tuple[Incident, ...]:
        return tuple(i for i in self.all() if i.state is not IncidentState.RESOLVED or (i.resolved_at or at) >= at)

    def members(self, lead: int) -> tuple[Incident, ...]:
        return tuple(i for i in self.all() if i.lead == lead)

    def timeline(self, incident: int) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.subject == incident)

    def all(self) -> tuple[Incident, ...]:
        """Every incident, oldest first."""
        with self._lock:
            return tuple(self._incidents.values())

    def move(
        self,
        incident: Incident,
        *,
        state: IncidentState | None = None,
        tier: Tier | None = None,
        diagnosis: Diagnosis | None = None,
        owner: str | None = None,
        resolved_at: datetime | None = None,
        life: Life | None = None,
        lead: int | None = None,
        lines: Lines = nothing,
    ) -> Incident | None:
        with self._lock:
            kept = self._incidents.get(incident.id)
            if kept is None or kept.revision != incident.revision:
                return None
            if kept.state is IncidentState.RESOLVED and state not in (None, IncidentState.RESOLVED):
                return None
            moved = replace(
                kept,
                state=kept.state if state is None else state,
                tier=kept.tier if tier is None else tier,
                diagnosis=kept.diagnosis if diagnosis is None else diagnosis,
                peak_rate=max(kept.peak_rate, diagnosis.told_rate if diagnosis else 0.0),
                owner=kept.owner if owner is None else owner,
                resolved_at=kept.resolved_at if resolved_at is None else resolved_at,
                life=kept.life if life is None else life,
                lead=kept.lead if lead is None else lead,
                revision=kept.revision + 1,
            )
            return self._kept(moved, lines)

    def reopen(
        self,
        incident: Incident,
        diagnosis: Diagnosis,
        *,
        state: IncidentState,
        life: Life,
        lines: Lines = nothing,
    ) -> Incident | None:
        with self._lock:
            kept = self._incidents.get(incident.id)
            if kept is None or kept.revision != incident.revision or kept.state is not IncidentState.RESOLVED:
                return None
            if any(i.isp == kept.isp and i.state is not IncidentState.RESOLVED for i in self._incidents.values()):
                return None
            again = replace(
                kept,
                state=state,
                tier=diagnosis.tier,
                diagnosis=diagnosis,
                peak_rate=max(kept.peak_rate, diagnosis.told_rate),
                owner="",
                resolved_at=None,
                life=life,
                revision=kept.revision + 1,
            )
            return self._kept(again, lines)

    def _kept(self, incident: Incident, lines: Lines) -> Incident:
        told = lines(incident)  # before anything is kept: both or neither
        self._incidents[incident.id] = incident
        self.notes += told
        shown = self._incidents.get(incident.lead) if incident.lead is not None else None
        if shown is not None:
            self._incidents[shown.id] = replace(shown, revision=shown.revision + 1)
        return incident

    def note(self, note: Note) -> None:
        with self._lock:
            if note.subject not in self._incidents:
                raise StoreError(f"could not note on INC-{note.subject}: there is no such incident")
            self.notes.append(note)
