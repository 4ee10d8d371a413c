"""What people ask for beside a diagnosis: an ISP over days, the day's campaigns, every host. Values and their making.

Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.diagnosis import HostLine, Point, ReplyLine, Share, Usual
from bot.core.model import HostHealth, HostSnapshot, Tally, Window

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
_WIDTHS = tuple(HOUR * hours for hours in (1, 2, 3, 6, 12, 24, 48, 120, 240, 480, 720))
WORST = 3


@dataclass(frozen=True, slots=True)
class History:
    """One ISP, hour by hour. `hours` are those with mail, oldest first; `begins`: before it no mail to it was counted.

    `diluted` names hosts of which one half is not logged: hours cannot be told apart by host, so the other half is in.
    """

    isp: str
    title: str
    at: datetime
    window: Window
    begins: datetime
    hours: tuple[Point, ...]
    min_attempts: int
    usual: Usual | None = None
    diluted: tuple[str, ...] = ()
    hosts: tuple[HostLine, ...] = ()

    @property
    def total(self) -> Tally:
        return sum((point.tally for point in self.hours), Tally())

    def worst(self, width: timedelta = HOUR) -> tuple[Point, ...]:
        """The hours (or stretches of `width`) worse than the whole, of those with enough mail; worst first."""
        whole = self.total.rate
        judged = (point for point in stretches(self.hours, width) if point.tally.attempts >= self.min_attempts)
        worse = [point for point in judged if point.tally.rate > whole]
        return tuple(sorted(worse, key=lambda point: (-point.tally.rate, point.minute))[:WORST])


def last_hours(now: datetime, length: timedelta) -> Window:
    """Whole hours up to and with the running one, as many as fill `length`."""
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    return Window.ending(end, max(HOUR, -(-length // HOUR) * HOUR))


def stretches(points: Iterable[Point], width: timedelta, first: datetime | None = None) -> tuple[Point, ...]:
    """The same counts in stretches of `width`, oldest first: counted from `first`, else from whole multiples of it in
    UTC."""
    size, origin = int(width.total_seconds()), int(first.timestamp()) if first else 0
    sums: dict[int, Tally] = {}
    for point in points:
        start = (point.minute - origin) // size * size + origin
        sums[start] = sums.get(start, Tally()) + point.tally
    return tuple(Point(start, tally) for start, tally in sorted(sums.items()))


def width_for(length: timedelta, most: int) -> timedelta:
    """The shortest even stretch of which at most `most` cover `length`, wherever it begins."""
    return next((width for width in _WIDTHS if length <= width * (most - 1)), _WIDTHS[-1])


def points(by_start: Mapping[int, Tally]) -> tuple[Point, ...]:
    """Epoch seconds -> counts, as points with mail, oldest first."""
    return tuple(Point(start, tally) for start, tally in sorted(by_start.items()) if tally != Tally())


def begin_of(hours: Sequence[Point], window: Window) -> datetime:
    """The first of `hours`, which are in order; the end of `window` where there is none."""
    return datetime.fromtimestamp(hours[0].minute, UTC) if hours else window.end


@dataclass(frozen=True, slots=True)
class Campaigns:
    """The campaigns of the last hours, most deferred first. `isp` and `title` are "" for all ISPs together.

    `whole`: all mail of the same time, with a campaign or without. `mostly`: campaign -> its commonest reply, of one
    ISP and where that is known.
    """

    at: datetime
    window: Window
    isp: str
    title: str
    jobs: tuple[Share, ...]
    whole: Tally
    hosts: tuple[HostLine, ...] = ()
    mostly: Mapping[str, ReplyLine] = field(default_factory=dict)

    @property
    def untold(self) -> int:
        """Attempts whose records name no campaign."""
        return max(0, self.whole.attempts - sum(share.tally.attempts for share in self.jobs))


def campaigns(jobs: Mapping[str, Tally]) -> tuple[Share, ...]:
    """Worst first: most deferrals, then most attempts."""
    rows = [Share(key, tally) for key, tally in jobs.items() if key and tally.attempts]
    return tuple(sorted(rows, key=lambda row: (-row.tally.deferred, -row.tally.attempts, row.key)))


@dataclass(frozen=True, slots=True)
class HostReport:
    """One host in full. `health` None: never seen. `queues` None: its queues were never read."""

    line: HostLine
    health: HostHealth | None
    queues: int | None
    waiting: int
    complete: bool = True
    """False where PMTA's own cap cut the list of queues."""


def host_report(line: HostLine, health: HostHealth | None, seen: HostSnapshot | None) -> HostReport:
    """`seen` is what its queues were when they were last read."""
    if seen is None:
        return HostReport(line, health, None, 0)
    waiting = sum(queue.recipients for queue in seen.queues)
    return HostReport(line, health, len(seen.queues), waiting, seen.complete)
