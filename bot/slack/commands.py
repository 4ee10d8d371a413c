"""`/deferrals`: read the words, answer from the store."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.slack.answers import answer_to
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.words import asked_for

COMMAND = "/deferrals"


def register_commands(app: App, desk: Desk) -> None:
    def deferrals(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        text = str(body.get("text") or "")
        desk.start(desk.caller(body, respond), lambda caller: answer(desk, caller, text))

    app.command(COMMAND)(deferrals)


def answer(desk: Desk, caller: Caller, text: str) -> None:
    """The answer to what was typed."""
    caller.answer(answer_to(desk, asked_for(text)))
