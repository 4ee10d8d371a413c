"""The parts of the mail people ask for by name, from the store alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

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
MINUTES_KEPT = timedelta(hours=24)
"""VMTAs are not kept by the hour: no longer window is summed from minutes."""
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
        long = of is Of.IP and (length or self._usual) > FINE
        window = self._window(length if of is Of.IP else min(length or self._usual, MINUTES_KEPT))
        if long:
            totals = self._longer(window, (Dim.SOURCE_IP,), isp)
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
        window = self._window(length)
        by_reply: dict[str, Tally] = {}
        ips: dict[str, set[str]] = {}
        if window.length <= FINE:
            found: Totals = self._tallies.totals(window, (Dim.REPLY, Dim.SOURCE_IP), isp=isp)
        else:
            found = self._longer(window, (Dim.REPLY,), isp)
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
        """The queues of one ISP, or of all."""
        now = self._clock.now()
        isps = (isp,) if isp is not None else self._queues.isps(now)
        seen = ((one, self._queues.seen(one, now)) for one in isps)
        return Queues(
            isp=isp or "",
            title=self._isps.title(isp) if isp else "",
            at=now,
            lines=queued((one, state, trend) for one, found in seen for state, trend in found.paired()),
            hosts=self._hosts(),
        )

    def place(self, of: Of, asked: str, length: timedelta | None = None) -> Place:
        """One source IP, VMTA or campaign at every ISP. A campaign is looked for in a day where no window is asked."""
        usual = MINUTES_KEPT if of is Of.JOB else self._usual
        length = min(length or usual, MINUTES_KEPT) if of is Of.VMTA else length or usual
        window, now = self._window(length), self._clock.now()
        by = (_DIM[of], Dim.ISP)
        asked_of = self._tallies.totals if of is Of.VMTA or length <= FINE else self._longer
        found = asked_of(window, by)
        key, nearest = named(asked, {name for name, _ in found})
        if not key:
            return Place(of, asked, now, window, (), nearest=nearest, hosts=self._hosts())
        own = {isp: tally for (name, isp), tally in found.items() if name == key}
        whole = {isp: tally for (isp,), tally in asked_of(window, (Dim.ISP,)).items()}
        made = Place(of, key, now, window, there(own, whole, self._isps.title), hosts=self._hosts())
        return self._with_names(made)

    def _with_names(self, place: Place) -> Place:
        """What else its mail goes by, and what was answered; from the minutes, which are not summed over days."""
        window = self._window(min(place.window.length, FINE))
        if place.of is Of.JOB:
            hosts = self._tallies.totals(window, (Dim.JOB, Dim.HOST))
            return replace(place, on=by_mail(_of(hosts, place.key, 1)), beside=window)
        other = Dim.VMTA if place.of is Of.IP else Dim.SOURCE_IP
        names = self._tallies.totals(window, (_DIM[place.of], other, Dim.HOST))
        others = by_mail(_of(names, place.key, 1))
        return replace(
            place,
            vmtas=others if place.of is Of.IP else (),
            ips=others if place.of is Of.VMTA else (),
            on=by_mail(_of(names, place.key, 2)),
            beside=window,
            replies=self._told(place, window),
        )

    def _told(self, place: Place, window: Window) -> tuple[tuple[str, ReplyLine], ...]:
        found: list[tuple[str, ReplyLine]] = []
        for line in place.lines[:REPLIES_OF]:
            if line.tally.deferred or line.tally.bounced:
                totals = self._tallies.totals(window, (_DIM[place.of], Dim.REPLY), isp=line.isp)
                told = self._answers(line.isp)(_of(totals, place.key, 1))
                found += [(line.title, reply) for reply in told[:REPLIES_KEPT]]
        found.sort(key=lambda pair: -pair[1].count)
        return tuple(found[:REPLIES_KEPT])

    def _answers(self, isp: str) -> Callable[[Mapping[str, Tally]], tuple[ReplyLine, ...]]:
        samples = self._tallies.samples(isp)
        return lambda by_reply: reply_lines(by_reply, samples, lambda reply: self._classifier.classify(reply, isp))

    def _longer(self, window: Window, by: tuple[Dim, ...], isp: str | None = None) -> Totals:
        """From the hours; where hosts are left out the minutes are asked, which know the host."""
        ask = self._tallies.totals if self._tallies.left_out() else self._tallies.hours
        return ask(window, by, isp=isp)

    def _window(self, length: timedelta | None) -> Window:
        """The last whole minutes up to and including the running one."""
        now: datetime = self._clock.now()
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return Window.ending(end, length or self._usual)


def _of(totals: Totals, name: str, place: int) -> dict[str, Tally]:
    """The counts of `name` (the first of the key), by what stands at `place`."""
    sums: dict[str, Tally] = {}
    for key, tally in totals.items():
        if key[0] == name:
            sums[key[place]] = sums.get(key[place], Tally()) + tally
    return sums
