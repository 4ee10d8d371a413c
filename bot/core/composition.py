"""Whether a rate rose only because the good mail of dark hosts is missing from the window. Pure.

Like is compared with like: the hosts that are seen now with the same hosts before the others went dark.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.diagnosis import HostLine
from bot.core.incident import worth_a_message
from bot.core.judge import Reading
from bot.core.model import Tally, Window
from bot.core.outage import DarkHost, Outage
from bot.core.tier import Tier, TierRule

REFILLED = 0.8
"""A host that is back counts as missing until the window holds so much of the mail it had before: one that was down
itself, not only out of sight, has logged nothing meanwhile."""
UNSEEN = timedelta(minutes=1)
"""A host is no longer like before long before people are told that it is dark: its mail is missing all the same."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A host that is missing from the window, at least in part: its data ended at `since`; `back`: it is read again."""

    host: str
    since: datetime
    back: bool = False


def gone_hosts(
    hosts: Sequence[HostLine], window: Window, outage: Outage | None, unseen_after: timedelta = UNSEEN
) -> tuple[Gone, ...]:
    """Hosts that are not seen now, and those of the newest `outage` that came back within `window`."""
    dark = [line for line in hosts if _unseen(line, unseen_after)]
    names = {line.host for line in dark}
    returned = [host for host in (outage.hosts if outage else ()) if _back_within(host, window)]
    return (
        *(Gone(line.host, window.end - timedelta(seconds=line.age_s or 0.0)) for line in dark),
        *(Gone(host.host, host.since, back=True) for host in returned if host.since and host.host not in names),
    )


def _unseen(line: HostLine, after: timedelta) -> bool:
    late = line.age_s is not None and (line.age_s > after.total_seconds() or bool(line.trouble))
    return late and not line.behind


def _back_within(host: DarkHost, window: Window) -> bool:
    return not host.dropped and host.back_at is not None and host.back_at > window.start


def windows_before(window: Window, gone: Sequence[Gone]) -> tuple[Window, ...]:
    """The windows in which the other hosts are to be looked at; none where no host is gone.

    The first ends where the data of the gone ends: of those whose mail is still leaving `window` the one that is gone
    longest, else the one that went last. The second is the one just before `window`, where that is later: a host that
    has been dark for days excuses nothing that is new today.
    """
    if not gone:
        return ()
    since = [host.since for host in gone]
    leaving = [at for at in since if at > window.start]
    end = min(leaving) if leaving else max(since)
    began = Window.ending(end.replace(second=0, microsecond=0), window.length)
    before = window.before()
    return (began, before) if before.end > began.end else (began,)


def missing(gone: Sequence[Gone], before: Mapping[str, Tally], now: Mapping[str, Tally]) -> tuple[Gone, ...]:
    """Those of `gone` whose mail is not (yet) in the window as it was before: host -> its counts then and now."""
    none = Tally()
    return tuple(
        host
        for host in gone
        if not host.back or now.get(host.host, none).attempts < REFILLED * before.get(host.host, none).attempts
    )


def without_hosts(by_host: Mapping[tuple[str, str], Tally], hosts: Collection[str]) -> dict[str, Tally]:
    """(host, reply template) -> counts, summed per reply template over all but `hosts`."""
    sums: dict[str, Tally] = {}
    for (host, reply), tally in by_host.items():
        if host not in hosts:
            sums[reply] = sums.get(reply, Tally()) + tally
    return sums


def is_no_news(tier: Tier, before: Sequence[Reading], rule: TierRule, alert_from: Tier) -> bool:
    """True where the other hosts alone were in `tier` or worse, and worth a message, in every window of `before`."""
    return bool(before) and all(
        reading.tier(Tier.CLEAR, rule) >= tier
        and worth_a_message(reading.tier(Tier.CLEAR, rule), reading.cause, alert_from)
        for reading in before
    )
