"""The answer to `/deferrals campaigns`: the day's campaigns, most deferred first."""

from __future__ import annotations

from typing import Literal

import slackblocks as sb

from bot.core.answers import Campaigns
from bot.core.diagnosis import Share
from bot.core.model import Tally
from bot.slack.messages import buttons, fleet, texts
from bot.slack.messages.message import Message, context, message, section
from bot.slack.messages.pages import Page, ask_button, capped, page_of, turn
from bot.slack.messages.sources import mostly
from bot.slack.messages.table import table
from bot.slack.words import NAME_LIMIT, Asked, Topic

JUDGED_FROM = 20
"""Attempts from which on a campaign gets a rate."""


def campaigns_message(campaigns: Campaigns, asked: Asked) -> Message:
    page = page_of(campaigns.jobs, asked.page)
    blocks: list[sb.Block] = [section(f"*{_head(campaigns)}*")]
    if page.rows:
        rows = [["Campaign", "deferrals", "rate", "attempts"], *(_row(share) for share in page.rows)]
        aligns: list[Literal["left", "right"]] = ["left", "right", "right", "right"]
        if campaigns.mostly:
            told = (campaigns.mostly.get(share.key) for share in page.rows)
            rows = [[*row, words] for row, words in zip(rows, ["mostly", *map(mostly, told)], strict=True)]
            aligns.append("left")
        blocks.append(table(rows, aligns))
    about = ask_button(Asked(Topic.ISP, campaigns.isp), 0, f"Diagnose {campaigns.title}") if campaigns.isp else None
    first = [Asked(Topic.JOB, share.key, asked.length) for share in page.rows[:1] if len(share.key) <= NAME_LIMIT]
    worst = [ask_button(job, 1, job.subject) for job in first]
    blocks.append(sb.ActionsBlock(elements=[*turn(asked, page), about or buttons.overview_button(), *worst]))
    blocks += [
        context(text) for text in (" · ".join(_footer(campaigns, asked, page)), *fleet.troubles(campaigns.hosts))
    ]
    return message(_sentence(campaigns), blocks, key=f"jobs-{page.number}-{int(campaigns.at.timestamp())}")


def _head(campaigns: Campaigns) -> str:
    to = f" to {texts.words(campaigns.title)}" if campaigns.isp else ""
    span = f"last {texts.window_words(campaigns.window.length)}"
    return f"Campaigns{to}, {span}, {fleet.NO_RATE if _unseen(campaigns) else 'most deferrals first'}"


def _unseen(campaigns: Campaigns) -> bool:
    return fleet.unseen(campaigns.hosts, campaigns.window.length, found=bool(campaigns.whole.attempts))


def _row(share: Share) -> list[str]:
    tally = share.tally
    rate = texts.percent(tally.rate) if tally.attempts >= JUDGED_FROM else "–"
    return [share.key, texts.count(tally.deferred), rate, texts.count(tally.attempts)]


def _footer(campaigns: Campaigns, asked: Asked, page: Page[Share]) -> list[str]:
    parts = [part for part in (page.words, capped(asked, campaigns.window)) if part]
    if rest := campaigns.jobs[page.last :]:
        tally = sum((share.tally for share in rest), Tally())
        parts.append(f"those after these together {texts.percent(tally.rate)} of {texts.count(tally.attempts)}")
    if campaigns.untold and campaigns.whole.attempts:
        share = campaigns.untold / campaigns.whole.attempts
        part = "No record names" if not campaigns.jobs else f"{texts.percent(share)} of the attempts name no"
        campaign = " a campaign (`jobId`)" if not campaigns.jobs else " campaign (`jobId`)"
        parts.append(part + campaign)
    if not campaigns.whole.attempts and not _unseen(campaigns):
        parts.append("No mail was counted")
    return [*parts, f"at {texts.at_time(campaigns.at, campaigns.at)}"]


def _sentence(campaigns: Campaigns) -> str:
    if _unseen(campaigns):
        return f"Campaigns, last {texts.window_words(campaigns.window.length)}: {fleet.NO_RATE}."
    if not campaigns.jobs:
        return f"No campaign in the last {texts.window_words(campaigns.window.length)}."
    first = campaigns.jobs[0]
    worst = f"{texts.words(first.key)} with {texts.counted(first.tally.deferred, 'deferral')}"
    return f"{texts.counted(len(campaigns.jobs), 'campaign')}, most deferrals: {worst}."
