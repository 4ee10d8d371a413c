"""The answers to `/deferrals gmail ips` and `gmail vmtas`: every source IP or VMTA of one ISP, most deferrals first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import slackblocks as sb

from bot.core.breakdown import Line, Of, Sources
from bot.core.carriers import carriers
from bot.core.diagnosis import ReplyLine, Share
from bot.core.model import QueueState, Tally
from bot.slack.messages import fleet, numbers, texts
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.pages import ask_button, capped, page_of, turn
from bot.slack.messages.table import table
from bot.slack.words import Asked, Topic

_NOUN = {Of.IP: "source IP", Of.VMTA: "VMTA"}
_HEADINGS = {
    Of.IP: ["source IP", "rate", "attempts", "mostly", "VMTA"],
    Of.VMTA: ["VMTA", "rate", "waiting", "state", "attempts", "mostly", "IPs"],
}
_ALIGNS: dict[Of, Sequence[Literal["left", "right"]]] = {
    Of.IP: ("left", "right", "right", "left", "left"),
    Of.VMTA: ("left", "right", "right", "left", "right", "left", "right"),
}


def sources_message(sources: Sources, asked: Asked) -> Message:
    page = page_of(sources.lines, asked.page)
    blocks: list[sb.Block] = [section("\n".join(_head(sources)))]
    if page.rows:
        rows = [_HEADINGS[sources.of], *(_row(line, sources.of) for line in page.rows)]
        blocks.append(table(rows, _ALIGNS[sources.of]))
    other = Topic.VMTAS if sources.of is Of.IP else Topic.IPS
    asks = [ask_button(Asked(Topic.ISP, sources.isp), 0, f"Diagnose {sources.title}")]
    asks.append(
        ask_button(Asked(other, sources.isp, asked.length), 1, "VMTAs" if sources.of is Of.IP else "Source IPs")
    )
    blocks.append(sb.ActionsBlock(elements=[*turn(asked, page), *asks]))
    foot = [page.words, capped(asked, sources.window), _untold(sources), f"at {texts.at_time(sources.at, sources.at)}"]
    blocks += [context(text) for text in (" · ".join(filter(None, foot)), *fleet.troubles(sources.hosts))]
    return message(_sentence(sources), blocks, key=f"{asked.topic}-{page.number}-{int(sources.at.timestamp())}")


def rate(tally: Tally) -> str:
    """ "71 %", "3 of 12" where that is too little for a rate, "–" for no mail."""
    if not tally.attempts:
        return "–"
    few = tally.attempts < numbers.JUDGED_FROM
    return f"{tally.deferred} of {tally.attempts}" if few else texts.percent(tally.rate)


def state(queues: Sequence[QueueState]) -> str:
    """ "normal", "paused", "2 of 3 paused, backoff"; "empty" where no queue waits."""
    if not queues:
        return "empty"
    words = []
    for word, hit in (("paused", [q.paused for q in queues]), ("backoff", [q.mode == "backoff" for q in queues])):
        if any(hit):
            words.append(word if all(hit) else f"{sum(hit)} of {len(queues)} {word}")
    return ", ".join(words) or "normal"


def _head(sources: Sources) -> list[str]:
    noun, whole = _NOUN[sources.of], sources.whole
    span = texts.window_words(sources.window.length)
    told = f"{texts.percent(whole.rate)} deferred" if whole.attempts else "no mail counted"
    told = fleet.NO_RATE if _unseen(sources) else told
    lines = [f"*{texts.words(sources.title)} · {noun}s, {span}* · {told}"]
    if sources.lines:
        lines.append(_carried(sources) or texts.counted(len(sources.lines), noun))
    return lines


def _unseen(sources: Sources) -> bool:
    return fleet.unseen(sources.hosts, sources.window.length, found=bool(sources.whole.attempts))


def _carried(sources: Sources) -> str:
    """ "3 of 12 source IPs carry 91 % of 12,482 deferrals"; "" where none stands out."""
    shares = tuple(Share(line.key, line.tally) for line in sources.lines)
    bad = carriers(shares)
    held = sum(share.tally.deferred for share in bad)
    total = sum(share.tally.deferred for share in shares)
    if not bad or not total:
        return ""
    noun = texts.counted(len(shares), _NOUN[sources.of])
    carry = "carries" if len(bad) == 1 else "carry"
    return f"{len(bad)} of {noun} {carry} {texts.percent(held / total)} of {texts.counted(total, 'deferral')}"


def _row(line: Line, of: Of) -> list[str]:
    if of is Of.IP:
        return [line.key, rate(line.tally), texts.count(line.tally.attempts), mostly(line.reply), _names(line.beside)]
    waiting = texts.count(sum(queue.recipients for queue in line.queues)) if line.queues else "–"
    attempts = texts.count(line.tally.attempts)
    return [
        line.key,
        rate(line.tally),
        waiting,
        state(line.queues),
        attempts,
        mostly(line.reply),
        str(len(line.beside) or "–"),
    ]


def mostly(reply: ReplyLine | None) -> str:
    """ "421 4.7.0 IP reputation"."""
    return f"{reply.code} {reply.category.words}".strip() if reply else "–"


def _names(names: Sequence[str]) -> str:
    return f"{names[0]} +{len(names) - 1}" if len(names) > 1 else "".join(names) or "–"


def _untold(sources: Sources) -> str:
    column = "dlvSourceIp" if sources.of is Of.IP else "vmta"
    if not sources.untold.attempts:
        return ""
    share = sources.untold.attempts / sources.whole.attempts
    return f"{texts.percent(share)} of the attempts name no {_NOUN[sources.of]} (`{column}`)"


def _sentence(sources: Sources) -> str:
    name, span = texts.words(sources.title), texts.window_words(sources.window.length)
    if _unseen(sources):
        return f"{name}, {_NOUN[sources.of]}s in the last {span}: {fleet.NO_RATE}."
    if not sources.lines:
        return f"{name}: no {_NOUN[sources.of]} is known of the last {span}."
    worst = sources.lines[0]
    told = f"most deferrals: {texts.words(worst.key)} with {rate(worst.tally)}"
    return f"{name}, {texts.counted(len(sources.lines), _NOUN[sources.of])} in the last {span}, {told}."
