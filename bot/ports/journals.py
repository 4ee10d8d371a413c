"""What happened and what was done about it: incidents, outages, silences, changes, the audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.change import Change, ChangeState, Plan, StepResult
from bot.core.diagnosis import Diagnosis
from bot.core.incident import NEW_LIFE, Incident, IncidentState, Life, Note, nothing
from bot.core.outage import Outage
from bot.core.silence import Silence
from bot.core.tier import Tier

Lines = Callable[[Incident], Sequence[Note]]
"""Of an incident as it was just written: what its timeline says of that. Called inside the write, so to be quick."""


class IncidentStore(Protocol):
    """Incidents and their timelines. Every write that people could see raises the revision by one, and that of the
    incident that leads it; `lines` go into the timeline with it, both or neither."""

    def open(
        self,
        diagnosis: Diagnosis,
        at: datetime,
        life: Life = NEW_LIFE,
        *,
        lead: int | None = None,
        lines: Lines = nothing,
    ) -> Incident | None:
        """Open an incident for `diagnosis.isp` at revision 1; None where one is open already."""
        ...

    def get(self, incident: int) -> Incident | None: ...

    def newest(self, isp: str) -> Incident | None:
        """The incident of the ISP that was opened last, whatever its state."""
        ...

    def unresolved(self) -> tuple[Incident, ...]:
        """All but the RESOLVED ones, oldest first."""
        ...

    def since(self, at: datetime) -> tuple[Incident, ...]:
        """All that are unresolved, or were at `at` or later, oldest first."""
        ...

    def members(self, lead: int) -> tuple[Incident, ...]:
        """Those behind it, in any state, oldest first."""
        ...

    def timeline(self, incident: int) -> tuple[Note, ...]:
        """Everything its timeline says, oldest first."""
        ...

    def reopen(
        self,
        incident: Incident,
        diagnosis: Diagnosis,
        *,
        state: IncidentState,
        life: Life,
        lines: Lines = nothing,
    ) -> Incident | None:
        """Bring a RESOLVED one back, with the tier of `diagnosis` and nobody as its owner. None where its revision is
        another one by now, or where the ISP has an unresolved one."""
        ...

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
        """Change the given fields where the revision is still `incident.revision`; None where it is not.
        `peak_rate` follows `diagnosis.told_rate` upwards. Only `reopen` leads out of RESOLVED."""
        ...

    def note(self, note: Note) -> None:
        """Append to the timeline."""
        ...


class SilenceStore(Protocol):
    """Silences. Those that are over are kept."""

    def add(self, silence: Silence) -> Silence:
        """Keep it: as it is but with its id."""
        ...

    def get(self, silence: int) -> Silence | None: ...

    def standing(self, now: datetime) -> tuple[Silence, ...]:
        """In force or to come, oldest first."""
        ...

    def active(self, now: datetime) -> tuple[Silence, ...]:
        """In force, oldest first."""
        ...

    def end(self, silence: int, *, by: str, at: datetime) -> Silence | None:
        """End it early; None where it is over, or was never."""
        ...


class OutageStore(Protocol):
    """Outages of hosts, at most one of them open, and their timelines. `lines`: as of incidents."""

    def open(self, outage: Outage, *, lines: Callable[[Outage], Sequence[Note]] = nothing) -> Outage | None:
        """Keep a new one: as it is but with its id, at revision 1. None where one is open already."""
        ...

    def newest(self) -> Outage | None:
        """The open one, else the one that was opened last."""
        ...

    def move(
        self, before: Outage, after: Outage, *, lines: Callable[[Outage], Sequence[Note]] = nothing
    ) -> Outage | None:
        """Keep `after` in place of `before` where the revision is still that of `before`, one revision on; None where
        it is not, or where another one is open."""
        ...


class ChangeStore(Protocol):
    """The journal of changes. A move is compare-and-set: the loser gets None and does nothing."""

    def plan(self, plan: Plan, *, by: str, at: datetime) -> Change: ...

    def get(self, change: int) -> Change | None: ...

    def move(
        self,
        change: int,
        old: ChangeState,
        new: ChangeState,
        *,
        by: str | None = None,
        reason: str | None = None,
        at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Change | None:
        """Set `new` where the state is `old`. `by`, `at` fill applied_* on the way to APPLYING and ended_* on
        the way to UNDONE or EXPIRED; on the way to UNDOING `by` alone, so that a restart knows who asked."""
        ...

    def record(self, change: int, result: StepResult, *, undo: bool) -> None:
        """Journal one step's result the moment it is known (a later result of the same step replaces it)."""
        ...

    def in_states(self, states: Collection[ChangeState]) -> tuple[Change, ...]:
        """Oldest first."""
        ...

    def of_incident(self, incident: int) -> tuple[Change, ...]:
        """Every change ever applied for it (not those only planned or withdrawn), oldest first."""
        ...


class AuditLog(Protocol):
    """Append-only record of who did what."""

    def append(self, *, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None: ...
