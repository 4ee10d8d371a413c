"""The answer to `/deferrals gmail`: what, how bad, why, what to do; then the breakdowns, worst first."""

from __future__ import annotations

from collections.abc import Sequence

import slackblocks as sb

from bot.core.carriers import carriers
from bot.core.diagnosis import Diagnosis, ReplyLine, Share
from bot.core.incident import Incident, IncidentState
from bot.core.model import QueueState, Tally
from bot.core.tier import Tier, TierRule
from bot.core.wilson import of_tally
from bot.slack.messages import buttons, causes, chart, fleet, numbers, states, texts, why
from bot.slack.messages.message import Message, context, message, quote, section
from bot.slack.messages.pages import ask_button
from bot.slack.messages.sources import state
from bot.slack.messages.table import table
from bot.slack.words import Asked, Topic

TOP_IPS, TOP_ALIKE, TOP_VMTAS, TOP_REPLIES, TOP_TEXTS, TOP_JOBS = 8, 5, 10, 4, 1, 5
_VIEWS = {
    Topic.IPS: "Source IPs",
    Topic.VMTAS: "VMTAs",
    Topic.REPLIES: "Replies",
    Topic.CAMPAIGNS: "Campaigns",
    Topic.QUEUES: "Queues",
    Topic.HISTORY: "Last 24 h",
}
_OWN_TIME = (Topic.CAMPAIGNS, Topic.QUEUES, Topic.HISTORY)


def diagnosis_message(diagnosis: Diagnosis, incident: Incident | None, *, rule: TierRule | None = None) -> Message:
    """`incident` is the open one of this ISP; without one there is nothing a button could belong to."""
    blocks: list[sb.Block] = [section("\n".join(_head(diagnosis, rule or TierRule())))]
    blocks += [section(text) for text in (_why_and_do(diagnosis, incident),) if text]
    actions = _actions(incident)
    blocks += [sb.ActionsBlock(elements=actions)] if actions else []
    blocks += causes.look_at(diagnosis) or why.beside(diagnosis)
    blocks += causes.causes(diagnosis)
    blocks += [context(text) for text in (numbers.details(diagnosis),) if text]
    blocks += _replies(diagnosis)
    blocks += [section(text) for text in (_ips(diagnosis),) if text]
    blocks += _vmtas(diagnosis)
    jobs = _campaigns(diagnosis)
    blocks += [section(jobs)] if jobs else []
    blocks += [context(line) for line in (numbers.untold(diagnosis),) if line]
    blocks += causes.not_recommended(diagnosis)
    blocks.append(sb.ActionsBlock(elements=_views(diagnosis)))
    blocks += [context(line) for line in (_footer(diagnosis, incident), *fleet.troubles(diagnosis.hosts))]
    return message(_sentence(diagnosis), blocks, key=f"dx-{int(diagnosis.at.timestamp())}")


def _head(diagnosis: Diagnosis, rule: TierRule) -> list[str]:
    mark = "⚪" if diagnosis.blind or not diagnosis.judged else states.tier_mark(diagnosis.tier)
    trend, cause = states.trend_words(diagnosis), _cause(diagnosis)
    line = f"{mark} *{states.name(diagnosis)} · {states.rate_words(diagnosis)}*" + (f" ({trend})" if trend else "")
    line += "".join(f" · {words}" for words in (cause, causes.danger_beside(diagnosis)) if words)
    line_of_bars = chart.spark(diagnosis, rule) if diagnosis.tried else ""
    return [line, *numbers.beneath(diagnosis), *([line_of_bars] if line_of_bars else [])]


def _cause(diagnosis: Diagnosis) -> str:
    """A few everyday deferrals have no cause worth a headline."""
    return states.cause_words(diagnosis) if diagnosis.tier > Tier.CLEAR else ""


def _why_and_do(diagnosis: Diagnosis, incident: Incident | None) -> str:
    state = incident.state if incident is not None else None
    reason = why.why(diagnosis) if incident is not None or diagnosis.tier > Tier.CLEAR or diagnosis.blind else ""
    return "\n".join(part for part in (reason, why.do(diagnosis, state)) if part)


def _replies(diagnosis: Diagnosis) -> list[sb.Block]:
    """The commonest replies: share, code, meaning; the first ones in the mail server's own words."""
    blocks: list[sb.Block] = []
    for place, line in enumerate(diagnosis.replies[:TOP_REPLIES]):
        title = "*What they answer*\n" if place == 0 else ""
        blocks.append(section(title + _reply_line(line, diagnosis)))
        blocks += [quote(line.sample)] if line.sample and place < TOP_TEXTS else []
    if len(diagnosis.replies) > TOP_REPLIES:
        left = texts.counted(len(diagnosis.replies) - TOP_REPLIES, "more reply", "more replies")
        blocks.append(context(f"…and {left}"))
    return blocks


def _reply_line(line: ReplyLine, diagnosis: Diagnosis) -> str:
    # Where the cause has a list of things to look at, that says it once for all its replies.
    told = line.check and not diagnosis.check
    check = f" _{texts.closed(texts.sentence(texts.clip(line.check, 120)))}_" if told else ""
    words = f"• {why.share_of(line, diagnosis)} · {texts.closed(why.reply_words(line))}{check}"
    return " ".join(filter(None, [words, why.filed(line)]))


