"""Private refusals and troubles: one sentence why, one what next."""

from __future__ import annotations

import slackblocks as sb

from bot.core.change import Refusal
from bot.slack.messages import buttons, texts
from bot.slack.messages.message import Message, message, section


def refusal_message(refusal: Refusal) -> Message:
    """A guard's sentence; it may hold mrkdwn of ours."""
    return said(refusal.sentence, key="refusal")


def said(sentence: str, *, key: str = "said") -> Message:
    return message(sentence, [section(texts.clip(sentence, 2900))], key=key)


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
    return "The facts have changed since this button was drawn. This is the fresh preview."


def slack_too_slow() -> str:
    return (
        "Slack's three seconds for opening a window were over before I could, so nothing was done. Please click again."
    )


def broken(error_id: str) -> str:
    return (
        f"Something went wrong on my side (error `{error_id}`, it is in the log). "
        "Look at the incident's thread before you try again."
    )


def unknown_isp(word: str, nearest: str | None) -> Message:
    """ "No ISP called `gmal`. Did you mean *gmail*?" with a button that asks the right one."""
    asked = texts.code(word, 40)
    hint = (
        f"Did you mean *{texts.words(nearest)}*?" if nearest else "The list shows every ISP with mail in the last hour."
    )
    sentence = f"No ISP called {asked}. {hint}"
    shown: list[sb.Element] = [buttons.isp_button(nearest, 0)] if nearest else []
    shown.append(buttons.overview_button("List"))
    return message(
        sentence.replace("`", "").replace("*", ""), [section(sentence), sb.ActionsBlock(shown)], key="unknown"
    )
