"""The answer to `/deferrals queues` and `gmail queues`: the growing first, then the longest."""

from __future__ import annotations

import slackblocks as sb

from bot.core.breakdown import Queued, Queues
from bot.core.trends import grown
from bot.slack.messages import buttons, fleet, texts
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.pages import ask_button, page_of, turn
from bot.slack.messages.sources import state
from bot.slack.messages.table import table
from bot.slack.words import Asked, Topic


def queues_message(queues: Queues, asked: Asked) -> Message:
    page = page_of(queues.lines, asked.page)
    blocks: list[sb.Block] = [section("\n".join([_head(queues), *_held(queues)]))]
    if page.rows:
        rows = [["queue", "waiting", "before", "state", "host", "last error"], *(_row(line) for line in page.rows)]
        blocks.append(table(rows, ("left", "right", "right", "left", "left", "left")))
    about = ask_button(Asked(Topic.ISP, queues.isp), 0, f"Diagnose {queues.title}") if queues.isp else None
    blocks.append(sb.ActionsBlock(elements=[*turn(asked, page), about or buttons.overview_button()]))
    foot = [page.words, "as `pmta show queues` told it", f"at {texts.at_time(queues.at, queues.at)}"]
    blocks += [context(text) for text in (" · ".join(filter(None, foot)), *fleet.troubles(queues.hosts))]
    return message(_sentence(queues), blocks, key=f"queues-{page.number}-{int(queues.at.timestamp())}")


def _waiting(queues: Queues) -> int:
    return sum(line.state.recipients for line in queues.lines)


def _name(queues: Queues) -> str:
    return texts.words(queues.title) if queues.isp else "All ISPs"


def _head(queues: Queues) -> str:
    if not queues.lines:
        return f"*{_name(queues)} · queues* · nothing waits, or no host's queues are known"
    return f"*{_name(queues)} · queues* · {texts.count(_waiting(queues))} waiting"


def _held(queues: Queues) -> list[str]:
    """ "12 queues · 2 rising · 1 paused · 3 in backoff mode"."""
    states = [line.state for line in queues.lines]
    counts = (
        ("rising", sum(line.rising for line in queues.lines)),
        ("paused", sum(one.paused for one in states)),
        ("in backoff mode", sum(one.mode == "backoff" for one in states)),
    )
    told = [f"{texts.count(n)} {word}" for word, n in counts if n]
    return [" · ".join([texts.counted(len(states), "queue"), *told])] if states else []


def _row(line: Queued) -> list[str]:
    """Against an hour ago; against a quarter where only that shows the growth."""
    then = "–" if line.trend.hour is None else f"{texts.count(line.trend.hour)} (1 h)"
    if grown(line.trend.now, line.trend.quarter) and not grown(line.trend.now, line.trend.hour):
        then = f"{texts.count(line.trend.quarter or 0)} (15 min)"
    waiting = f"{'↑ ' if line.rising else ''}{texts.count(line.state.recipients)}"
    one = line.state
    return [one.name, waiting, then, state((one,)), one.host, texts.clip(one.last_error, 60) or "–"]


def _sentence(queues: Queues) -> str:
    if not queues.lines:
        return f"{_name(queues)}: nothing waits, or no host's queues are known."
    first = queues.lines[0]
    how = "fastest rising" if first.rising else "longest"
    worst = f"{how}: {texts.words(first.state.name)} with {texts.count(first.state.recipients)}"
    count = texts.counted(len(queues.lines), "queue")
    return f"{_name(queues)}: {texts.count(_waiting(queues))} waiting in {count}, {worst}."
