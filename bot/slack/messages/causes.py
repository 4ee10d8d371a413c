"""What the replies come down to: the share of each cause, whether it grows, on how many IPs; what to look at oneself,
and what was considered and is not recommended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import slackblocks as sb

from bot.core.causes import KEPT
from bot.core.diagnosis import Considered, Diagnosis
from bot.core.finding import Cause
from bot.slack.messages import buttons, texts
from bot.slack.messages.message import context, section

SHOWN = 4
CHECKS = 5
PAGES = 4
CLEARLY_TIMES, CLEARLY_BY = 1.5, 20
"""So many times as many replies and so many more are a trend."""
EDGE = timedelta(minutes=5)
"""A cause seen so near the edges of the window is there all along."""
DANGER = "⚠"


def causes(diagnosis: Diagnosis) -> list[sb.Block]:
    """One line a cause, the commonest first, the dangerous one marked."""
    found = diagnosis.causes
    if not found.lines or diagnosis.blind:
        return []
    shown = list(found.lines[:SHOWN])
    if found.dangerous is not None and found.dangerous not in shown:
        shown[-1] = found.dangerous
    left = len(found.lines) - len(shown)
    lines = [f"*Causes* of {texts.counted(sum(line.count for line in found.lines), 'reply', 'replies')} aimed at us"]
    lines += [_line(line, diagnosis) for line in shown]
    lines += [f"…and {texts.counted(left, 'more cause')}"] if left else []
    lines += [f"…and {texts.count(found.recipient)} about the recipient's mailbox"] if found.recipient else []
    return [section("\n".join(lines))]


def _line(line: Cause, diagnosis: Diagnosis) -> str:
    """ "• *78 %* IP reputation · 9,736, were 812 before ↑ · on 3 IPs · last at 02:30"."""
    found = diagnosis.causes
    mark = f"{DANGER} " if line == found.dangerous and found.dangerous != found.dominant else ""
    began = _began(line, diagnosis)
    number = f"{texts.count(line.count)}{'' if began and line.before == 0 else _trend(line)}"
    weak = f"not sure: {texts.sentence(line.weak)}" if line.weak else ""
    parts = [
        f"• {mark}*{texts.percent(line.share)}* {line.category.words}",
        number,
        _on(line),
        began,
        _ended(line, diagnosis),
    ]
    return " · ".join(filter(None, [*parts, weak]))


def _trend(line: Cause) -> str:
    """ ", were 812 before ↑", "" where it has not clearly changed."""
    if line.before is None:
        return ""
    low, high = sorted((line.before, line.count))
    if high - low < CLEARLY_BY or high < CLEARLY_TIMES * low:
        return ""
    before = f"were {texts.count(line.before)}" if line.before else "none"
    return f", {before} before {'↑' if line.count > line.before else '↓'}"


def _on(line: Cause) -> str:
    if not line.ips:
        return ""
    return f"on {KEPT} or more IPs" if len(line.ips) >= KEPT else f"on {texts.counted(len(line.ips), 'IP')}"


def _began(line: Cause, diagnosis: Diagnosis) -> str:
    """ "new since 02:41" where that is well within the window; "since" where there was some before it."""
    if line.first is None:
        return ""
    first = datetime.fromtimestamp(line.first, UTC)
    if first - diagnosis.window.start <= EDGE:
        return ""
    return f"{'new since' if line.before == 0 else 'since'} {texts.at_time(first, diagnosis.at)}"


def _ended(line: Cause, diagnosis: Diagnosis) -> str:
    if line.last is None:
        return ""
    last = datetime.fromtimestamp(line.last, UTC)
    return f"last at {texts.at_time(last, diagnosis.at)}" if diagnosis.window.end - last > EDGE else ""


def look_at(diagnosis: Diagnosis) -> list[sb.Block]:
    """The check list in small print, and the pages it needs as buttons."""
    if diagnosis.blind:
        return []
    checks = [texts.closed(texts.sentence(texts.clip(text, 200))) for text in diagnosis.check[:CHECKS]]
    numbered = [f"{n}. {text}" for n, text in enumerate(checks, start=1)]
    blocks: list[sb.Block] = [context("\n".join(["*Look at*", *numbered]))] if checks else []
    links = [
        buttons.link_button(page.text, page.url, place)
        for place, page in enumerate(diagnosis.pages[:PAGES])
        if page.url.startswith("https://")
    ]
    return [*blocks, *([sb.ActionsBlock(elements=list(links))] if links else [])]


def not_recommended(diagnosis: Diagnosis) -> list[sb.Block]:
    """ "Not recommended: Pause all Gmail mail (no IP stands out)"."""
    told = [_considered(each) for each in diagnosis.considered]
    return [context(f"*Not recommended:* {'; '.join(told)}.")] if told and not diagnosis.blind else []


def _considered(each: Considered) -> str:
    return f"{texts.words(each.title, 80)} ({texts.sentence(texts.clip(each.why_not, 160)).rstrip('.')})"


def danger_beside(diagnosis: Diagnosis) -> str:
    """ "⚠ IP on a blocklist": the dangerous cause where it is not the one in the headline; "" where there is none."""
    danger = diagnosis.causes.dangerous
    if danger is None or danger.weak or danger.category is diagnosis.cause or diagnosis.blind:
        return ""
    return f"{DANGER} {danger.category.words}"
