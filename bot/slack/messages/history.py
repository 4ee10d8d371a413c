"""The answer to `/deferrals gmail 24h`, `7d`, `30d`: one ISP over a longer time, and when it was worst."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import slackblocks as sb

from bot.core.answers import DAY, History, stretches, width_for
from bot.core.diagnosis import Point
from bot.core.tier import Tier, TierRule
from bot.slack.messages import buttons, chart, fleet, texts
from bot.slack.messages.message import Message, context, message, section

BY_THE_HOUR = timedelta(hours=48)
"""Up to so long the worst hours are told, beyond it the worst days."""
OTHERS = ((DAY, "24h", "24 h"), (7 * DAY, "7d", "7 days"), (30 * DAY, "30d", "30 days"))


def history_message(history: History, *, rule: TierRule | None = None) -> Message:
    line = curve(history, rule or TierRule())
    blocks: list[sb.Block] = [section("\n".join(_head(history)))]
    blocks += [chart.block(line, _title(history))] if line is not None else []
    blocks += [section(text) for text in (_worst(history),) if text]
    blocks.append(sb.ActionsBlock(elements=list(_buttons(history))))
    blocks += [context(text) for text in (_footer(history), *fleet.troubles(history.hosts))]
    return message(_sentence(history), blocks, key=f"hist-{int(history.at.timestamp())}")


def curve(history: History, rule: TierRule) -> chart.Curve | None:
    """At most 20 stretches with mail; None where there are fewer than two."""
    window = history.window
    width = width_for(window.end - max(window.start, history.begins), chart.POINTS)
    # Within a day from its beginning, so that no time of day stands there twice.
    first = window.start if window.length <= DAY else None
    held = [point for point in stretches(history.hours, width, first) if point.tally.attempts]
    if len(held) < 2:
        return None
    rates = tuple(point.tally.rate for point in held)
    form = "%H:%M" if window.length <= DAY else "%d %b" if width >= DAY else "%d %b %H:%M"
    starts = tuple(_start(point) for point in held)
    return chart.Curve(starts, rates, chart.floors(rule, Tier.CLEAR, max(rates)), form)


def _start(point: Point) -> datetime:
    return datetime.fromtimestamp(point.minute, UTC)


def _name(history: History) -> str:
    return texts.words(history.title)


def _span(history: History) -> str:
    return texts.window_words(history.window.length)


def _title(history: History) -> str:
    return texts.clip(f"{texts.one_line(history.title)}: % deferred, last {_span(history)}", 50)


def _rate(history: History) -> str:
    """ "8 % deferred", or why there is no rate."""
    total = history.total
    if fleet.unseen(history.hosts, history.window.length, found=bool(total.attempts)):
        return fleet.NO_RATE
    if not total.attempts:
        return "no mail counted"
    if total.attempts < history.min_attempts:
        return f"not enough mail to judge ({texts.count(total.attempts)} of {history.min_attempts} attempts)"
    return f"{texts.percent(total.rate)} deferred"


def _head(history: History) -> list[str]:
    total, usual = history.total, history.usual
    lines = [f"*{_name(history)} · last {_span(history)} · {_rate(history)}*"]
    if total.attempts:
        numbers = [f"{texts.count(total.deferred)} of {texts.count(total.attempts)} attempts"]
        numbers += [f"{texts.count(total.bounced)} bounced"] if total.bounced else []
        numbers += [f"peak {_when(point, history)}" for point in history.worst()[:1] if not _by_hour(history)]
        # not beside the rate of the days: it is no measure for that
        numbers += [f"this hour usually {texts.percent(usual.rate)}"] if usual is not None else []
        lines.append(" · ".join(numbers))
    return lines


def _when(point: Point, history: History) -> str:
    """ "34 % at 02:00"."""
    return f"{texts.percent(point.tally.rate)} at {texts.at_time(_start(point), history.at)}"


def _worst(history: History) -> str:
    """ "Worst hours: 34 % at 00:00 · 22 % at 01:00"; over longer times the worst days."""
    if _by_hour(history):
        hours = [_when(point, history) for point in history.worst()]
        return f"*Worst hours:* {' · '.join(hours)}" if hours else ""
    days = [f"{texts.percent(point.tally.rate)} on {_start(point):%a %d %b}" for point in history.worst(DAY)]
    return f"*Worst days:* {' · '.join(days)}" if len(days) > 1 else ""


def _by_hour(history: History) -> bool:
    return history.window.length <= BY_THE_HOUR


def _buttons(history: History) -> list[sb.Element]:
    """Now, and the other lengths."""
    others = [(word, name) for length, word, name in OTHERS if length != history.window.length]
    now = buttons.isp_button(history.isp, 0, f"Diagnose {history.title}")
    return [now, *(buttons.isp_button(f"{history.isp} {w}", place, n) for place, (w, n) in enumerate(others, start=1))]


def _footer(history: History) -> str:
    parts = ["Whole hours; days begin at 00:00 UTC"]
    if history.window.start < history.begins < history.window.end:
        parts.append(f"no mail to it was counted before {texts.at_time(history.begins, history.at)}")
    if history.diluted:
        hosts = ", ".join(texts.code(host) for host in history.diluted[:4])
        parts.append(f"⚠ not exact: of {hosts} only deliveries or only deferrals are logged")
    return " · ".join(parts)


def _sentence(history: History) -> str:
    worst = history.worst()
    peak = f", at most {texts.percent(worst[0].tally.rate)} in one hour" if worst else ""
    return texts.closed(f"{_name(history)}, last {_span(history)}: {_rate(history)}{peak}")
