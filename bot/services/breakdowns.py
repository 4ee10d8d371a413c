"""The parts of the mail people ask for by name, from the store alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.core.answers import last_hours
from bot.core.breakdown import Answered, Of, Place, Queues, Replies, Sources, by_mail, lines, named, queued, there
from bot.core.diagnosis import HostLine, ReplyLine
from bot.core.isp import IspCatalog
from bot.core.judge import reply_lines
from bot.core.model import Dim, Tally, Window
from bot.ports import Clock, Meanings
from bot.services.queue_index import QueueIndex
from bot.services.rated import RatedTallies

FINE = timedelta(hours=2)
"""Windows up to this long are summed from minutes, longer ones from hours where hours tell enough."""
DAY = timedelta(hours=24)
"""What is not kept by the hour (VMTAs), and what is summed over all ISPs, goes back no further."""
MONTH = timedelta(days=30)
"""So far one ISP's source IPs and replies go back."""
REPLIES_OF = 3
"""Of so many ISPs, those with most deferrals, the replies to one IP or VMTA are told."""
REPLIES_KEPT = 5
_DIM = {Of.IP: Dim.SOURCE_IP, Of.VMTA: Dim.VMTA, Of.JOB: Dim.JOB}
Totals = Mapping[tuple[str, ...], Tally]


