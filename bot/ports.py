"""What services need from the outside, in our own words. Each port has a real and a second implementation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.core.change import Change, ChangeState, Plan, StepResult
from bot.core.classify import Verdict
from bot.core.diagnosis import Diagnosis
from bot.core.incident import NEW_LIFE, Incident, IncidentState, Life, Note
from bot.core.model import (
    Dim,
    FilePosition,
    HostHealth,
    HostSnapshot,
    QueueSizes,
    Recipients,
    RollUp,
    Tally,
    Window,
)
from bot.core.outage import Outage
from bot.core.silence import Silence
from bot.core.tier import Tier

Subject_co = TypeVar("Subject_co", covariant=True)


class Clock(Protocol):
    """The only source of time for services. The demo and the tests run on virtual time."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...


class HostShell(Protocol):
    """Runs one command on one host and hands back what it printed. Thread-safe; one host never blocks another."""

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        """Return stdout. `argv[0] == "pmta"` becomes the host's configured path.

        Raises:
            HostUnreachable: no connection, connection cut, or no end within `timeout_s` wall-clock seconds
                (the command is then ended on the host too).
            HostKeyRefused, LoginRefused: see `bot.errors`.
            CommandFailed: exit status was not 0.
            AnswerTooLong: more than `limit` bytes on stdout (stderr is cut silently).
        """
        ...


@dataclass(frozen=True, slots=True)
class NewRecords:
    """What one poll read: counts, and how far every file has now been read. The two commit together.

    `waiting` bytes were there and are left for the next time: until then the counts are of no use for a rate.
    `gaps` says what could not be read though it is there, one sentence each.
    """

    roll_up: RollUp
    positions: tuple[FilePosition, ...]
    waiting: int = 0
    gaps: tuple[str, ...] = ()


class AccountingReader(Protocol):
    """Reads what a host's accounting files hold beyond known positions."""

    def read_new(
        self,
        host: str,
        positions: Sequence[FilePosition],
        *,
        utc_offset: timedelta = timedelta(0),
        skew: timedelta = timedelta(0),
        since: datetime | None = None,
    ) -> NewRecords:
        """Count every complete line after `positions`; a half-written last line waits.

        `utc_offset` is the host's zone: for times that do not tell theirs. `skew` is how far its clock is ahead of
        ours: it is taken off every time. `since` is when the host was last read.

        Raises: HostError as `HostShell.run`.
        """
        ...


