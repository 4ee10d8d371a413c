"""What is read of the hosts and counted, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

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

    def filed(self, isp: str) -> Mapping[str, str]:
        """Reply template -> PMTA's own category of it (`bounceCat`), where one was logged."""
        ...

    def hours(self, window: Window, by: tuple[Dim, ...], *, isp: str | None = None) -> dict[tuple[str, ...], Tally]:
        """As `totals`, of the whole hours that touch `window` and for as long as hours are kept; MINUTE is the start
        of the hour. `by` holds MINUTE, ISP and at most one of SOURCE_IP, REPLY and JOB."""
        ...

    def hosted(self, window: Window, isp: str) -> Tally:
        """The part of the ISP's mail that went to domains it hosts for others."""
        ...

    def job_replies(self, window: Window, isp: str, job: str | None = None) -> dict[tuple[int, str, str], Tally]:
        """(start of the stretch, campaign, reply template) -> counts, of all stretches of `JOB_REPLIES_EVERY_S` that
        touch `window`; of one `job` only where it is given."""
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
