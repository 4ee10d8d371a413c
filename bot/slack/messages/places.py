"""The answers to `/deferrals ip 192.0.2.10`, `vmta gmail-ip-1`, `job campaign-981`: a part of our mail at every ISP."""

from __future__ import annotations

from collections.abc import Sequence

import slackblocks as sb

from bot.core.breakdown import Of, Place, There
from bot.slack.messages import buttons, fleet, texts, why
from bot.slack.messages.message import Message, context, message, quote, section
from bot.slack.messages.pages import ask_button, capped, page_of, turn
from bot.slack.messages.sources import rate
from bot.slack.messages.table import table
from bot.slack.words import NAME_LIMIT, Asked, Topic

NAMED = 4
REPLIES = 3
_OTHERS = {Of.IP: "other IPs", Of.VMTA: "other VMTAs", Of.JOB: "other mail"}
_NOUN = {Of.IP: "IP", Of.VMTA: "VMTA", Of.JOB: "campaign"}


def place_message(place: Place, asked: Asked) -> Message:
    if not place.lines:
        return _nothing(place, asked)
    page = page_of(place.lines, asked.page)
    blocks: list[sb.Block] = [section("\n".join(_head(place)))]
    rows = [["ISP", "rate", _OTHERS[place.of], "attempts"], *(_row(line) for line in page.rows)]
    blocks.append(table(rows, ("left", "right", "right", "right")))
    for title, line in place.replies[:REPLIES] if page.number == 1 else ():
        words = f"• {texts.words(title)} · {texts.count(line.count)} · {texts.closed(why.reply_words(line))}"
        # The sample may have been said to another IP, which is not among these: the template names none.
        blocks += [section(words), quote(line.template)]
    worst = [
        ask_button(Asked(Topic.ISP, line.isp), n, f"Diagnose {line.title}") for n, line in enumerate(page.rows[:2])
    ]
    blocks.append(sb.ActionsBlock(elements=[*turn(asked, page), *worst]))
    foot = [page.words, capped(asked, place.window), _footer(place), f"at {texts.at_time(place.at, place.at)}"]
    blocks += [context(text) for text in (" · ".join(filter(None, foot)), *fleet.troubles(place.hosts))]
    return message(_sentence(place), blocks, key=f"{place.of}-{page.number}-{int(place.at.timestamp())}")


def _span(place: Place) -> str:
    return texts.window_words(place.window.length)


def _unseen(place: Place) -> bool:
    return fleet.unseen(place.hosts, place.window.length, found=bool(place.lines))


def _told(place: Place) -> str:
    whole = place.whole
    if _unseen(place):
        return fleet.NO_RATE
    return f"{texts.percent(whole.rate)} deferred" if whole.attempts else "no attempts"


def _head(place: Place) -> list[str]:
    whole = place.whole
    numbers = f"{texts.count(whole.deferred)} of {texts.count(whole.attempts)} attempts"
    numbers += f" at {texts.counted(len(place.lines), 'ISP')}"
    numbers += f" · {texts.count(whole.bounced)} bounced" if whole.bounced else ""
    names = [_names(noun, known) for noun, known in (("VMTA", place.vmtas), ("IP", place.ips), ("host", place.on))]
    lines = [f"*{_NOUN[place.of]} {texts.code(place.key)} · {_span(place)} · {_told(place)}*", numbers]
    return [*lines, *filter(None, [" · ".join(filter(None, names)), "" if _unseen(place) else _verdict(place)])]


def _verdict(place: Place) -> str:
    """ "*Clearly worse* than our other IPs at Gmail (65 % against 26 %)": whether it is this one."""
    others = f"our {_OTHERS[place.of]}"
    judged = [line for line in place.lines if line.judged]
    worse = [line for line in judged if line.worse]
    if not judged:
        return f"Cannot tell whether it is worse than {others}: too little mail to compare."
    if not worse:
        return f"Not clearly worse than {others} at {texts.counted(len(judged), 'ISP')} with enough mail to compare."
    first = worse[0]
    rates = f"{texts.percent(first.tally.rate)} against {texts.percent(first.rest.rate)}"
    more = f", and at {len(worse) - 1} more of {texts.counted(len(judged), 'ISP')}" if len(worse) > 1 else ""
    return f"*Clearly worse* than {others} at {texts.words(first.title)} ({rates}){more}."


def _names(noun: str, names: Sequence[str]) -> str:
    """ "VMTAs `a` `b` …and 3 more"."""
    shown = " ".join(texts.code(name) for name in names[:NAMED])
    more = f" …and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{noun if len(names) == 1 else noun + 's'} {shown}{more}" if names else ""


def _row(line: There) -> list[str]:
    return [texts.clip(line.title, 40), rate(line.tally), rate(line.rest), texts.count(line.tally.attempts)]


def _footer(place: Place) -> str:
    if place.beside is None or place.beside.length >= place.window.length:
        return ""
    what = "hosts" if place.of is Of.JOB else "names and replies"
    return f"{what} of the last {texts.window_words(place.beside.length)}"


def _nothing(place: Place, asked: Asked) -> Message:
    """ "No mail from IP `192.0.2.9` in the last 60 min. Did you mean `192.0.2.10`?" with a button."""
    hint = f" Did you mean {texts.code(place.nearest)}?" if place.nearest else ""
    verb = "of" if place.of is Of.JOB else "from"
    what = f"{_NOUN[place.of]} {texts.code(place.key)}"
    unseen = f"{texts.capital(what)}, last {_span(place)}: {fleet.NO_RATE}.{hint}"
    sentence = unseen if _unseen(place) else f"No mail {verb} {what} in the last {_span(place)}.{hint}"
    shown: list[sb.Element] = []
    if 0 < len(place.nearest) <= NAME_LIMIT:
        shown.append(ask_button(Asked(asked.topic, place.nearest, asked.length), 0, place.nearest))
    shown.append(buttons.overview_button())
    lines = [section(sentence), sb.ActionsBlock(elements=shown), *(context(t) for t in fleet.troubles(place.hosts))]
    return message(sentence.replace("`", ""), lines, key=f"{place.of}-none")


def _sentence(place: Place) -> str:
    name, worst = texts.words(place.key), place.lines[0]
    if _unseen(place):
        return f"{_NOUN[place.of]} {name}, last {_span(place)}: {fleet.NO_RATE}."
    worst_at = f"most deferrals at {texts.words(worst.title)} ({rate(worst.tally)})"
    return f"{_NOUN[place.of]} {name}, last {_span(place)}: {_told(place)}, {worst_at}."
