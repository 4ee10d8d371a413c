"""What is new in an outage, as lines for its timeline. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.durations import duration_words
from bot.core.foreign import inert
from bot.core.outage import DarkHost, Outage, OutageState

NAMES = 8


def timeline(before: Outage | None, after: Outage) -> list[str]:
    """Slack mrkdwn, one line for each kind of news; none where only time went on."""
    dark = {host.host for host in before.dark} if before else set()
    gone = [host for host in after.dark if host.host not in dark]
    ended = [host for host in after.hosts if not host.dark and host.host in dark]
    back = [host for host in ended if not host.dropped]
    dropped = [host for host in ended if host.dropped]
    lines = [f"{_names(gone)} {_verb(gone, 'is', 'are')} dark"] if gone else []
    lines += [f"{_names(back)} {_verb(back, 'is', 'are')} read again{_after(back)}"] if back else []
    lines += [f"{_names(dropped)} {_verb(dropped, 'is', 'are')} no longer configured"] if dropped else []
    if went_blind(before, after):
        lines.append("no host is read now: no rate is true, no incident is opened and none is closed")
    if after.state is OutageState.RESOLVED:
        lines.append("no host is dark any more, outage closed")
    return lines


def went_blind(before: Outage | None, after: Outage) -> bool:
    """True where the last host that was still read has gone dark."""
    return after.state is OutageState.OPEN and after.all_dark and not (before is not None and before.all_dark)


def _names(hosts: Sequence[DarkHost]) -> str:
    names = ", ".join(f"`{inert(host.host)}`" for host in hosts[:NAMES])
    return names if len(hosts) <= NAMES else f"{names} and {len(hosts) - NAMES} more"


def _verb(hosts: Sequence[DarkHost], one: str, many: str) -> str:
    return one if len(hosts) == 1 else many


def _after(hosts: Sequence[DarkHost]) -> str:
    lasted = [host.lasted for host in hosts if host.lasted is not None]
    if not lasted:
        return ""
    return f" after {'up to ' if len(lasted) > 1 else ''}{duration_words(max(lasted))}"
