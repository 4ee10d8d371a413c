"""The answer to `/deferrals gmail replies`: what one ISP answered, in its own words, the commonest first."""

from __future__ import annotations

import slackblocks as sb

from bot.core.breakdown import Answered, Replies
from bot.slack.messages import fleet, texts, why
from bot.slack.messages.message import Message, context, message, quote, section
from bot.slack.messages.pages import ask_button, capped, page_of, turn
from bot.slack.words import Asked, Topic

ROWS = 6
"""Replies of a page, each with its text."""


def replies_message(replies: Replies, asked: Asked) -> Message:
    page = page_of(replies.lines, asked.page, ROWS)
    blocks: list[sb.Block] = [section(_head(replies))]
    for answered in page.rows:
        blocks += [section(_line(answered, replies)), *([quote(answered.line.sample)] if answered.line.sample else [])]
    asks = [ask_button(Asked(Topic.ISP, replies.isp), 0, f"Diagnose {replies.title}")]
    blocks.append(sb.ActionsBlock(elements=[*turn(asked, page), *asks]))
    foot = " · ".join(
        filter(None, [page.words, capped(asked, replies.window), f"at {texts.at_time(replies.at, replies.at)}"])
    )
    blocks += [context(text) for text in (foot, *fleet.troubles(replies.hosts))]
    return message(_sentence(replies), blocks, key=f"replies-{page.number}-{int(replies.at.timestamp())}")


def _span(replies: Replies) -> str:
    return texts.window_words(replies.window.length)


def _head(replies: Replies) -> str:
    head = f"*{texts.words(replies.title)} · replies, {_span(replies)}*"
    if _unseen(replies):
        return f"{head} · {fleet.NO_RATE}"
    if not replies.lines:
        return f"{head} · nothing was deferred or refused"
    whole = [texts.counted(replies.whole.deferred, "deferral")]
    whole += [texts.counted(replies.whole.bounced, "bounce")] if replies.whole.bounced else []
    return f"{head} · {', '.join(whole)}"


def _unseen(replies: Replies) -> bool:
    return fleet.unseen(replies.hosts, replies.window.length, found=bool(replies.lines))


def _line(answered: Answered, replies: Replies) -> str:
    """ "• *78 %* · 9,736 on 3 IPs · `421 4.7.0` unusual rate of mail · IP reputation"."""
    line = answered.line
    on = f" on {texts.counted(answered.ips, 'IP')}" if answered.ips else ""
    share = texts.percent(line.count / max(1, replies.total))
    said = f"{texts.closed(why.reply_words(line))} _{line.category.words}_"
    return " ".join(filter(None, [f"• *{share}* · {texts.count(line.count)}{on} · {said}", why.filed(line)]))


def _sentence(replies: Replies) -> str:
    name = texts.words(replies.title)
    if _unseen(replies):
        return f"{name}, replies in the last {_span(replies)}: {fleet.NO_RATE}."
    if not replies.lines:
        return f"{name} deferred and refused nothing in the last {_span(replies)}."
    kinds = texts.counted(len(replies.lines), "different reply", "different replies")
    first = replies.lines[0].line
    return texts.closed(f"{name}, {kinds} in the last {_span(replies)}, mostly {texts.words(first.meaning, 160)}")