class Breakdowns:
    """Safe to call from any thread. `hosts` says how fresh every host is; `usual` is the window where none is asked."""

    def __init__(
        self,
        tallies: RatedTallies,
        queues: QueueIndex,
        isps: IspCatalog,
        classifier: Meanings,
        hosts: Callable[[], tuple[HostLine, ...]],
        clock: Clock,
        usual: timedelta,
    ) -> None:
        self._tallies = tallies
        self._queues = queues
        self._isps = isps
        self._classifier = classifier
        self._hosts = hosts
        self._clock = clock
        self._usual = usual

    def sources(self, isp: str, of: Of, length: timedelta | None = None) -> Sources:
        """The source IPs or VMTAs of one ISP."""
        now = self._clock.now()
        window = self._window(min(length or self._usual, MONTH if of is Of.IP else DAY))
        if of is Of.IP and window.length > FINE:
            totals = self._longest(window, (Dim.SOURCE_IP,), isp)
            cells = {(ip, "", ""): tally for (ip,), tally in totals.items()}
        else:
            other = Dim.VMTA if of is Of.IP else Dim.SOURCE_IP
            found = self._tallies.totals(window, (_DIM[of], other, Dim.REPLY), isp=isp)
            cells = {(name, beside, reply): tally for (name, beside, reply), tally in found.items()}
        queues = self._queues.of(isp, now) if of is Of.VMTA else ()
        return Sources(
            of=of,
            isp=isp,
            title=self._isps.title(isp),
            at=now,
            window=window,
            lines=lines(cells, self._answers(isp), queues),
            whole=sum(cells.values(), Tally()),
            untold=sum((tally for key, tally in cells.items() if not key[0]), Tally()),
            hosts=self._hosts(),
        )

    def replies(self, isp: str, length: timedelta | None = None) -> Replies:
        window = self._window(min(length or self._usual, MONTH))
        by_reply: dict[str, Tally] = {}
        ips: dict[str, set[str]] = {}
        by = (Dim.REPLY, Dim.SOURCE_IP) if window.length <= FINE else (Dim.REPLY,)
        found = self._longest(window, by, isp)
        for (reply, *ip), tally in found.items():
            by_reply[reply] = by_reply.get(reply, Tally()) + tally
            ips.setdefault(reply, set()).update(filter(None, ip))
        return Replies(
            isp=isp,
            title=self._isps.title(isp),
            at=self._clock.now(),
            window=window,
            lines=tuple(Answered(line, len(ips.get(line.template, ()))) for line in self._answers(isp)(by_reply)),
            whole=sum(by_reply.values(), Tally()),
            hosts=self._hosts(),
        )

    def queues(self, isp: str | None = None) -> Queues:
        """The queues of one ISP; or of all, but the smallest."""
        now = self._clock.now()
        if isp is None:
            found = self._queues.everyones(now)
        else:
            seen = self._queues.seen(isp, now)
            found = ((isp, *pair) for pair in zip(seen.queues, seen.trends, strict=True))
        return Queues(
            isp=isp or "",
            title=self._isps.title(isp) if isp else "",
            at=now,
            lines=queued(found),
            hosts=self._hosts(),
        )

    def place(self, of: Of, asked: str, length: timedelta | None = None) -> Place:
        """One source IP, VMTA or campaign at every ISP. A campaign is looked for in a day where no window is asked."""
        length = min(length or (DAY if of is Of.JOB else self._usual), DAY)
        window, now = self._window(length), self._clock.now()
        if of is Of.JOB:
            return self._campaign(asked, window, now)
        other = Dim.VMTA if of is Of.IP else Dim.SOURCE_IP
        recent = self._window(min(length, FINE))
        # One sum tells all of an hour; over days its names are those of the last two hours.
        named_by = self._tallies.totals(recent, (_DIM[of], Dim.ISP, other, Dim.HOST))
        found = named_by if length <= FINE else self._longest(window, (_DIM[of], Dim.ISP))
        key, nearest = named(asked, {key[0] for key in found})
        if not key:
            return Place(of, asked, now, window, (), nearest=nearest, hosts=self._hosts())
        others = by_mail(_of(named_by, key, 2))
        made = self._made(of, key, window, _of(found, key, 1))
        return replace(
            made,
            vmtas=others if of is Of.IP else (),
            ips=others if of is Of.VMTA else (),
            on=by_mail(_of(named_by, key, 3)),
            beside=recent,
            replies=self._told(made, recent),
        )

    def _campaign(self, asked: str, window: Window, now: datetime) -> Place:
        found = self._longest(window, (Dim.JOB, Dim.ISP))
        key, nearest = named(asked, {key[0] for key in found})
        if not key:
            return Place(Of.JOB, asked, now, window, (), nearest=nearest, hosts=self._hosts())
        recent = self._window(min(window.length, FINE))
        hosts = self._tallies.totals(recent, (Dim.JOB, Dim.HOST))
        made = self._made(Of.JOB, key, window, _of(found, key, 1))
        return replace(made, on=by_mail(_of(hosts, key, 1)), beside=recent, replies=self._told(made, window))

    def answered(self, isp: str, window: Window) -> Mapping[str, ReplyLine]:
        """Campaign -> what it was answered most, where that is known and the window no longer than a day."""
        found = self._tallies.job_replies(window, isp) if window.length <= DAY else None
        by_job: dict[str, dict[str, Tally]] = {}
        for (_, job, template), tally in (found or {}).items():
            sums = by_job.setdefault(job, {})
            sums[template] = sums.get(template, Tally()) + tally
        told = self._answers(isp)
        return {job: lines[0] for job, replies in by_job.items() if (lines := told(replies))}

    def _made(self, of: Of, key: str, window: Window, own: Mapping[str, Tally]) -> Place:
        whole = {isp: tally for (isp,), tally in self._longest(window, (Dim.ISP,)).items()}
        return Place(of, key, self._clock.now(), window, there(own, whole, self._isps.title), hosts=self._hosts())

    def _told(self, place: Place, window: Window) -> tuple[tuple[str, ReplyLine], ...]:
        found: list[tuple[str, ReplyLine]] = []
        for line in place.lines[:REPLIES_OF]:
            if line.tally.deferred or line.tally.bounced:
                told = self._answers(line.isp)(self._replies_to(place, line.isp, window))
                found += [(line.title, reply) for reply in told[:REPLIES_KEPT]]
        found.sort(key=lambda pair: -pair[1].count)
        return tuple(found[:REPLIES_KEPT])

    def _replies_to(self, place: Place, isp: str, window: Window) -> Mapping[str, Tally]:
        if place.of is not Of.JOB:
            return _of(self._tallies.totals(window, (_DIM[place.of], Dim.REPLY), isp=isp), place.key, 1)
        sums: dict[str, Tally] = {}
        for (_, _, template), tally in (self._tallies.job_replies(window, isp, place.key) or {}).items():
            sums[template] = sums.get(template, Tally()) + tally
        return sums

    def _answers(self, isp: str) -> Callable[[Mapping[str, Tally]], tuple[ReplyLine, ...]]:
        samples, filed = self._tallies.samples(isp), self._tallies.filed(isp)
        classify = partial(self._classifier.classify, isp=isp)
        return lambda by_reply: reply_lines(by_reply, samples, classify, filed)

    def _longest(self, window: Window, by: tuple[Dim, ...], isp: str | None = None) -> Totals:
        """From the hours where the window is long and they tell it. Where hosts are left out the minutes are asked,
        which know the host."""
        kept = Dim.VMTA not in by and window.length > FINE and not self._tallies.left_out()
        ask = self._tallies.hours if kept else self._tallies.totals
        return ask(window, by, isp=isp)

    def _window(self, length: timedelta) -> Window:
        """The last whole minutes up to and including the running one; of a long time the last whole hours, as long
        windows are summed from those."""
        now: datetime = self._clock.now()
        if length > FINE:
            return last_hours(now, length)
        return Window.ending(now.replace(second=0, microsecond=0) + timedelta(minutes=1), length)


def _of(totals: Totals, name: str, place: int) -> dict[str, Tally]:
    """The counts of `name` (the first of the key), by what stands at `place`."""
    sums: dict[str, Tally] = {}
    for key, tally in totals.items():
        if key[0] == name:
            sums[key[place]] = sums.get(key[place], Tally()) + tally
    return sums
