"""`/deferrals`: read the words, answer from the store."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.slack.caller import Caller
from bot.slack.desk import Desk
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.help import help_message
from bot.slack.messages.overview import overview_message
from bot.slack.messages.refusals import unknown_isp

COMMAND = "/deferrals"
_ALL = frozenset({"", "all", "list", "status", "overview"})
_HELP = frozenset({"help", "?", "-h", "--help"})
_WINDOW = re.compile(r"\d+\s?[smhd]")
WORD_LIMIT = 80


def register_commands(app: App, desk: Desk) -> None:
    def deferrals(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        text = str(body.get("text") or "")
        desk.start(desk.caller(body, respond), lambda caller: answer(desk, caller, text))

    app.command(COMMAND)(deferrals)


def asked_for(text: str) -> str:
    """The ISP or word asked for, in lower case, without a window behind it ("gmail 60m" → "gmail").

    Slack sends a command's text with &, < and > escaped.
    """
    typed = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    words = typed.strip().lower().split()
    while len(words) > 1 and _WINDOW.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)[:WORD_LIMIT]


def answer(desk: Desk, caller: Caller, text: str) -> None:
    word = asked_for(text)
    if word in _HELP:
        caller.answer(help_message(desk.operators))
    elif word in _ALL:
        caller.answer(overview_message(desk.services.diagnose.overview()))
    else:
        answer_isp(desk, caller, word)


def answer_isp(desk: Desk, caller: Caller, word: str) -> None:
    """The diagnosis of the ISP called `word`, or the nearest name there is."""
    services = desk.services
    # The catalog first: what a day has seen is a sum over every minute of it.
    isp = services.isps.resolve(word)
    if isp is None:
        known = services.diagnose.known_isps()
        first = word.partition(" ")[0]
        isp = services.isps.resolve(word, known) or services.isps.resolve(first, known)
    if isp is None:
        caller.answer(unknown_isp(word, services.isps.nearest(word, known)))
        return
    incident = next((found for found in services.incidents.unresolved() if found.isp == isp), None)
    caller.answer(diagnosis_message(services.diagnose.isp(isp), incident))
