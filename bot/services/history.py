"""What is known of longer times than the window: the day, the same hour of earlier days, hours and campaigns."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar, cast

from bot.core.answers import Campaigns, History, begin_of, campaigns, last_hours, points
from bot.core.diagnosis import Point, Span, Usual
from bot.core.isp import IspCatalog
from bot.core.model import Dim, Recipients, Tally, Window
from bot.core.trends import DAY, HOUR
from bot.core.usual import same_hours, usual
from bot.services.rated import RatedTallies

T = TypeVar("T")

MONTH = timedelta(days=30)
"""So far one ISP's campaigns go back; those of all ISPs together one day."""

LONGER = 2
"""The day is told beside the window from when it is so many times as long."""
LONGEST_HOUR = timedelta(hours=2)
"""A longer window is not compared with an hour of the day."""
WARM = timedelta(days=7)
KNOWN = timedelta(days=2)
"""How long mail must have been counted before an IP without any can be called new."""


class Remembered:
    """Answers that hold while `stamp` stays the same. Two threads at once do the same work twice, no more."""

    def __init__(self) -> None:
        self._kept: tuple[Hashable, dict[Hashable, object]] = (None, {})

    def get(self, stamp: Hashable, key: Hashable, ask: Callable[[], T]) -> T:
        kept = self._kept
        if kept[0] != stamp:
            kept = self._kept = (stamp, {})
        known = kept[1]
        if key not in known:
            known[key] = ask()
        return cast(T, known[key])


class LongRun:
    """Answers about hours and days. What every diagnosis needs is asked once a minute, or once an hour."""

    def __init__(self, tallies: RatedTallies, isps: IspCatalog) -> None:
        self._tallies = tallies
        self._isps = isps
        self._minute = Remembered()
        self._hour = Remembered()
        self._warm = Remembered()

    def day(self, isp: str, window: Window) -> Span | None:
        """The last 24 hours, or as many as it had mail in; None where that says no more than `window`, and where
        hosts are left out of the rates."""
        if self._tallies.left_out():
            return None
        day = last_hours(window.end - timedelta(minutes=1), DAY)
        hours = self._minute.get(window.end, ("day", isp), lambda: self._hours(day, isp))
        begins = begin_of(hours, day)
        if window.end - begins < LONGER * window.length:
            return None
        length = DAY if begins == day.start else (window.end - begins) // HOUR * HOUR
        return Span(length, sum((point.tally for point in hours), Tally()))

    def usual(self, isp: str, window: Window, min_attempts: int) -> Usual | None:
        """What this hour is usually like; not known where hosts are left out of the rates. A long window is no hour."""
        if self._tallies.left_out() or window.length > LONGEST_HOUR:
            return None
        hours = same_hours(window)
        return self._hour.get(
            hours[0], (isp, min_attempts), lambda: usual((self._whole(hour, isp) for hour in hours), min_attempts)
        )

    def earlier(self, isp: str, window: Window) -> dict[str, int] | None:
        """Source IP -> attempts in the `WARM` before the window; None where less than two days are known."""
        before = Window.ending(window.start.replace(minute=0, second=0, microsecond=0), WARM)
        return self._warm.get(before.end, isp, lambda: self._earlier(isp, before))

    def _earlier(self, isp: str, before: Window) -> dict[str, int] | None:
        long_ago = Window(before.start, before.end - KNOWN)
        if not any(tally.attempts for tally in self._tallies.hours(long_ago, (Dim.ISP,), isp=isp).values()):
            return None
        found = self._tallies.hours(before, (Dim.SOURCE_IP,), isp=isp)
        return {ip: tally.attempts for (ip,), tally in found.items()}

    def recipients(self, isp: str, window: Window) -> Recipients | None:
        return self._minute.get(window.end, ("recipients", isp, window), lambda: self._tallies.recipients(window, isp))

    def hosted(self, isp: str, window: Window) -> Tally:
        return self._minute.get(window.end, ("hosted", isp, window), lambda: self._tallies.hosted(window, isp))

    def history(self, isp: str, length: timedelta, now: datetime, min_attempts: int) -> History:
        """One ISP hour by hour."""
        window = last_hours(now, length)
        hours = self._hours(window, isp)
        return History(
            isp=isp,
            title=self._isps.title(isp),
            at=now,
            window=window,
            begins=begin_of(hours, window),
            hours=hours,
            min_attempts=min_attempts,
            usual=self.usual(isp, Window.ending(now, HOUR), min_attempts),
            diluted=tuple(sorted(self._tallies.left_out())),
        )

    def campaigns(self, isp: str | None, now: datetime, length: timedelta | None = None) -> Campaigns:
        """The campaigns of one ISP, or of all: whole hours, the day where no `length` is asked; to the minute where
        that is two hours or less."""
        length = min(length or DAY, MONTH if isp else DAY)
        short = length <= 2 * HOUR
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        window = Window.ending(end, length) if short else last_hours(now, length)
        # Where hosts are left out the minutes are asked, which know the host.
        ask = self._tallies.totals if short or self._tallies.left_out() else self._tallies.hours
        jobs = {job: tally for (job,), tally in ask(window, (Dim.JOB,), isp=isp).items()}
        whole = sum(ask(window, (Dim.ISP,), isp=isp).values(), Tally())
        return Campaigns(
            at=now,
            window=window,
            isp=isp or "",
            title=self._isps.title(isp) if isp else "",
            jobs=campaigns(jobs),
            whole=whole,
        )

    def _whole(self, window: Window, isp: str) -> Tally:
        return self._tallies.hours(window, (Dim.ISP,), isp=isp).get((isp,), Tally())

    def _hours(self, window: Window, isp: str) -> tuple[Point, ...]:
        hours = self._tallies.hours(window, (Dim.MINUTE,), isp=isp)
        return points({int(start): tally for (start,), tally in hours.items()})
