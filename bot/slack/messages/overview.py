"""The answer to `/deferrals`: all ISPs, worst first, and how fresh the picture is."""

from __future__ import annotations

from collections.abc import Sequence

import slackblocks as sb

from bot.core.diagnosis import Overview, OverviewLine
from bot.core.tier import Tier
from bot.core.trends import trend
from bot.slack.messages import buttons, fleet, numbers, states, texts
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.pages import ask_button
from bot.slack.messages.table import table
from bot.slack.words import Asked, Topic

LINES = 12
CALM_SHOWN = 5
RISING = 3
REFUSING = 3
ASKS = 4
NOT_KNOWN = "rates not known, no fresh data"


def overview_message(overview: Overview) -> Message:
    shown = _shown(overview)
    blocks: list[sb.Block] = [section(_head(overview))]
    if shown:
        blocks.append(table(_rows(overview, shown), ("left", "right", "right", "left", "right")))
    blocks += [section(line) for line in (refused(overview),) if line]
    asks = [buttons.isp_button(isp, n, f"Diagnose {title}") for n, (isp, title) in enumerate(_asks(overview, shown))]
    if asks:
        queues = [ask_button(Asked(Topic.QUEUES), 0, "Queues")] if overview.rising else []
        blocks.append(sb.ActionsBlock(elements=[*asks, *queues]))
    blocks += [context(line) for line in (rising(overview),) if line]
    blocks.append(context(_footer(overview, shown)))
    blocks += [context(line) for line in fleet.troubles(overview.hosts)]
    return message(_sentence(overview), blocks, key=f"all-{int(overview.at.timestamp())}")


def _shown(overview: Overview) -> list[OverviewLine]:
    """Every ISP that is over a floor; in calm times the first few."""
    over = [line for line in overview.lines if line.tier > Tier.CLEAR]
    return list(overview.lines[: min(LINES, max(len(over), CALM_SHOWN))])


def _asks(overview: Overview, shown: Sequence[OverviewLine]) -> list[tuple[str, str]]:
    """(ISP, title) of those to look into first: who refuses the most has a button whatever the others do."""
    worst = [line for line in shown if line.tier > Tier.CLEAR] or ([] if overview.refused else shown)
    found = [(line.isp, line.title) for line in worst[:ASKS]]
    refusing = [(one.isp, one.title) for one in overview.refused[:ASKS] if (one.isp, one.title) not in found]
    return (found[: ASKS - 1] + refusing)[:ASKS] if refusing else found


def _span(overview: Overview) -> str:
    return texts.window_words(overview.window.length)


def _head(overview: Overview) -> str:
    over = [line for line in overview.lines if line.tier > Tier.CLEAR]
    if overview.blind:
        return f"⚪ *Deferrals, last {_span(overview)}* · {NOT_KNOWN}"
    if overview.refused and not over:
        return f"⛔ *Deferrals, last {_span(overview)}* · {_refusing(len(overview.refused))}"
    if not overview.lines:
        return f"*Deferrals, last {_span(overview)}* · no ISP with {overview.min_attempts} attempts or more"
    if not over:
        return f"🟢 *Deferrals, last {_span(overview)}* · every ISP is normal"
    return f"{states.tier_mark(over[0].tier)} *Deferrals, last {_span(overview)}* · {_over(len(over))}"


def _over(number: int) -> str:
    return f"{texts.counted(number, 'ISP')} above normal"


def _rows(overview: Overview, lines: Sequence[OverviewLine]) -> list[list[str]]:
    rows = [["ISP", _span(overview), "before", "cause", "attempts"]]
    for line in lines:
        before = texts.percent(line.before.rate) if line.before.attempts >= overview.min_attempts else "–"
        rate = "–" if overview.blind else rate_now(line)
        cause = line.cause.words if line.cause and line.tier > Tier.CLEAR else "–"
        code = f" ({line.code})" if line.code and cause != "–" else ""
        isp = f"{mark(overview, line)} {texts.clip(line.title, 30)}"
        inc = f" · INC-{line.incident}" if line.incident is not None else ""
        rows.append([isp, rate, before, cause + code + inc, texts.count(line.now.attempts)])
    return rows


