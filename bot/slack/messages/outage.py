"""Hosts without data as one message, from the first that goes dark to the last that is read again; edited in place."""

from __future__ import annotations

from datetime import datetime, timedelta

import slackblocks as sb

from bot.core.durations import duration_words
from bot.core.outage import DarkHost, Outage, OutageState
from bot.slack.messages import buttons, texts
from bot.slack.messages.dark import AGAIN, CATCHING_UP, by_cause
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.outage_over import ERROR_LIMIT, LINES, names, over_message

_BLIND = "No rate is true until a host is read again; till then no incident is opened and none is closed."
_APART = timedelta(minutes=1)
_DARK, _ALL_DARK = ("⚫", "#3d4451"), ("🔴", "#c9302c")


def outage_message(outage: Outage, *, now: datetime) -> Message:
    key = f"out{outage.id}-{outage.revision}"
    if outage.state is OutageState.RESOLVED:
        return over_message(outage, now, key)
    mark, color = _ALL_DARK if outage.all_dark else _DARK
    head = f"{mark} *{_headline(outage)}*"
    body = [section("\n".join([head, *_dark_lines(outage, now), *_back_line(outage)]))]
    tail: list[sb.Block] = [section(f"*Affected:* {_affected(outage)}"), section(f"*Do:* {_do(outage)}")]
    tail += [sb.ActionsBlock(elements=[buttons.overview_button()]), context(_where(outage, now))]
    return message(_fallback(outage), body, key=key, color=color, tail=tail)


def _headline(outage: Outage) -> str:
    """ "mta7 · no data for 5 min", "12 of 20 hosts · no data for 5 min", "I see none of 20 hosts · …"."""
    dark = outage.dark
    if len(dark) == 1:
        who = texts.words(dark[0].host)
    elif outage.all_dark:
        who = f"I see none of {outage.fleet} hosts"
    else:
        who = f"{len(dark)} of {outage.fleet} hosts"
    return f"{who} · {_no_data(outage)}"


def _no_data(outage: Outage) -> str:
    since = [host.since for host in outage.dark if host.since]
    if not since:
        return "never read so far"
    longest = duration_words(outage.at - min(since))
    return f"no data for {longest if max(since) - min(since) < _APART else f'up to {longest}'}"


def _dark_lines(outage: Outage, now: datetime) -> list[str]:
    dark = sorted(outage.dark, key=lambda host: (host.since is None, host.since or outage.at, host.host))
    if len(dark) <= LINES:
        return [_dark_line(host, now) for host in dark]
    groups = by_cause(dark)
    lines = [f"{len(hosts)} × {cause.words}: {names(hosts)}" for cause, hosts in groups[:LINES]]
    rest = sum(len(hosts) for _, hosts in groups[LINES:])
    return [*lines, f"…and {texts.counted(rest, 'more host')}"] if rest else lines


def _dark_line(host: DarkHost, now: datetime) -> str:
    since = f"no data since {texts.at_time(host.since, now)}" if host.since else "never read"
    error = texts.sentence(texts.clip(host.error, ERROR_LIMIT)) if host.error else "no poll has come to an end"
    if host.behind:
        since = "answers again"
    return f"{texts.code(host.host)} {since}: {texts.closed(error)}"


def _back_line(outage: Outage) -> list[str]:
    back = [host for host in outage.hosts if not host.dark]
    return [f"Back: {names(back)}"] if back else []


def _affected(outage: Outage) -> str:
    """What is missing, and what is still true."""
    if outage.all_dark:
        return f"everything. {_BLIND}"
    they, send = ("it", "it sends") if len(outage.dark) == 1 else ("they", "they send")
    now = f"what {send} now is in no rate."
    if outage.share is None:
        return now
    carried = f"{they} carried {texts.percent(outage.share)} of the mail in the hour before"
    return f"{carried}. {texts.capital(now)}"


def _do(outage: Outage) -> str:
    causes = [cause for cause, _ in by_cause(outage.dark)]
    looks = [cause.look if len(causes) == 1 else f"{cause.words}: {cause.look}" for cause in causes[:2]]
    if outage.all_dark and outage.fleet > 1 and len(causes) == 1:
        looks.insert(0, "look at the bot's own network first, since all hosts say the same")
    again = "" if causes == [CATCHING_UP] else f" {AGAIN}"
    return texts.closed("; ".join(looks)) + again


def _where(outage: Outage, now: datetime) -> str:
    read = f"{outage.fleet - len(outage.dark)} of {texts.counted(outage.fleet, 'host')} read"
    return f"`OUT-{outage.id}` · {read} · as of {texts.at_time(outage.at, now)}"


def _fallback(outage: Outage) -> str:
    """ "mta7: no data for 5 min (connection refused). It carried 31 % of the mail in the hour before. …"."""
    said = _headline(outage).replace(" · ", ": ", 1)
    causes = texts.listed([cause.words for cause, _ in by_cause(outage.dark)[:3]])
    return f"{said} ({causes}). {_BLIND if outage.all_dark else texts.capital(_affected(outage))}"
