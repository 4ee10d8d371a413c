"""`/deferrals`: read the words, answer from the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.messages.campaigns import campaigns_message
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.help import help_message
from bot.slack.messages.history import history_message
from bot.slack.messages.hosts import hosts_message
from bot.slack.messages.message import Message
from bot.slack.messages.overview import overview_message
from bot.slack.messages.refusals import unknown_isp
from bot.slack.words import LONG_FROM, Topic, asked_for, nearest_topic

COMMAND = "/deferrals"


def register_commands(app: App, desk: Desk) -> None:
    def deferrals(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        text = str(body.get("text") or "")
        desk.start(desk.caller(body, respond), lambda caller: answer(desk, caller, text))

    app.command(COMMAND)(deferrals)


def answer(desk: Desk, caller: Caller, text: str) -> None:
    caller.answer(answer_to(desk, text))


def answer_to(desk: Desk, text: str) -> Message:
    """The answer to what was typed; a word nobody knows is met with the nearest one."""
    asked, diagnose = asked_for(text), desk.services.diagnose
    if asked.topic is Topic.HELP:
        return help_message(desk.operators)
    if asked.topic is Topic.ALL:
        return overview_message(diagnose.overview())
    if asked.topic is Topic.HOSTS:
        return hosts_message(diagnose.host_reports(), at=desk.services.clock.now(), asked=asked.subject)
    if asked.topic is Topic.CAMPAIGNS and not asked.subject:
        return campaigns_message(diagnose.campaigns())
    isp = _isp(desk, asked.subject)
    if isp is None:
        return unknown_isp(asked.subject, _nearest(desk, asked.subject))
    if asked.topic is Topic.CAMPAIGNS:
        return campaigns_message(diagnose.campaigns(isp))
    return _about(desk, isp, asked.length)


def _isp(desk: Desk, word: str) -> str | None:
    """The key of the ISP called `word`, or so in its first word."""
    services = desk.services
    # The catalog first: what a day has seen is a sum over every minute of it.
    found = services.isps.resolve(word)
    if found is not None:
        return found
    known = services.diagnose.known_isps()
    return services.isps.resolve(word, known) or services.isps.resolve(word.partition(" ")[0], known)


def _nearest(desk: Desk, word: str) -> str | None:
    return nearest_topic(word) or desk.services.isps.nearest(word, desk.services.diagnose.known_isps())


def _about(desk: Desk, isp: str, length: timedelta | None) -> Message:
    """The diagnosis; over a longer time the history."""
    services = desk.services
    if length is not None and length >= LONG_FROM:
        return history_message(services.diagnose.history(isp, length))
    incident = next((found for found in services.incidents.unresolved() if found.isp == isp), None)
    return diagnosis_message(services.diagnose.isp(isp, length), incident)
