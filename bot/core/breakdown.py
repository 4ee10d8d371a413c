"""The parts of mail people ask for by name: an ISP's IPs, VMTAs, replies and queues; one IP, VMTA or campaign at every
ISP. Values and their making. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address

from bot.core.diagnosis import HostLine, QueueTrend, ReplyLine
from bot.core.model import QueueState, Tally, Window
from bot.core.trends import LEAST_ATTEMPTS, Trend, clearly_grown, trend


class Of(StrEnum):
    """What a part of the mail is named by."""

    IP = "ip"
    VMTA = "vmta"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Line:
    """One source IP or VMTA of an ISP. `reply`: its commonest one, None where it is not known or there is none.
    `beside`: the VMTAs of an IP, the IPs of a VMTA. `queues`: those of a VMTA at this ISP."""

    key: str
    tally: Tally
    reply: ReplyLine | None = None
    beside: tuple[str, ...] = ()
    queues: tuple[QueueState, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """The source IPs or VMTAs (`of`) of one ISP, most deferrals first. `untold`: mail whose records do not name one."""

    of: Of
    isp: str
    title: str
    at: datetime
    window: Window
    lines: tuple[Line, ...]
    whole: Tally
    untold: Tally
    hosts: tuple[HostLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """One reply and how many source IPs got it (0: not known)."""

    line: ReplyLine
    ips: int


@dataclass(frozen=True, slots=True)
class Replies:
    """What one ISP answered, the commonest first."""

    isp: str
    title: str
    at: datetime
    window: Window
    lines: tuple[Answered, ...]
    whole: Tally
    hosts: tuple[HostLine, ...] = ()

    @property
    def total(self) -> int:
        return sum(each.line.count for each in self.lines)


@dataclass(frozen=True, slots=True)
class Queued:
    """One queue now and against earlier looks."""

    isp: str
    state: QueueState
    trend: QueueTrend

    @property
    def rising(self) -> bool:
        return clearly_grown(self.trend)


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of one ISP, or of all (`isp` and `title` ""): the clearly growing first, then the longest."""

    isp: str
    title: str
    at: datetime
    lines: tuple[Queued, ...]
    hosts: tuple[HostLine, ...] = ()


@dataclass(frozen=True, slots=True)
class There:
    """What one part of our mail does at one ISP, and all other mail to it."""

    isp: str
    title: str
    tally: Tally
    rest: Tally

    @property
    def judged(self) -> bool:
        """True where there is enough mail on both sides to compare."""
        return min(self.tally.attempts, self.rest.attempts) >= LEAST_ATTEMPTS

    @property
    def worse(self) -> bool:
        """True where it is deferred clearly more than the other mail, beyond chance."""
        return trend(self.tally, self.rest) is Trend.RISING


@dataclass(frozen=True, slots=True)
class Place:
    """One source IP, VMTA or campaign at every ISP, most deferrals first. `lines` empty: nothing of it was counted, and
    `nearest` is the name most like it, "" for none.

    `ips`, `vmtas`, `on` (hosts): what else its mail goes by, most mail first, over `beside`; of a campaign
    only the hosts are known. `replies`: (ISP's title, reply), the commonest first.
    """

    of: Of
    key: str
    at: datetime
    window: Window
    lines: tuple[There, ...]
    ips: tuple[str, ...] = ()
    vmtas: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    beside: Window | None = None
    replies: tuple[tuple[str, ReplyLine], ...] = ()
    nearest: str = ""
    hosts: tuple[HostLine, ...] = ()

    @property
    def whole(self) -> Tally:
        return sum((line.tally for line in self.lines), Tally())


def lines(
    cells: Mapping[tuple[str, str, str], Tally],
    answers: Callable[[Mapping[str, Tally]], tuple[ReplyLine, ...]],
    queues: Iterable[QueueState] = (),
) -> tuple[Line, ...]:
    """(name, other name, reply template) -> counts, as lines, most deferrals first. Mail without a name is left out.

    `answers`: templates with counts -> what they mean, the commonest first.
    """
    by_name: dict[str, Tally] = {}
    others: dict[str, dict[str, Tally]] = {}
    replies: dict[str, dict[str, Tally]] = {}
    for (name, other, template), tally in cells.items():
        by_name[name] = by_name.get(name, Tally()) + tally
        _add(others.setdefault(name, {}), other, tally)
        _add(replies.setdefault(name, {}), template, tally)
    held: dict[str, list[QueueState]] = {}
    for queue in queues:
        held.setdefault(queue.vmta, []).append(queue)
    found = [
        Line(
            name,
            by_name.get(name, Tally()),
            next(iter(answers(replies.get(name, {}))), None),
            by_mail(others.get(name, {})),
            tuple(held.get(name, ())),
        )
        for name in {**by_name, **held}
        if name
    ]
    return tuple(sorted(found, key=lambda line: (-line.tally.deferred, -line.tally.attempts, line.key)))


def _add(sums: dict[str, Tally], key: str, tally: Tally) -> None:
    sums[key] = sums[key] + tally if key in sums else tally


def by_mail(sums: Mapping[str, Tally]) -> tuple[str, ...]:
    """The names, most attempts first; what has no name is left out."""
    return tuple(sorted(filter(None, sums), key=lambda name: (-sums[name].attempts - sums[name].bounced, name)))


def there(own: Mapping[str, Tally], whole: Mapping[str, Tally], title: Callable[[str], str]) -> tuple[There, ...]:
    """By ISP: a part of the mail against all other mail to the same ISP, most deferrals first."""
    found = [There(isp, title(isp), tally, _less(whole.get(isp, Tally()), tally)) for isp, tally in own.items()]
    return tuple(sorted(found, key=lambda line: (-line.tally.deferred, -line.tally.attempts, line.isp)))


def _less(whole: Tally, part: Tally) -> Tally:
    """Never below nothing: what was counted a moment later may hold more."""
    return Tally(
        max(0, whole.delivered - part.delivered),
        max(0, whole.deferred - part.deferred),
        max(0, whole.bounced - part.bounced),
    )


def queued(found: Iterable[tuple[str, QueueState, QueueTrend]]) -> tuple[Queued, ...]:
    """(ISP, queue, trend): the clearly growing first, then the longest."""
    rows = [Queued(*each) for each in found]
    return tuple(sorted(rows, key=lambda row: (not row.rising, -row.state.recipients, row.state.host, row.state.name)))


def named(asked: str, names: Iterable[str]) -> tuple[str, str]:
    """(the one of `names` that is meant, the one most like it): exactly, in any case, as the same IP address; "" for
    none."""
    known = list(filter(None, names))
    if asked in known:
        return asked, ""
    same = next((name for name in sorted(known) if name.lower() == asked.lower()), "") or _same_ip(asked, known)
    close = {name.lower(): name for name in known} if not same else {}
    return same, next((close[name] for name in get_close_matches(asked.lower(), close, n=1, cutoff=0.6)), "")


def _same_ip(asked: str, names: Iterable[str]) -> str:
    """An IPv6 address has many spellings."""
    address = _address(asked)
    return next((name for name in names if ":" in name and _address(name) == address), "") if address else ""


def _address(text: str) -> str:
    try:
        return ip_address(text).compressed
    except ValueError:
        return ""
