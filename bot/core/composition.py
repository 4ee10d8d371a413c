"""Whether a rate rose only because the good mail of dark hosts fell out of the window. Pure.

Like is compared with like: the hosts that are seen now with the same hosts before the others went dark.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from bot.core.diagnosis import HostLine
from bot.core.incident import worth_a_message
from bot.core.judge import Reading
from bot.core.model import Tally, Window
from bot.core.tier import Tier, TierRule


def seen_hosts(hosts: Sequence[HostLine]) -> frozenset[str]:
    return frozenset(line.host for line in hosts if not line.trouble)


def windows_before(window: Window, hosts: Sequence[HostLine]) -> tuple[Window, ...]:
    """The windows in which the seen hosts are to be looked at; none where no host is dark.

    The first ends where the dark hosts' data ends: of those whose mail is still leaving `window` the one that is dark
    longest, else the one that went dark last. The second is the one just before `window`, where that is later: a
    host that has been dark for days excuses nothing that is new today.
    """
    ages = [line.age_s for line in hosts if line.trouble and not line.behind and line.age_s is not None]
    if not ages:
        return ()
    leaving = [age for age in ages if age < window.length.total_seconds()]
    age = timedelta(seconds=max(leaving) if leaving else min(ages))
    began = Window.ending((window.end - age).replace(second=0, microsecond=0), window.length)
    before = window.before()
    return (began, before) if before.end > began.end else (began,)


def of_hosts(by_host: Mapping[tuple[str, str], Tally], hosts: Collection[str]) -> dict[str, Tally]:
    """(host, reply template) -> counts, summed per reply template over `hosts`."""
    sums: dict[str, Tally] = {}
    for (host, reply), tally in by_host.items():
        if host in hosts:
            sums[reply] = sums.get(reply, Tally()) + tally
    return sums


def is_no_news(tier: Tier, before: Sequence[Reading], rule: TierRule, alert_from: Tier) -> bool:
    """True where the seen hosts alone were in `tier` or worse, and worth a message, in every window of `before`."""
    return bool(before) and all(
        reading.tier(Tier.CLEAR, rule) >= tier
        and worth_a_message(reading.tier(Tier.CLEAR, rule), reading.cause, alert_from)
        for reading in before
    )
