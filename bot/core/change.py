"""A change to the fleet as a value: steps with exact commands, how each is checked, how it is taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Expect(StrEnum):
    """What reading back must show about the step's queue (or source IP in that queue)."""

    PAUSED = "paused"
    NOT_PAUSED = "not paused"
    BACKOFF = "backoff"
    NORMAL = "normal"
    SOURCE_DISABLED = "source disabled"
    SOURCE_ENABLED = "source enabled"


@dataclass(frozen=True, slots=True)
class Step:
    """One command on one host. `argv[0]` is the word "pmta"; the host's own path to it is put in when it runs.

    `queue` is `domain/vmta` or `*/vmta`; `source_ip` is "" unless the step is about one. `undo_argv` restores
    what was there before. `ends_by_itself`: PMTA itself takes the step back at the change's end
    (`disable source --reenable-after`), so the bot only has to confirm it.
    """

    host: str
    title: str
    argv: tuple[str, ...]
    undo_argv: tuple[str, ...]
    queue: str
    source_ip: str
    before: str
    """The state captured before, for people: "running", "normal", "in use"."""
    after: str
    expect: Expect
    expect_undone: Expect
    recipients: int
    """Recipients waiting in the queues this step touches, when planned."""
    ends_by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one playbook would do now, exactly. The preview shows it, `services.apply` runs it, the audit keeps it."""

    playbook: str
    title: str
    isp: str
    incident: int
    why: str
    steps: tuple[Step, ...]
    lasts: timedelta
    recipients: int
    """Waiting recipients held or slowed by all steps together (each queue once)."""
    volume_share: float
    """Share of the ISP's attempts of the last window that went through what is touched, in [0, 1]."""
    stops_mail: bool
    notes: tuple[str, ...] = ()
    """Sentences the person must know: what is left out and why, what is already so."""


class Outcome(StrEnum):
    """What became of one step. UNVERIFIED: the command succeeded but nothing readable proves the effect."""

    CONFIRMED = "confirmed"
    UNVERIFIED = "sent, not verified"
    FAILED = "failed"
    UNKNOWN = "outcome unknown"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step did. `said` is what reading back showed, or the error; one line, capped."""

    step: int
    outcome: Outcome
    said: str
    at: datetime


class ChangeState(StrEnum):
    """Life of a change. Moves are compare-and-set in the store; see `core.change.MOVES`."""

    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


MOVES: dict[ChangeState, frozenset[ChangeState]] = {
    ChangeState.PLANNED: frozenset({ChangeState.APPLYING, ChangeState.WITHDRAWN}),
    ChangeState.APPLYING: frozenset({ChangeState.APPLIED, ChangeState.FAILED}),
    ChangeState.APPLIED: frozenset({ChangeState.UNDOING}),
    ChangeState.FAILED: frozenset({ChangeState.UNDOING}),
    ChangeState.UNDOING: frozenset({ChangeState.UNDONE, ChangeState.EXPIRED, ChangeState.APPLIED}),
    ChangeState.UNDONE: frozenset(),
    ChangeState.EXPIRED: frozenset(),
    ChangeState.WITHDRAWN: frozenset(),
}
"""APPLIED: at least one step took effect. FAILED: none did. UNDOING falls back to APPLIED where the undo failed."""

ACTIVE = frozenset({ChangeState.APPLYING, ChangeState.APPLIED, ChangeState.UNDOING})


@dataclass(frozen=True, slots=True)
class Change:
    """A plan with its history. `id` is what people read as CHG-17. Users are Slack ids."""

    id: int
    plan: Plan
    state: ChangeState
    planned_at: datetime
    planned_by: str
    applied_by: str = ""
    reason: str = ""
    applied_at: datetime | None = None
    ends_at: datetime | None = None
    ended_by: str = ""
    """Slack id of who took it back (or tried last), "" where its time was up."""
    ended_at: datetime | None = None
    results: tuple[StepResult, ...] = field(default=())
    undo_results: tuple[StepResult, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done: `rule` is a stable word for log and metrics, `sentence` is for the person."""

    rule: str
    sentence: str
