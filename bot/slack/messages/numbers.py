"""The numbers under a headline and in the small print: rates over several spans, what waits, recipients, hosted mail,
what records do not tell. Each "" where there is nothing to say. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.diagnosis import Diagnosis, QueueTrend, Untold
from bot.core.evidence import few, in_words
from bot.core.model import Tally
from bot.core.trends import GROWN_BY, GROWN_TIMES, LEAST_ATTEMPTS, Trend, grown, trend
from bot.core.wilson import of_tally
from bot.slack.messages import states, texts

JUDGED_FROM = LEAST_ATTEMPTS
"""Attempts from which on a part of the mail gets a rate."""
DIFFERS_BY, DIFFERS_TIMES = 0.05, 1.5
"""A rate by recipients, or of hosted mail, that differs by more than this is worth telling."""
HOSTED_FROM = 0.03
UNTOLD_FROM = 0.02
COMPARED_FROM = 0.9
"""So much of what waits has to be on hosts that were looked at then too."""
ARROWS = {Trend.RISING: "↑", Trend.FALLING: "↓", Trend.STEADY: ""}
HOSTED = {"gmail": "Google Workspace", "microsoft": "Microsoft 365"}
"""ISP -> what it sells to who brings a domain."""
_FIELDS = {"dlvSourceIp": "source IP", "vmta": "VMTA", "jobId": "campaign"}


def spans(diagnosis: Diagnosis) -> str:
    """ "5 min 41 % ↑ · 60 min 31 % · 24 h 8 %": with an arrow where the last minutes clearly differ from the window."""
    told = [span for span in diagnosis.spans if span.tally.attempts >= JUDGED_FROM]
    if diagnosis.blind or diagnosis.by_refusal or len(told) < 2:
        return ""
    parts = [f"{texts.window_words(span.length)} {texts.percent(span.tally.rate)}" for span in told]
    arrow = ARROWS[trend(diagnosis.spans[0].tally, diagnosis.now)]
    return " · ".join([f"{parts[0]} {arrow}".rstrip(), *parts[1:]])


def mail(diagnosis: Diagnosis) -> str:
    """ "12,482 of 39,752 attempts in 60 min", "4,211 of 10,034 tries refused for good in 60 min"."""
    tally = diagnosis.now
    if diagnosis.by_refusal:
        tried = f"{texts.count(diagnosis.refused)} of {texts.count(diagnosis.tried)} tries"
        return f"{tried} refused for good in {states.span(diagnosis)}"
    if not tally.attempts:
        return ""
    return f"{texts.count(tally.deferred)} of {texts.count(tally.attempts)} attempts in {states.span(diagnosis)}"


def beneath(diagnosis: Diagnosis) -> list[str]:
    """The lines under the headline of a diagnosis, in order: a rate, a count and a queue each fit a phone."""
    return [line for line in (spans(diagnosis), mail(diagnosis), waiting(diagnosis)) if line]


def details(diagnosis: Diagnosis) -> str:
    """ "About 7,020 recipients · beside it 214 bounced · 22 % to Google Workspace domains": for the small print."""
    tally = diagnosis.now
    beside = [f"{texts.count(tally.bounced)} bounced"] if tally.bounced else []
    beside += [f"{texts.count(tally.queue_deferred)} whole-queue deferrals"] if tally.queue_deferred else []
    besides = f"beside it {texts.listed(beside)}" if beside else ""
    return texts.capital(" · ".join(filter(None, [_recipients(diagnosis), besides, hosted(diagnosis)])))


def _recipients(diagnosis: Diagnosis) -> str:
    """How many people the deferrals hit; where the evidence says it already, nothing."""
    hit = diagnosis.recipients
    if hit is None or not hit.distinct or hit.tally.deferred < JUDGED_FROM or few(hit):
        return ""
    words = in_words(hit)
    return f"{words} ({texts.percent(hit.rate)} by recipient)" if _differ(hit.rate, diagnosis.now.rate) else words


def _differ(one: float, other: float) -> bool:
    low, high = sorted((one, other))
    return high - low >= DIFFERS_BY and high >= DIFFERS_TIMES * low


def waiting(diagnosis: Diagnosis) -> str:
    """ "12,300 waiting, 3 × as many as an hour ago"; "" where nothing waits or the queues are not known."""
    total = sum(queue.recipients for queue in diagnosis.queues)
    if not total or diagnosis.blind:
        return ""
    against = compared(diagnosis.waiting) if diagnosis.waiting and _holds(diagnosis.waiting, total) else ""
    return f"{texts.count(total)} waiting{against}"


def _holds(trend: QueueTrend, total: int) -> bool:
    return trend.now >= COMPARED_FROM * total


def compared(trend: QueueTrend) -> str:
    """ ", 3 × as many as an hour ago", ", were 40 an hour ago", "" where it has not clearly changed."""
    for then, ago in ((trend.hour, "an hour ago"), (trend.quarter, "15 min ago")):
        if then is not None and grown(trend.now, then):
            times = trend.now / then if then else 0.0
            return f", {times:.0f} × as many as {ago}" if 2 <= times < 20 else f", were {texts.count(then)} {ago}"
        if then is not None and then - trend.now >= GROWN_BY and then >= GROWN_TIMES * trend.now:
            return f", were {texts.count(then)} {ago}"
    return ""


def hosted(diagnosis: Diagnosis) -> str:
    """ "22 % to Google Workspace domains, 41 % of it deferred (the rest 12 %)"."""
    part, whole = diagnosis.hosted, diagnosis.now
    share = min(1.0, part.attempts / whole.attempts) if whole.attempts else 0.0
    if share < HOSTED_FROM or diagnosis.blind:
        return ""
    product = HOSTED.get(diagnosis.isp)
    words = f"{texts.percent(share)} to {f'{product} domains' if product else 'domains it hosts for others'}"
    rest = Tally(max(0, whole.delivered - part.delivered), max(0, whole.deferred - part.deferred))
    here, there = of_tally(part), of_tally(rest)
    apart = here.above(there) or there.above(here)
    if min(part.attempts, rest.attempts) < JUDGED_FROM or not apart or not _differ(part.rate, rest.rate):
        return words
    return f"{words}, {texts.percent(part.rate)} of it deferred (the rest {texts.percent(rest.rate)})"


def untold(diagnosis: Diagnosis) -> str:
    """ "Not in the records: `dlvSourceIp` (source IP) in 40 % of the attempts, from `mta3`": why a view is empty."""
    parts = list(_untold(diagnosis.untold, diagnosis.now.attempts))
    return f"Not in the records, so not shown: {'; '.join(parts)}." if parts else ""


def _untold(missing: Iterable[Untold], attempts: int) -> Iterable[str]:
    for field in missing:
        share = field.tally.attempts / attempts if attempts else 0.0
        if share >= UNTOLD_FROM:
            part = "all attempts" if share > 0.995 else f"{texts.percent(share)} of the attempts"
            name = f"{texts.code(field.column)} ({_FIELDS.get(field.column, field.column)})"
            hosts = [texts.code(host) for host in field.hosts[:3]]
            hosts += [f"{len(field.hosts) - 3} more hosts"] if len(field.hosts) > 3 else []
            yield f"{name} in {part}, from {texts.listed(hosts)}"
