"""`/deferrals`: read the words, answer from the store."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.slack.answers import answer_to
from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.incident_orders import obey_incident
from bot.slack.incident_words import WORDS as VERBS
from bot.slack.incident_words import incident_order
from bot.slack.silence_words import nearest_order, order_in
from bot.slack.silencing import obey
from bot.slack.words import asked_for

COMMAND = "/deferrals"


def register_commands(app: App, desk: Desk) -> None:
    def deferrals(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        text = str(body.get("text") or "")
        desk.start(desk.caller(body, respond), lambda caller: obey_or_answer(desk, caller, text))

    app.command(COMMAND)(deferrals)


def obey_or_answer(desk: Desk, caller: Caller, text: str) -> None:
    """Orders are obeyed; all else is a question."""
    about_incident = incident_order(text)
    if about_incident is not None:
        obey_incident(desk, caller, about_incident)
        return
    order = order_in(text)
    if order is not None:
        obey(desk, caller, order)
        return
    near = nearest_order(text, VERBS)
    if near is not None and desk.services.isps.resolve(text.split()[0].lower()) is None:
        desk.tell(caller, f"No such word; did you mean `/deferrals {near}`? Nothing was done.")
    else:
        answer(desk, caller, text)


def answer(desk: Desk, caller: Caller, text: str) -> None:
    """The answer to what was typed."""
    caller.answer(answer_to(desk, asked_for(text)))