def mark(overview: Overview, line: OverviewLine) -> str:
    return "⚪" if overview.blind else states.tier_mark(line.tier)


def rate_now(line: OverviewLine) -> str:
    """ "31 % ↑": with an arrow where the last 5 minutes clearly differ; "80 % refused" where that is the trouble."""
    return f"{_share(line)} {'' if line.by_refusal else _arrow(line)}".rstrip()


def _share(line: OverviewLine) -> str:
    return f"{texts.percent(line.told_rate)}{' refused' if line.by_refusal else ''}"


def _arrow(line: OverviewLine) -> str:
    return numbers.ARROWS[trend(line.lately, line.now)]


def rising(overview: Overview) -> str:
    """ "Queues rising: Gmail 12,300, 3 × as many as an hour ago": the fastest three, and how many more."""
    found = [
        f"*{texts.words(queue.name)}* {texts.count(queue.now)}{numbers.compared(queue)}"
        for queue in overview.rising[:RISING]
    ]
    more = f"; …and {texts.counted(len(overview.rising) - RISING, 'more ISP')}" if len(overview.rising) > RISING else ""
    return f"↑ Queues rising: {'; '.join(found)}{more}" if found else ""


def _refusing(number: int) -> str:
    return f"{texts.counted(number, 'ISP')} {'refuses' if number == 1 else 'refuse'} much mail for good"


def refused(overview: Overview) -> str:
    """ "Refused for good: Microsoft 1,000 of 1,000 (IP on a blocklist, 550 5.7.606)": the first three, and how many
    more; "" while nothing can be said."""
    if overview.blind or not overview.refused:
        return ""
    found = [
        f"*{texts.words(one.title)}* {texts.count(one.count)} of {texts.count(one.tries)} "
        f"({', '.join(filter(None, (one.category.words, one.code)))})"
        for one in overview.refused[:REFUSING]
    ]
    rest = len(overview.refused) - REFUSING
    more = f"; …and {texts.counted(rest, 'more ISP')}" if rest > 0 else ""
    return f"⛔ *Refused for good*, beside the rates: {'; '.join(found)}{more}"


def _footer(overview: Overview, shown: Sequence[OverviewLine]) -> str:
    parts = []
    rest = overview.lines[len(shown) :]
    if rest and not overview.blind:
        top = max(line.told_rate for line in rest)
        parts.append(f"{texts.counted(len(rest), 'more ISP')} at {texts.percent(top)} or less")
    if overview.few:
        parts.append(f"{overview.few} with under {overview.min_attempts} attempts")
    parts.append("↑↓ the last 5 min" if not overview.blind and any(_arrow(line) for line in shown) else "")
    parts.append(fleet.fleet_words(overview.hosts))
    parts.append(f"{texts.counted(overview.active_changes, 'change')} active" if overview.active_changes else "")
    return " · ".join(part for part in parts if part) + f" · at {texts.at_time(overview.at, overview.at)}"


def _sentence(overview: Overview) -> str:
    over = [line for line in overview.lines if line.tier > Tier.CLEAR]
    if overview.blind:
        return f"The last {_span(overview)}: {NOT_KNOWN}; {fleet.fleet_words(overview.hosts)}."
    if overview.refused and not over:
        return f"{texts.capital(_refusing(len(overview.refused)))} in the last {_span(overview)}."
    if not over:
        return f"No ISP is above normal in the last {_span(overview)}; {fleet.fleet_words(overview.hosts)}."
    worst = f"{states.name(over[0])} at {_share(over[0])}"
    return f"{texts.capital(_over(len(over)))} in the last {_span(overview)}, worst {worst}."
