"""The end of an outage: who was dark for how long, and whether everything was counted. Says only what is true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import slackblocks as sb

from bot.core.durations import duration_words
from bot.core.outage import DarkHost, Outage
from bot.slack.messages import texts
from bot.slack.messages.message import Message, context, message, section

LINES = 5
NAMES = 12
ERROR_LIMIT = 200
_MARK, _COLOR = "🟢", "#2e9e5b"
_NONE = timedelta(0)


def over_message(outage: Outage, now: datetime, key: str) -> Message:
    hosts = sorted(outage.hosts, key=lambda host: (-(host.lasted or _NONE), host.host))
    title = _title(outage)
    tail: list[sb.Block] = [section(line) for line in _counted(hosts)]
    tail.append(context(f"`OUT-{outage.id}` · resolved"))
    body = section("\n".join([f"{_MARK} *{title}*", *_lines(hosts, now)]))
    return message(f"{title}; {_sentence(hosts)}", [body], key=key, color=_COLOR, tail=tail)


def names(hosts: Sequence[DarkHost]) -> str:
    """Host names in code style, at most `NAMES`."""
    shown = " ".join(texts.code(host.host) for host in hosts[:NAMES])
    return shown if len(hosts) <= NAMES else f"{shown} and {len(hosts) - NAMES} more"


def _title(outage: Outage) -> str:
    back = [host for host in outage.hosts if not host.dropped]
    if not back:
        return "No host is dark any more"
    if outage.fleet == 1:
        return f"{texts.words(back[0].host)} is read again"
    return "Both hosts are read again" if outage.fleet == 2 else f"All {outage.fleet} hosts are read again"


def _lines(hosts: Sequence[DarkHost], now: datetime) -> list[str]:
    shown = hosts if len(hosts) <= LINES else hosts[: LINES - 1]
    lines = [_line(host, now) for host in shown]
    rest = hosts[len(shown) :]
    return [*lines, f"…and {len(rest)} more: {names(rest)}"] if rest else lines


def _line(host: DarkHost, now: datetime) -> str:
    name = texts.code(host.host)
    if host.dropped:
        return f"{name} is no longer configured"
    if host.lasted is None or host.since is None or host.back_at is None:
        return f"{name} is read for the first time"
    turns = ", in several turns" if host.earlier_s else ""
    when = f"{texts.at_time(host.since, now)} to {texts.at_time(host.back_at, now)}"
    return f"{name} was dark for {duration_words(host.lasted)}{turns} ({when})"


def _counted(hosts: Sequence[DarkHost]) -> list[str]:
    read = [host for host in hosts if not host.dropped]
    whole = ["Everything their files hold from that time has been counted."] if read else []
    bad = [host for host in read if host.gaps][:LINES]
    gaps = [f"*Not read:* {texts.code(h.host)}: {texts.closed(texts.sentence(_clipped(h.gaps)))}" for h in bad]
    return gaps or whole


def _clipped(text: str) -> str:
    return texts.clip(text, ERROR_LIMIT)


def _sentence(hosts: Sequence[DarkHost]) -> str:
    """ "mta7 was dark for 22 min, everything its files hold from that time has been counted." """
    read = [host for host in hosts if not host.dropped]
    if not read:
        return f"{texts.listed([texts.words(host.host) for host in hosts[:3]])} is no longer configured."
    first = read[0]
    said = f"was dark for {duration_words(first.lasted)}" if first.lasted else "is read for the first time"
    less = sum(host.lasted is not None for host in read[1:])
    others = f" and {texts.counted(less, 'other')} for less" if less else ""
    if any(host.gaps for host in read):
        return f"{texts.words(first.host)} {said}{others}, and some files could not be read."
    whose = "its" if len(read) == 1 else "their"
    return f"{texts.words(first.host)} {said}{others}, everything {whose} files hold from that time has been counted."