def _ips(diagnosis: Diagnosis) -> str:
    """The IPs that carry the deferrals, and at least three; more where none stands out; the others summed up."""
    ips, title = why.by_trouble(diagnosis, diagnosis.ips), "Per source IP"
    few = len(carriers(ips))
    most = min(TOP_IPS, max(3, few)) if few else TOP_ALIKE
    lines = [f"• {texts.code(share.key)} {_rate(share.tally, diagnosis)}" for share in ips[:most]]
    more = "more, together " + _rate(_sum(ips[most:]), diagnosis)
    return _list(f"{title}, refused" if diagnosis.by_refusal else title, lines, len(ips), more)


def _campaigns(diagnosis: Diagnosis) -> str:
    lines = [f"• {texts.code(share.key)} {_rate(share.tally, diagnosis)}" for share in diagnosis.jobs[:TOP_JOBS]]
    return _list("Campaigns", lines, len(diagnosis.jobs), "more")


def _list(title: str, lines: Sequence[str], total: int, more: str) -> str:
    if not lines:
        return ""
    rest = [f"…and {total - len(lines)} {more}"] if total > len(lines) else []
    return "\n".join([f"*{title}*", *lines, *rest])


def _sum(shares: Sequence[Share]) -> Tally:
    total = Tally()
    for share in shares:
        total += share.tally
    return total


def _rate(tally: Tally, diagnosis: Diagnosis) -> str:
    """ "71 % of 5,790", "26 % (17–38 %) of 76"; too few attempts are counted, not turned into a rate."""
    if not tally.attempts:
        return "no attempts"
    few = max(1, min(numbers.JUDGED_FROM, diagnosis.min_attempts))
    if tally.attempts < few:
        return f"{texts.count(tally.deferred)} of {texts.count(tally.attempts)}"
    sure = of_tally(tally)
    likely = f" ({texts.likely(*sure)})" if sure.wide else ""
    return f"{texts.percent(tally.rate)}{likely} of {texts.count(tally.attempts)}"


def _vmtas(diagnosis: Diagnosis) -> list[sb.Block]:
    """A table of the first ten, and how many more there are."""
    rows = _vmta_rows(diagnosis)
    if len(rows) == 1:
        return []
    blocks: list[sb.Block] = [table(rows[: TOP_VMTAS + 1], ("left", "right", "right", "left", "right"))]
    left = len(rows) - 1 - TOP_VMTAS
    return [*blocks, context(f"…and {texts.counted(left, 'more VMTA')}")] if left > 0 else blocks


def _vmta_rows(diagnosis: Diagnosis) -> list[list[str]]:
    """Heading, then a row per VMTA with mail: rate, waiting, state of its queues, attempts."""
    tallies = {share.key: share.tally for share in diagnosis.vmtas}
    queues: dict[str, list[QueueState]] = {}
    for queue in diagnosis.queues:
        queues.setdefault(queue.vmta, []).append(queue)
    names = [*tallies, *(name for name in queues if name not in tallies)]
    rows = [["VMTA", "deferred", "waiting", "state", "attempts"]]
    growing = {(trend.host, trend.name) for trend in diagnosis.rising}
    for name in names:
        tally, held = tallies.get(name, Tally()), queues.get(name, [])
        rate = texts.percent(tally.rate) if tally.attempts >= numbers.JUDGED_FROM else "–"
        waiting = texts.count(sum(queue.recipients for queue in held)) if held else "–"
        waiting += " ↑" if any((queue.host, queue.name) in growing for queue in held) else ""
        rows.append([name, rate, waiting, state(held), texts.count(tally.attempts)])
    return rows


def _actions(incident: Incident | None) -> list[sb.Element]:
    if incident is None or incident.state is IncidentState.RESOLVED:
        return []
    offers = incident.diagnosis.offers
    shown: list[sb.Element] = []
    if offers and incident.state is not IncidentState.MITIGATING:
        value = buttons.apply_value(incident.id, incident.revision, offers[0].playbook)
        shown.append(buttons.offer_button(offers[0], 0, value))
        offers = offers[1:]
    if not incident.owner:
        shown.append(buttons.acknowledge_button(buttons.incident_value(incident.id, incident.revision)))
    rest = buttons.menu(buttons.offer_options(offers, incident.id, incident.revision))
    return [*shown, rest] if rest is not None else shown


def _views(diagnosis: Diagnosis) -> list[sb.Element]:
    """Everything else that can be asked of this ISP, over the same time."""
    length = diagnosis.window.length if diagnosis.decided_on else None
    asks = [Asked(topic, diagnosis.isp, None if topic in _OWN_TIME else length) for topic in _VIEWS]
    return [*(ask_button(a, n, _VIEWS[a.topic]) for n, a in enumerate(asks)), buttons.overview_button()]


def _footer(diagnosis: Diagnosis, incident: Incident | None) -> str:
    about = f"`INC-{incident.id}` · {incident.state.value}" if incident is not None else "no open incident"
    usual = f" · tier and action from {texts.window_words(diagnosis.decided_on)}" if diagnosis.decided_on else ""
    return f"{about}{usual} · {fleet.oldest_data(diagnosis.hosts)} at {texts.at_time(diagnosis.at, diagnosis.at)}"


def _sentence(diagnosis: Diagnosis) -> str:
    cause = _cause(diagnosis)
    trend = states.trend_words(diagnosis)
    said = f"{states.name(diagnosis)}: {states.rate_words(diagnosis)}" + (f" ({trend})" if trend else "")
    return texts.closed(said + states.because(cause))
