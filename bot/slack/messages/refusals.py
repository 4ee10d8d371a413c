"""Private refusals and troubles: one sentence why, one what next."""

from __future__ import annotations

from datetime import datetime

import slackblocks as sb

from bot.core.change import Change, ChangeState, Refusal
from bot.slack.messages import buttons, texts
from bot.slack.messages.message import Message, message, section
from bot.slack.words import Asked


def refusal_message(refusal: Refusal) -> Message:
    """A guard's sentence; it may hold mrkdwn of ours."""
    return said(refusal.sentence, key="refusal")


def said(sentence: str, *, key: str = "said") -> Message:
    return message(sentence, [section(sentence)], key=key)


def not_an_operator(operators: str) -> str:
    return f"Only {operators} can apply changes, so nothing was done. You can still diagnose."


def roles_unknown(sentence: str) -> str:
    return f"I could not check who you are, so nothing was done. {texts.closed(sentence)}"


def unknown_button() -> str:
    return "This button is from another version of the bot, so nothing was done. Ask again with `/deferrals`."


def gone(incident: int) -> str:
    return f"There is no INC-{incident} any more, so nothing was done. Ask again with `/deferrals`."


def gone_change(change: int) -> str:
    return f"There is no CHG-{change} any more, so nothing was done."


def facts_changed() -> str:
    return "The facts have changed: the alert no longer offers this. Here is what it would do now."


def slack_too_slow() -> str:
    return (
        "Slack's three seconds for opening a window were over before I could, so nothing was done. Please click again."
    )


def no_preview() -> str:
    return "The preview failed on my side, so nothing was done. The reason is in a private message to you."


def trouble(sentence: str) -> str:
    """An error of ours, which is a sentence already."""
    return f"That did not work: {texts.closed(texts.escape(texts.clip(texts.one_line(sentence), 600)))}"


def undo_refused(change: int, found: Change | None, *, now: datetime) -> str:
    """Why `change` cannot be taken back, "" where it can; the guard decides again when it is confirmed."""
    if found is None:
        return gone_change(change)
    if found.state in (ChangeState.UNDONE, ChangeState.EXPIRED):
        who = f" by {texts.person(found.ended_by)}" if found.ended_by else ", its time was up"
        at = f" at {texts.at_time(found.ended_at, now)}" if found.ended_at else ""
        return f"CHG-{change} was taken back{at} already{who}; nothing more was done."
    if found.state is ChangeState.UNDOING:
        return f"CHG-{change} is being taken back right now; nothing more was done."
    if found.state not in (ChangeState.APPLIED, ChangeState.FAILED):
        return f"CHG-{change} is {found.state.value}, so there is nothing to take back yet."
    return ""


def broken(error_id: str) -> str:
    return (
        f"Something went wrong on my side (error `{error_id}`, it is in the log). "
        "Look at the incident's thread before you try again."
    )


def unknown_isp(word: str, nearest: str) -> Message:
    """ "No ISP called `gmal`. Did you mean *gmail ips*?" with a button that asks the right thing."""
    asked = texts.code(word, 40)
    hint = (
        f"Did you mean *{texts.words(nearest)}*?" if nearest else "The list shows every ISP with mail in the last hour."
    )
    sentence = f"No ISP called {asked}. {hint}"
    shown: list[sb.Element] = [buttons.isp_button(nearest, 0, nearest)] if nearest else []
    shown.append(buttons.overview_button("List"))
    return message(
        sentence.replace("`", "").replace("*", ""), [section(sentence), sb.ActionsBlock(shown)], key="unknown"
    )


def which_isp(asked: Asked) -> Message:
    """For `/deferrals ips`: that of which ISP."""
    sentence = f"The {asked.topic} of which ISP? Type its name too, as in `/deferrals gmail {asked.topic}`."
    shown = [section(sentence), sb.ActionsBlock([buttons.overview_button("List")])]
    return message(sentence.replace("`", ""), shown, key="which")
