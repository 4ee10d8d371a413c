"""The answer to `/deferrals unknown`, and the window in which a rule is adopted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import slackblocks as sb

from bot.core.answers import HOUR
from bot.core.category import Category
from bot.core.proposal import Proposal
from bot.core.unknown import Cluster, Unknown
from bot.slack.messages import texts
from bot.slack.messages.message import Json, Message, context, message, modal, quote, section
from bot.slack.messages.pages import Page, page_of, turn
from bot.slack.messages.table import table
from bot.slack.words import Asked

ADOPT = "adopt_rule"
CATEGORY = "category"
MEANING = "meaning"
ROWS = 10
MEANING_MAX = 240
ALSO = 3
_HEADINGS = ("", "reply", "count", "share", "ISP", "decided by")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rule a button or a window is about. `seen`: what of it was shown, "" on a button."""

    cluster: str
    hours: int
    seen: str = ""

    @property
    def value(self) -> str:
        return f"{self.cluster}:{self.hours}:{self.seen}"


def read_wanted(value: str) -> Wanted | None:
    """None where the value is not one of ours."""
    cluster, hours, seen = (*value.split(":", 2), "", "")[:3]
    named = len(cluster) == 8 and all(sign in "0123456789abcdef" for sign in cluster)
    if not named or not hours.isascii() or not hours.isdigit() or not 0 < int(hours[:6]) <= 9_600 or len(seen) > 16:
        return None
    return Wanted(cluster, int(hours), seen)


def seen_of(proposal: Proposal) -> str:
    """What stands for the rule as it was shown."""
    return sha256(f"{proposal.provider} {proposal.pattern}".encode()).hexdigest()[:16]


def unknown_message(unknown: Unknown, proposals: Sequence[Proposal], asked: Asked) -> Message:
    """`proposals`: those of the first clusters, at least up to the end of the page."""
    page = page_of(unknown.clusters, asked.page, ROWS)
    blocks: list[sb.Block] = [section(_head(unknown))]
    shown = proposals[page.first - 1 : page.last]
    if page.rows:
        rows = [_row(place, cluster, unknown) for place, cluster in enumerate(page.rows, page.first)]
        blocks.append(table([_HEADINGS, *rows], ("right", "left", "right", "right", "left", "left")))
    if buttons := [*_buttons(shown, page, unknown), *turn(asked, page)]:
        blocks.append(sb.ActionsBlock(elements=buttons))
    blocks.append(context(" · ".join(_foot(unknown, shown, page))))
    return message(_sentence(unknown), blocks, key=f"unknown-{page.number}-{int(unknown.at.timestamp())}")


def rule_view(proposal: Proposal, wanted: Wanted) -> Json:
    """The proposed rule, and what only a person can say of it."""
    first = proposal.cluster.members[0]
    holds = f"for {texts.words(proposal.provider)}" if proposal.provider != "generic" else "for every provider"
    blocks: list[sb.Block] = [
        section(f"*{texts.counted(proposal.cluster.count, 'reply', 'replies')}*, decided by {first.why.value} so far."),
        *(quote(sample) for sample in proposal.samples),
        section(f"The rule {holds} looks for {texts.code(proposal.pattern, 600)}"),
        *([section(_also(proposal.also))] if proposal.also else []),
        _category(first.guess),
        _meaning(),
        context("It goes into the file of your own rules and holds at once. No host is touched."),
    ]
    value = Wanted(wanted.cluster, wanted.hours, seen_of(proposal)).value
    return modal("Propose a rule", blocks, callback=ADOPT, submit="Adopt rule", close="Cancel", metadata=value)


def adopted_message(rule: str, count: int, category: Category, file: str) -> Message:
    said = f"{texts.code(rule)} is in {texts.code(file, 200)} and decides these replies from now on: {category.words}."
    whole = f"{said} {texts.counted(count, 'reply', 'replies')} of the time you looked at read so now, too."
    return message(whole.replace("`", ""), [section(whole)], key="adopted")


def changed_since() -> str:
    return "The replies have changed since this window was opened, so nothing was written. Please propose it again."


def no_category() -> str:
    return "Say what these replies mean."


def _also(others: Sequence[Cluster]) -> str:
    kinds = texts.counted(len(others), "other kind", "other kinds")
    shown = [f"• {texts.code(texts.sample(other.members[0].text), 160)}" for other in others[:ALSO]]
    more = [f"…and {len(others) - ALSO} more"] if len(others) > ALSO else []
    return "\n".join([f"It takes {kinds} of reply that is not understood, too:", *shown, *more])


def _row(place: int, cluster: Cluster, unknown: Unknown) -> list[str]:
    first = cluster.members[0]
    isps = list(cluster.isps)
    more = f" +{len(isps) - 1}" if len(isps) > 1 else ""
    share = texts.percent(cluster.count / unknown.replies)
    return [str(place), first.text, texts.count(cluster.count), share, texts.clip(isps[0], 30) + more, first.why.value]


def _buttons(shown: Sequence[Proposal], page: Page[Cluster], unknown: Unknown) -> list[sb.Element]:
    hours = max(1, unknown.window.length // HOUR)
    return [
        sb.Button(
            text=f"Propose rule {place}…",
            action_id=f"propose_{place}",
            value=Wanted(proposal.cluster.id, hours).value,
        )
        for place, proposal in enumerate(shown, page.first)
        if proposal.pattern
    ]


def _head(unknown: Unknown) -> str:
    span = texts.window_words(unknown.window.length)
    of = f" · {texts.words(unknown.isp)}" if unknown.isp else ""
    if not unknown.clusters:
        return f"*Not understood{of} · {span}* · nothing"
    share = texts.percent(unknown.count / unknown.replies)
    return f"*Not understood{of} · {span} · {share}* · {texts.count(unknown.count)} of {_replies(unknown)}"


def _replies(unknown: Unknown) -> str:
    return texts.counted(unknown.replies, "reply", "replies")


def _foot(unknown: Unknown, shown: Sequence[Proposal], page: Page[Cluster]) -> list[str]:
    parts = [page.words] if page.words else []
    if lost := sum(not proposal.pattern for proposal in shown):
        parts.append(f"{lost} without words of their own: no rule can be proposed")
    if unknown.not_kept:
        parts.append(f"{texts.counted(unknown.not_kept, 'reply', 'replies')} were not kept apart")
    return [*parts, f"at {texts.at_time(unknown.at, unknown.at)}"]


def _sentence(unknown: Unknown) -> str:
    span = texts.window_words(unknown.window.length)
    if not unknown.clusters:
        return f"Every reply of the last {span} is understood."
    kinds = texts.counted(len(unknown.clusters), "kind of reply", "kinds of reply")
    return f"{kinds} of the last {span} not understood: {texts.count(unknown.count)} of {_replies(unknown)}."


def _category(guess: Category) -> sb.InputBlock:
    options = [
        sb.Option(text=sb.Text(category.words, type_=sb.TextType.PLAINTEXT), value=category.value)
        for category in Category
        if category is not Category.OTHER
    ]
    menu = sb.StaticSelectMenu(action_id=CATEGORY, options=options, placeholder="To be chosen")
    hint = f"By code and status alone it is: {guess.words}."
    return sb.InputBlock(label="What these replies mean", element=menu, block_id=CATEGORY, hint=hint)


def _meaning() -> sb.InputBlock:
    field = sb.PlainTextInput(
        action_id=MEANING, placeholder="The receiver parks mail of new IPs for an hour.", max_length=MEANING_MAX
    )
    return sb.InputBlock(label="In a sentence", element=field, block_id=MEANING, optional=True)