class TallyStore(Protocol):
    """Minute tallies and file positions."""

    def positions(self, host: str) -> tuple[FilePosition, ...]: ...

    def commit(self, host: str, records: NewRecords) -> None:
        """Add the counts and set the positions in one transaction: a crash leaves both or neither."""
        ...

    def totals(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        """Sum tallies of whole minutes inside `window`, grouped by `by` (keys in that order, as text;
        MINUTE as epoch seconds in text). `Dim.JOB` goes together with MINUTE, ISP and HOST only."""
        ...

    def samples(self, isp: str) -> Mapping[str, str]:
        """Reply template -> one raw reply seen with it."""
        ...

    def hours(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        """As `totals`, of the whole hours that touch `window` and for as long as hours are kept; MINUTE is the start
        of the hour. `by` holds MINUTE, ISP and at most one of SOURCE_IP, REPLY and JOB."""
        ...

    def hosted(self, window: Window, isp: str) -> Tally:
        """The part of the ISP's mail that went to domains it hosts for others."""
        ...

    def recipients(self, window: Window, isp: str) -> Recipients | None:
        """How many different recipients its deferrals hit; None where they were not counted (older data)."""
        ...


class FleetStore(Protocol):
    """The latest snapshot and health of every host."""

    def put_snapshot(self, snapshot: HostSnapshot) -> None: ...

    def put_health(self, health: HostHealth) -> None: ...

    def snapshots(self) -> tuple[HostSnapshot, ...]: ...

    def health(self) -> tuple[HostHealth, ...]: ...

    def queue_sizes(self, at: datetime) -> QueueSizes | None:
        """What `put_snapshot` was told at the look nearest to `at`, None where there was none within five minutes.
        Kept for two hours, small queues left out."""
        ...


class IncidentStore(Protocol):
    """Incidents and their timelines. Every write that people could see raises the revision by one."""

    def open(self, diagnosis: Diagnosis, at: datetime, life: Life = NEW_LIFE) -> Incident | None:
        """Open an incident for `diagnosis.isp` at revision 1; None where one is open already."""
        ...

    def get(self, incident: int) -> Incident | None: ...

    def newest(self, isp: str) -> Incident | None:
        """The incident of the ISP that was opened last, whatever its state."""
        ...

    def unresolved(self) -> tuple[Incident, ...]:
        """All but the RESOLVED ones, oldest first."""
        ...

    def reopen(self, incident: Incident, diagnosis: Diagnosis, *, state: IncidentState, life: Life) -> Incident | None:
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
    ) -> Incident | None:
        """Change the given fields where the revision is still `incident.revision`; None where it is not.
        `peak_rate` follows `diagnosis.now.rate` upwards. Only `reopen` leads out of RESOLVED."""
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

    def active(self, now: datetime) -> tuple[Silence, ...]:
        """Oldest first."""
        ...

    def end(self, silence: int, *, by: str, at: datetime) -> Silence | None:
        """End it early; None where it is over, or was never."""
        ...


class OutageStore(Protocol):
    """Outages of hosts, at most one of them open, and their timelines."""

    def open(self, outage: Outage) -> Outage | None:
        """Keep a new one: as it is but with its id, at revision 1. None where one is open already."""
        ...

    def newest(self) -> Outage | None:
        """The open one, else the one that was opened last."""
        ...

    def move(self, before: Outage, after: Outage) -> Outage | None:
        """Keep `after` in place of `before` where the revision is still that of `before`, one revision on; None where
        it is not, or where another one is open."""
        ...

    def note(self, note: Note) -> None:
        """Append to the timeline."""
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


@dataclass(frozen=True, slots=True)
class Post:
    """Where an incident or outage stands in Slack: the root message and the newest revision it shows."""

    subject: int
    channel: str
    ts: str
    revision: int


@dataclass(frozen=True, slots=True)
class PendingNote:
    """A timeline line that still has to reach the thread of the root message `thread_ts`."""

    id: int
    note: Note
    thread_ts: str


class OutboxStore(Protocol[Subject_co]):
    """What Slack has been told of one kind of subject (incidents, outages): something with an id, a revision and a
    timeline. Slack is never read back: this is the truth about (channel, ts, revision)."""

    def pending(self, channel: str) -> tuple[Subject_co, ...]:
        """Those whose newest revision `channel` has not been shown, oldest first."""
        ...

    def post_of(self, subject: int, channel: str) -> Post | None: ...

    def posted(self, post: Post) -> None:
        """Remember the root message and the revision it now shows (a new `ts` replaces the old one)."""
        ...

    def notes(self, channel: str) -> tuple[PendingNote, ...]:
        """Unposted timeline lines whose root message stands, in order."""
        ...

    def note_posted(self, note: int, channel: str) -> None: ...


class AuditLog(Protocol):
    """Append-only record of who did what."""

    def append(self, *, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None: ...


class Meanings(Protocol):
    """What replies mean: `core.classify.Classifier`, or the rules in force by now. Thread-safe."""

    def classify(self, reply: str, isp: str) -> Verdict: ...


class Roles(Protocol):
    """Who may do what."""

    def is_operator(self, user: str) -> bool:
        """True where the Slack user `user` may apply changes.

        Raises: ChatError where a user group could not be read and no earlier answer is kept.
        """
        ...


Wake = Callable[[], None]
"""Tells the outbox that something new waits to be posted."""
