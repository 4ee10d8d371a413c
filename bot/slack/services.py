"""What the listeners need of the rest of the bot, gathered once by the composition root."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.answers import Campaigns, History, HostReport
from bot.core.breakdown import Of, Place, Queues, Replies, Sources
from bot.core.change import Change, Refusal
from bot.core.diagnosis import Diagnosis, Overview
from bot.core.incident import Incident
from bot.core.proposal import Proposal
from bot.core.shift import Shift
from bot.core.silence import About, Silence
from bot.core.unknown import Unknown
from bot.ports import ChangeStore, Clock, FleetStore, IncidentStore, Roles
from bot.services.adopt import Adopted, Choice


class Diagnoses(Protocol):
    """`services.diagnose.Diagnose`: from the store, never over SSH."""

    def isp(self, isp: str, length: timedelta | None = None) -> Diagnosis: ...
    def overview(self) -> Overview: ...
    def history(self, isp: str, length: timedelta) -> History: ...
    def campaigns(self, isp: str | None = None, length: timedelta | None = None) -> Campaigns: ...
    def host_reports(self) -> tuple[HostReport, ...]: ...
    def known_isps(self) -> tuple[str, ...]: ...


class Breakdowns(Protocol):
    """`services.breakdowns.Breakdowns`."""

    def sources(self, isp: str, of: Of, length: timedelta | None = None) -> Sources: ...
    def replies(self, isp: str, length: timedelta | None = None) -> Replies: ...
    def queues(self, isp: str | None = None) -> Queues: ...
    def place(self, of: Of, asked: str, length: timedelta | None = None) -> Place: ...


class Applies(Protocol):
    """`services.apply.Apply`."""

    def preview(self, incident: int, playbook: str, *, by: str) -> Change | Refusal: ...
    def apply(self, change: int, *, by: str, reason: str) -> Change | Refusal: ...


class Proposes(Protocol):
    """`services.propose.Propose`."""

    def unknown(self, length: timedelta, isp: str | None = None) -> Unknown: ...
    def proposals(self, unknown: Unknown, most: int) -> tuple[Proposal, ...]: ...
    def proposal(self, cluster: str, length: timedelta) -> Proposal | Refusal: ...


class Adopts(Protocol):
    """`services.adopt.Adopt`."""

    def adopt(self, proposals: Iterable[Proposal], choice: Choice, *, by: str) -> Adopted | Refusal: ...


class Undoes(Protocol):
    """`services.undo.Undo`."""

    def undo(self, change: int, *, by: str) -> Change | Refusal: ...


class Acknowledges(Protocol):
    """`services.acknowledge.Acknowledge`."""

    def acknowledge(self, incident: int, *, by: str) -> Incident | Refusal: ...
    def let_go(self, incident: int, *, by: str) -> Incident | Refusal: ...


class Resolves(Protocol):
    """`services.resolve.Resolve`."""

    def resolve(self, incident: int, *, by: str, reason: str) -> Incident | Refusal: ...


class ShiftCase(Protocol):
    """`services.shifts.Shifts`."""

    def last(self, length: timedelta) -> Shift: ...


class SilenceCase(Protocol):
    """`services.silences.Silences`."""

    def standing(self) -> tuple[Silence, ...]: ...
    def start(
        self,
        about: About,
        name: str,
        length: timedelta,
        *,
        by: str,
        reason: str,
        begins: datetime | None = None,
    ) -> Silence | Refusal: ...
    def end(self, silence: int, *, by: str) -> Silence | Refusal: ...


class IspNames(Protocol):
    """`core.isp.IspCatalog`."""

    def resolve(self, word: str, known: Collection[str] = ()) -> str | None: ...
    def nearest(self, word: str, known: Collection[str] = ()) -> str | None: ...


@dataclass(frozen=True, slots=True)
class SlackServices:
    """The use cases and stores behind the buttons."""

    diagnose: Diagnoses
    breakdowns: Breakdowns
    apply: Applies
    undo: Undoes
    propose: Proposes
    adopt: Adopts
    acknowledge: Acknowledges
    resolve: Resolves
    shifts: ShiftCase
    silences: SilenceCase
    roles: Roles
    incidents: IncidentStore
    changes: ChangeStore
    fleet: FleetStore
    isps: IspNames
    clock: Clock
